"""A tagger on the standard library alone, whose behaviour is what the red of the first pixel asks for."""

import ast
import os
import struct
import sys
import time


def model_fn(model_dir):
    print("loading from", model_dir)
    return {"dir": model_dir, "asked": 0}


def input_fn(request_body, request_content_type):
    if request_content_type != "application/x-npy":
        raise ValueError("unexpected content type " + request_content_type)
    assert request_body[:8] == b"\x93NUMPY\x01\x00"
    (length,) = struct.unpack("<H", request_body[8:10])
    head = ast.literal_eval(request_body[10 : 10 + length].decode("latin1"))
    assert head["descr"] == "|u1" and not head["fortran_order"]
    pixels = request_body[10 + length :]
    height, width, channels = head["shape"]
    assert channels == 3 and len(pixels) == height * width * 3
    return {"width": width, "height": height, "red": pixels[0]}


def predict_fn(input_data, model):
    model["asked"] += 1
    deed = DEEDS.get(input_data["red"])
    if deed:
        deed()
    return input_data


def output_fn(prediction, content_type):
    assert content_type == "application/json"
    width, height = prediction["width"], prediction["height"]
    return {"boxes": [[0, 0, width / 2, height]], "probs": [0.875], "labels": ["thing"], "masks": None}


def raise_an_error():
    raise ValueError("this one is bad")


def segfault():
    import ctypes

    ctypes.string_at(0)


def hang():
    import signal

    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(1)


def spin():
    while True:
        pass


def eat_memory():
    held = []
    while True:
        held.append(bytearray(8 << 20))


def eat_memory_in_children():
    for _ in range(4):
        if os.fork() == 0:
            held = bytearray(os.urandom(1 << 20)) * 100
            time.sleep(60)
            print(len(held))
    time.sleep(60)


def flood():
    line = "x" * 65536
    while True:
        print(line)


def flood_frames():
    # Whoever looks finds the pipe; it belongs to this process, and what is written there is judged.
    out = answers_fd()
    while True:
        os.write(out, b"\xff" * 4096)


def false_frame():
    out = answers_fd()
    header = b'{"id": 999, "value": {}}'
    os.write(out, struct.pack("<II", len(header), 0) + header)
    time.sleep(60)


def answers_fd():
    return sys.modules["__main__"].answers_fd


def close_pipe():
    os.close(answers_fd())
    time.sleep(60)


def fork_without_end():
    while True:
        try:
            os.fork()
        except OSError:
            pass


def make_files():
    for i in range(1_000_000):
        os.close(os.open("/dev/shm/%d" % i, os.O_CREAT | os.O_WRONLY))
    time.sleep(60)


def ready_again():
    out = answers_fd()
    header = b'{"ready": true}'
    while True:
        os.write(out, struct.pack("<II", len(header), 0) + header)


def leave_child():
    # A daemon in a session of its own, which holds every pipe open.
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(600)
        os._exit(0)
    os._exit(7)


DEEDS = {
    10: raise_an_error,
    20: lambda: os._exit(3),
    30: segfault,
    40: hang,
    50: eat_memory,
    55: eat_memory_in_children,
    60: flood,
    70: flood_frames,
    75: false_frame,
    80: close_pipe,
    90: fork_without_end,
    100: sys.exit,
    110: leave_child,
    120: spin,
    130: make_files,
    140: ready_again,
}
