"""Trains the shipped models on pictures it draws, and exports them as ONNX with the list that describes them.

    python train_shapes.py --out ../../libs/metalake/shipped            # about 25 minutes on two idle cores

The same seed gives the same pictures and the same order; sums of floats differ from processor to processor, so weights
trained elsewhere are equally good, not equal.
"""

import argparse
import hashlib
import json
import random
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from draw_shapes import COLOURS, EMBEDDER_SEEDS, LABELS, TRAINING_SEEDS, WIDE_SEEDS, Theme, draw_picture, letterboxed
from shapes_fit import as_input, drawn, export, fit, turned
from shapes_loss import detection_loss
from shapes_models import DIMENSION, EMBEDDER_SIDE, Detector, Embedder, Exported, decoded, folded

STEPS = ("detector", "widen", "embedder")
SIDE = 320
MOST_SHAPES = 8
# The shipped embedder is the average as it was after these of its 30 passes, when it was good enough.
EMBEDDER_STOPS = 21
FORMATS = ((320, 320), (320, 240), (240, 320), (320, 180), (214, 320))


def crowded_sample(index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return as_sample(*draw_picture(TRAINING_SEEDS + index, *FORMATS[index % len(FORMATS)], is_crowded=True))


def wide_sample(index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Smaller and larger shapes: at 640 pixels, one of 0.6 of the picture is as large as one of 0.9 at 416."""
    return as_sample(*draw_picture(WIDE_SEEDS + index, *FORMATS[index % len(FORMATS)], sizes=(0.05, 0.88)))


def as_sample(picture, shapes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pixels [320, 320, 3], boxes [8, 4] in pixels, labels [8], -1 where there is none."""
    square, scale, left, top = letterboxed(picture, SIDE)
    boxes, labels = np.zeros((MOST_SHAPES, 4), np.float32), np.full(MOST_SHAPES, -1, np.int64)
    for place, shape in enumerate(shapes):
        boxes[place] = np.array(shape.box) * scale + (left, top, left, top)
        labels[place] = LABELS.index(shape.label)
    return np.asarray(square), boxes, labels


def embedder_theme(index: int) -> Theme:
    names = list(COLOURS)
    return Theme(LABELS[index % len(LABELS)], names[(index // len(LABELS)) % len(names)])


def embedder_sample(index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pixels [128, 128, 3], which label and which colour it is about [2], which labels are in it [6]."""
    theme = embedder_theme(index)
    picture, shapes = draw_picture(
        EMBEDDER_SEEDS + index, *((320, 240), (240, 320), (256, 256))[index % 7 % 3], theme=theme, is_crowded=True
    )
    square = letterboxed(picture, EMBEDDER_SIDE)[0]
    about = np.array([LABELS.index(theme.label), list(COLOURS).index(theme.colour)])
    # Where the theme's colour stood out nowhere, nothing of it was drawn, and there is nothing to learn.
    if not shapes or shapes[0].label != theme.label:
        about[:] = -100
    return np.asarray(square), about, np.array([any(s.label == label for s in shapes) for label in LABELS], np.float32)


def train_detector(count: int, rounds: int, processes: int, path: Path) -> None:
    model = Detector(len(LABELS))
    fit_detector(model, drawn(crowded_sample, count, processes), rounds, 3e-3, False, path)


def widen_detector(count: int, rounds: int, processes: int, path: Path) -> None:
    """Goes on with the exported weights, without batch norms and at a smaller rate, over shapes of all sizes."""
    fit_detector(folded(Detector(len(LABELS)), path), drawn(wide_sample, count, processes), rounds, 5e-4, True, path)


def fit_detector(
    model: nn.Module, samples: list[Tensor], rounds: int, rate: float, is_lifted: bool, path: Path
) -> None:
    pixels, boxes, labels = samples
    model.to(memory_format=torch.channels_last)

    def loss_of(chosen: Tensor) -> Tensor:
        images, truth = turned(as_input(pixels[chosen]), boxes[chosen])
        # Colours are no help in telling shapes: the channels come in any order.
        if random.random() < 0.5:
            images = images[:, torch.randperm(3)].contiguous(memory_format=torch.channels_last)
        # Several sizes, so that 320 and 640 pixels both hold what it knows.
        side = random.choice((224, 288, 320, 320, 416))
        if side != SIDE:
            images = F.interpolate(images, size=(side, side), mode="bilinear", antialias=side < SIDE)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            levels = model(images)
        found, logits, centres, _ = decoded(levels)
        return detection_loss(found, logits, centres, truth * (side / SIDE), labels[chosen], is_lifted)

    axes = {"images": {0: "batch", 2: "height", 3: "width"}, "output0": {0: "batch", 2: "candidates"}}
    keep = lambda averaged: export(Exported(averaged), SIDE, path, "images", "output0", 4 + len(LABELS), axes)
    fit(model, list(model.parameters()), rounds, len(pixels), 16, rate, loss_of, keep)


def train_embedder(count: int, rounds: int, processes: int, path: Path) -> None:
    pixels, about, present = drawn(embedder_sample, count, processes)
    model = Embedder().to(memory_format=torch.channels_last)
    # All look at the same vector: directions for the label, the colour, and both together. They are thrown away.
    label, colour, both = (
        nn.Linear(DIMENSION, n, bias=False) for n in (len(LABELS), len(COLOURS), len(LABELS) * len(COLOURS))
    )
    contents = nn.Linear(DIMENSION, len(LABELS))
    parameters = [p for part in (model, label, colour, both, contents) for p in part.parameters()]

    def loss_of(chosen: Tensor) -> Tensor:
        images, _ = turned(as_input(pixels[chosen]), torch.zeros(len(chosen), 0, 4))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            vectors = model(images)
        vectors = vectors.float()
        # Cosines against a unit vector a class (NormFace, Wang et al., 2017): trained by the measure that search uses.
        cosines = lambda head: 16 * vectors @ F.normalize(head.weight, dim=1).T
        shape, paint = about[chosen].unbind(1)
        pair = torch.where(shape < 0, shape, shape * len(COLOURS) + paint)
        return (
            2 * F.cross_entropy(cosines(label), shape)
            + F.cross_entropy(cosines(colour), paint)
            + F.cross_entropy(cosines(both), pair)
            + F.binary_cross_entropy_with_logits(8 * contents(vectors), present[chosen])
        )

    axes = {"images": {0: "batch"}, "features": {0: "batch"}}
    keep = lambda averaged: export(averaged, EMBEDDER_SIDE, path, "images", "features", DIMENSION, axes)
    fit(model, parameters, rounds, count, 32, 3e-3, loss_of, keep, stop_after=EMBEDDER_STOPS)


def entry(out: Path, name: str, application: str, description: str, manifest: dict) -> dict:
    content = (out / f"{name}.onnx").read_bytes()
    return {
        "name": name,
        "application": application,
        "file": f"{name}.onnx",
        "license": "Apache-2.0",
        "description": description,
        "manifest": manifest,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
    }


def write_list(out: Path) -> None:
    plain = {"layout": "nchw", "color": "rgb", "resize": "letterbox", "pad": 114, "scale": 1 / 255}
    detector = {"task": "detection", "output": "yolov8", "labels": list(LABELS), "input": {**plain, "stride": 32}}
    unchanged = {"mean": [0, 0, 0], "std": [1, 1, 1]}
    embedder = {
        "task": "embedding",
        "output": "embedding",
        "vectorDimension": DIMENSION,
        "input": {"size": [EMBEDDER_SIDE, EMBEDDER_SIDE], **plain, **unchanged},
    }
    about = "Trained on drawn pictures only, for trying out without internet: "
    models = [
        entry(
            out,
            "shapes-detector",
            "auto_tagging",
            about + f"finds {', '.join(LABELS[:-1])} and {LABELS[-1]}.",
            detector,
        ),
        entry(
            out,
            "shapes-embedder",
            "embedding",
            about + "64 numbers that say which shape and colour a picture is about.",
            embedder,
        ),
    ]
    (out / "models.json").write_text(json.dumps({"models": models}, indent=2) + "\n")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--out", type=Path, required=True)
    arguments.add_argument("--steps", nargs="+", choices=STEPS, default=STEPS)
    arguments.add_argument("--pictures", type=int, default=10_000, help="two fifths of them for widening")
    arguments.add_argument("--rounds", type=int, help="passes over the pictures, in place of each step's own")
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(given.threads)
    torch.use_deterministic_algorithms(True, warn_only=True)
    detector, embedder = (given.out / f"shapes-{name}.onnx" for name in ("detector", "embedder"))
    for step in given.steps:
        print(step, flush=True)
        random.seed(given.seed)
        torch.manual_seed(given.seed)
        if step == "detector":
            train_detector(given.pictures, given.rounds or 10, given.threads, detector)
        elif step == "widen":
            widen_detector(given.pictures * 2 // 5, given.rounds or 8, given.threads, detector)
        else:
            train_embedder(given.pictures, given.rounds or 30, given.threads, embedder)
    if detector.exists() and embedder.exists():
        write_list(given.out)


if __name__ == "__main__":
    main()
