"""Runs one package's code/inference.py for the inference service; standard library only.

Started as `python -I -S runner.py <settings as JSON>`. It loads the module, calls `model_fn` once, says ready, and then
answers one frame a picture: input_fn -> predict_fn -> output_fn, the contract of Amazon SageMaker.

A frame is two little-endian u32, the lengths of its header and of its body, then a JSON header, then raw bytes. Arrays
travel in the body, and the header refers to them as {"$": [dtype, shape, offset]}; nothing is ever pickled. The pipes of
the service are moved away from 0 and 1 first, so that no `print` can end up between two frames.

Nothing here is believed by the service: what this process says comes from a stranger's program.
"""

import os
import sys

# First of all: whatever prints from here on, prints to standard error.
requests_fd = os.dup(0)
answers_fd = os.dup(1)
_null = os.open(os.devnull, os.O_RDONLY)
os.dup2(_null, 0)
os.close(_null)
os.dup2(2, 1)

import faulthandler
import importlib.util
import json
import queue
import select
import struct
import threading
import time
import traceback
from array import array

# The accept header of every request: what output_fn may give back beside the objects themselves.
ACCEPT = "application/json"
FUNCTIONS = ("model_fn", "input_fn", "predict_fn", "output_fn")
MAX_DEPTH = 32
NICENESS = 10
MAX_FRAMES = 6
MAX_TEXT = 1500


class AnswerError(Exception):
    """What output_fn returned cannot be sent; the message says why."""


class Encoder:
    """Turns what output_fn returned into a JSON tree and a body of raw arrays."""

    def __init__(self, limit):
        self.limit = limit
        self.parts = []
        self.size = 0

    def body(self):
        return b"".join(self.parts)

    def reference(self, dtype, shape, raw):
        self.room(len(raw))
        offset = self.size
        # Every array begins at a multiple of 8, so that the other side can look at it in place.
        pad = -len(raw) % 8
        self.parts.append(raw + b"\0" * pad if pad else raw)
        self.size += len(raw) + pad
        return {"$": [dtype, list(shape), offset]}

    def room(self, more):
        if self.size + more > self.limit:
            raise AnswerError(
                "the answer is larger than %d MiB; give masks as polygons or RLE, and leave out what scores low"
                % (self.limit // 2**20)
            )

    def tree(self, value, depth=0):
        if depth > MAX_DEPTH:
            raise AnswerError("the answer is nested more than %d deep" % MAX_DEPTH)
        if value is None or isinstance(value, (bool, str)):
            return value
        if isinstance(value, (int, float)):
            return self.number(value)
        if isinstance(value, dict):
            return {str(key): self.tree(entry, depth + 1) for key, entry in value.items()}
        if isinstance(value, (list, tuple)):
            return self.sequence(value, depth)
        return self.foreign(value, depth)

    def number(self, value):
        # JSON has no NaN, and no integer that a double cannot hold.
        try:
            if value - value == 0 and -(2**53) <= value <= 2**53:
                return int(value) if isinstance(value, int) else float(value)
            return self.reference("f8", (), struct.pack("<d", value))
        except OverflowError:
            raise AnswerError("the answer holds an integer too large for a double") from None

    def sequence(self, values, depth):
        if not values:
            return []
        try:
            if type(values[0]) in (list, tuple):
                width = len(values[0])
                if width and all(type(row) in (list, tuple) and len(row) == width for row in values):
                    flat = array("d")
                    for row in values:
                        flat.extend(array("d", row))
                    return self.reference("f8", (len(values), width), little_endian(flat))
            elif isinstance(values[0], (int, float)):
                return self.reference("f8", (len(values),), little_endian(array("d", values)))
        except (TypeError, OverflowError):
            # Not numbers throughout: entry by entry, then.
            pass
        return [self.tree(entry, depth + 1) for entry in values]

    def foreign(self, value, depth):
        """numpy, torch, and what looks like them."""
        if callable(getattr(value, "detach", None)) and callable(getattr(value, "cpu", None)):
            value = value.detach().cpu()
            if "bfloat16" in str(getattr(value, "dtype", "")):
                value = value.float()
        numpy = sys.modules.get("numpy")
        if numpy is not None:
            if not isinstance(value, (numpy.ndarray, numpy.generic)) and callable(getattr(value, "__array__", None)):
                value = numpy.asarray(value)
            if isinstance(value, numpy.generic):
                return self.tree(value.item(), depth + 1)
            if isinstance(value, numpy.ndarray):
                return self.ndarray(numpy, value, depth)
        if callable(getattr(value, "tolist", None)):
            return self.tree(value.tolist(), depth + 1)
        raise AnswerError(
            "the answer holds a %s; give numbers, strings, lists, dicts, numpy arrays or tensors" % type(value).__name__
        )

    def ndarray(self, numpy, value, depth):
        kind, size = value.dtype.kind, value.dtype.itemsize
        if kind in "OUS":
            return self.tree(value.tolist(), depth + 1)
        if kind == "b":
            dtype = "u1"
        elif kind in "iu":
            dtype = "%s%d" % (kind, size) if size <= 4 else "f8"
        elif kind == "f":
            dtype = "f8" if size >= 8 else "f4"
        else:
            raise AnswerError("the answer holds an array of %s" % value.dtype)
        # Before it is copied: what is too large is refused without needing twice its memory.
        self.room(value.size * int(dtype[1]))
        wanted = numpy.ascontiguousarray(value, dtype=numpy.dtype("<" + dtype))
        return self.reference(dtype, value.shape, wanted.tobytes())


def little_endian(values):
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()


def as_object(returned):
    """(body, content_type), JSON as a string or bytes, or the object itself."""
    if isinstance(returned, tuple) and len(returned) == 2 and isinstance(returned[1], str):
        returned, content_type = returned
        if content_type.split(";")[0].strip().lower() not in ("application/json", ""):
            raise AnswerError("output_fn answered %s; it is asked for %s" % (content_type[:100], ACCEPT))
    if isinstance(returned, (bytes, bytearray, memoryview)):
        returned = bytes(returned)
    if isinstance(returned, (bytes, str)):
        try:
            return json.loads(returned)
        except (ValueError, RecursionError) as error:
            raise AnswerError("output_fn returned text that is no JSON: %s" % str(error)[:200]) from None
    return returned


class Channel:
    def __init__(self, max_answer, max_header):
        self.source = os.fdopen(requests_fd, "rb", buffering=1 << 16)
        self.lock = threading.Lock()
        self.max_answer = max_answer
        self.max_header = max_header

    def receive(self):
        head = self.source.read(8)
        if len(head) < 8:
            return None
        header_length, body_length = struct.unpack("<II", head)
        return json.loads(self.source.read(header_length)), self.source.read(body_length)

    def send(self, header, body=b""):
        text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
        if len(text) + len(body) > self.max_answer:
            raise AnswerError("the answer is larger than %d MiB" % (self.max_answer // 2**20))
        if len(text) > self.max_header:
            raise AnswerError(
                "the answer holds more than %d MiB of JSON; give lists of numbers as arrays, and leave out what scores low"
                % (self.max_header // 2**20)
            )
        rest = memoryview(struct.pack("<II", len(text), len(body)) + text + body)
        with self.lock:
            try:
                while rest:
                    rest = rest[os.write(answers_fd, rest) :]
            except OSError:
                # Nobody reads any more: the service is gone, or has given this process up.
                os._exit(0)


class Failures:
    """Tracebacks as their author wants to read them: of the package's files, the last calls, named from its root."""

    def __init__(self, root, site):
        self.roots = [os.path.join(folder, "") for folder in (root, site) if folder]

    def tell(self, error):
        frames = traceback.extract_tb(error.__traceback__)
        # From where the package's own code begins: before it are we, and Python's import.
        own = [i for i, frame in enumerate(frames) if frame.filename.startswith(tuple(self.roots))]
        frames = frames[own[0] :] if own else []
        lines = []
        for frame in frames[-MAX_FRAMES:]:
            lines.append("%s:%s in %s" % (self.name(frame.filename), frame.lineno, frame.name))
            if frame.line:
                lines.append("    " + frame.line.strip()[:200])
        try:
            last = "".join(traceback.format_exception_only(type(error), error)).strip()
        except Exception:
            last = type(error).__name__
        for root in self.roots:
            last = last.replace(root, "")
        return {"type": type(error).__name__, "text": "\n".join(lines + [last[-MAX_TEXT:]])[-2 * MAX_TEXT :]}

    def name(self, path):
        for root in self.roots:
            if path.startswith(root):
                return path[len(root) :]
        return os.path.join(os.path.basename(os.path.dirname(path)), os.path.basename(path))


def set_limits(limits):
    try:
        import resource
    except ImportError:
        return
    for name, value in limits.items():
        which = getattr(resource, name, None)
        if which is None:
            continue
        hard = resource.getrlimit(which)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(which, (value, value))
        except (ValueError, OSError) as error:
            print("%s could not be set: %s" % (name, error), file=sys.stderr)


def end_with(parent):
    """Outside a sandbox nobody else ends this process when the service is gone and user code never returns."""
    try:
        import ctypes

        # PR_SET_PDEATHSIG, SIGKILL: Linux does it itself, also while a call holds Python's lock and no thread gets to look.
        ctypes.CDLL(None).prctl(1, 9)
    except (ImportError, AttributeError, OSError):
        pass

    def watch():
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def end_if_alone():
    """A service that was killed while this process was being started has left nobody who would end it."""
    waiting = select.poll()
    waiting.register(requests_fd, select.POLLHUP | getattr(select, "POLLRDHUP", 0))
    if any(events & (select.POLLHUP | getattr(select, "POLLRDHUP", 0)) for _, events in waiting.poll(0)):
        os._exit(1)


def load_module(settings):
    import site

    root, folder = settings["modelDir"], settings["site"]
    if folder:
        site.addsitedir(folder)
    site.setquit()
    code = os.path.join(root, "code")
    sys.path.insert(0, code)
    # sys.argv is ours; a script that parses it must not see it.
    sys.argv[:] = [os.path.join(code, "inference.py")]
    spec = importlib.util.spec_from_file_location("inference", sys.argv[0])
    module = importlib.util.module_from_spec(spec)
    sys.modules["inference"] = module
    spec.loader.exec_module(module)
    missing = [name for name in FUNCTIONS if not callable(getattr(module, name, None))]
    if missing:
        raise AnswerError("code/inference.py defines no %s" % ", ".join(missing))
    return module


def answer(module, model, channel, failures, header, body):
    try:
        data = module.input_fn(body, header["contentType"])
        returned = as_object(module.output_fn(module.predict_fn(data, model), ACCEPT))
        encoder = Encoder(channel.max_answer - 65536)
        channel.send({"id": header["id"], "value": encoder.tree(returned)}, encoder.body())
    except AnswerError as error:
        channel.send({"id": header["id"], "refused": str(error)[:MAX_TEXT]})
    except BaseException as error:
        channel.send({"id": header["id"], "raised": failures.tell(error)})


def serve(settings, module, model, channel, failures):
    if settings["concurrency"] == 1:
        # On the main thread, where libraries that care about it expect to be.
        for header, body in iter(channel.receive, None):
            answer(module, model, channel, failures, header, body)
        return
    waiting = queue.Queue()

    def work():
        while True:
            answer(module, model, channel, failures, *waiting.get())

    for _ in range(settings["concurrency"]):
        threading.Thread(target=work, daemon=True).start()
    for request in iter(channel.receive, None):
        waiting.put(request)


def main():
    settings = json.loads(sys.argv[1])
    set_limits(settings["limits"])
    # Whatever it does with the processor, the service that watches it comes first.
    os.nice(NICENESS)
    # A segmentation fault says where it was, on standard error.
    faulthandler.enable(all_threads=False)
    if settings["endWithParent"]:
        end_with(os.getppid())
    end_if_alone()
    channel = Channel(settings["maxAnswerBytes"], settings["maxHeaderBytes"])
    failures = Failures(settings["modelDir"], settings["site"])
    where = "code/inference.py"
    try:
        module = load_module(settings)
        where = "model_fn"
        model = module.model_fn(settings["modelDir"])
    except BaseException as error:
        told = {"type": "", "text": str(error)} if isinstance(error, AnswerError) else failures.tell(error)
        channel.send({"failed": {"where": where, **told}})
        os._exit(3)
    channel.send({"ready": True})
    serve(settings, module, model, channel, failures)
    # Without waiting for threads that user code may have left running.
    sys.stderr.flush()
    os._exit(0)


main()
