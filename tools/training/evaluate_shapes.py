"""Measures the shipped models on pictures that no training saw and writes `accuracy.json` beside them.

    python evaluate_shapes.py --models ../../libs/metalake/shipped

Detector: mAP as COCO defines it (precision interpolated at 101 recalls, IoU 0.50 to 0.95 by 0.05, mean over the
classes), and precision, recall and F1 at IoU 0.5 with the confidence the product uses by default. Embedder: how often
the nearest of the other pictures is about the same shape, the same colour, or both. Needs onnxruntime, not torch.
"""

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime as ort

from draw_shapes import COLOURS, EVALUATION_SEEDS, LABELS, RETRIEVAL_SEEDS, Theme, draw_picture, letterboxed

FORMATS = ((640, 480), (480, 640), (640, 640), (640, 427))
CONFIDENCE = 0.5
NMS_IOU = 0.45
THRESHOLDS = np.linspace(0.5, 0.95, 10)
EMBEDDER_SIDE = 128


def detector_picture(index: int):
    picture, shapes = draw_picture(EVALUATION_SEEDS + index, *FORMATS[index % len(FORMATS)])
    return picture, [(LABELS.index(shape.label), shape.box) for shape in shapes]


def retrieval_picture(index: int):
    """Theme at random: neighbours by number share nothing."""
    rng = np.random.default_rng(RETRIEVAL_SEEDS - 1 - index)
    theme = Theme(LABELS[int(rng.integers(len(LABELS)))], list(COLOURS)[int(rng.integers(len(COLOURS)))])
    picture, shapes = draw_picture(RETRIEVAL_SEEDS + index, *FORMATS[index % len(FORMATS)], theme=theme)
    is_shown = bool(shapes) and shapes[0].label == theme.label
    return (np.asarray(letterboxed(picture, EMBEDDER_SIDE)[0]), theme.label, theme.colour) if is_shown else None


def iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """[n, 4] against [m, 4], x0 y0 x1 y1 → [n, m]."""
    corner = np.maximum(a[:, None, :2], b[None, :, :2])
    opposite = np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = (opposite - corner).clip(0).prod(-1)
    area = lambda box: (box[:, 2:] - box[:, :2]).prod(-1)
    return shared / (area(a)[:, None] + area(b)[None] - shared + 1e-9)


def detect(session: ort.InferenceSession, picture, side: int) -> list[tuple[int, float, np.ndarray]]:
    """Label, score and box in the picture's pixels, after greedy NMS within each class, best first."""
    square, scale, left, top = letterboxed(picture, side)
    pixels = np.asarray(square, dtype=np.float32).transpose(2, 0, 1)[None] / 255
    (output,) = session.run(None, {"images": pixels})
    centre, size, scores = output[0, :2].T, output[0, 2:4].T, output[0, 4:].T
    boxes = (np.concatenate([centre - size / 2, centre + size / 2], axis=1) - (left, top, left, top)) / scale
    found = []
    for label in range(scores.shape[1]):
        order = np.argsort(-scores[:, label], kind="stable")[:300]
        order = order[scores[order, label] > 0.01]
        while len(order):
            best, order = order[0], order[1:]
            found.append((label, float(scores[best, label]), boxes[best]))
            if len(order):
                order = order[iou(boxes[best : best + 1], boxes[order])[0] <= NMS_IOU]
    return sorted(found, key=lambda one: -one[1])[:100]


def matched(found, truth, label: int, threshold: float) -> list[tuple[float, bool]]:
    """Score of each detection of one label in one picture, and whether a true box of its own answers it; best first."""
    boxes = [box for own, box in truth if own == label]
    free, answers = set(range(len(boxes))), []
    for own, score, box in found:
        if own != label:
            continue
        overlap = iou(box[None], np.array(boxes))[0] if boxes else np.array([])
        best = max(free, key=lambda place: overlap[place], default=None)
        is_right = best is not None and overlap[best] >= threshold
        if is_right:
            free.discard(best)
        answers.append((score, is_right))
    return answers


def average_precision(answers: list[tuple[float, bool]], wanted: int) -> float:
    right = np.array([is_right for _, is_right in sorted(answers, key=lambda one: -one[0])], dtype=float)
    hits = right.cumsum()
    precision, recall = hits / np.arange(1, len(right) + 1), hits / wanted
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    at = np.searchsorted(recall, np.linspace(0, 1, 101), side="left")
    return float(np.append(precision, 0.0)[at].mean())


def measure_detector(session: ort.InferenceSession, pictures, side: int) -> dict:
    found = [detect(session, picture, side) for picture, _ in pictures]
    truths = [truth for _, truth in pictures]
    wanted = [sum(own == label for truth in truths for own, _ in truth) for label in range(len(LABELS))]
    table = np.zeros((len(LABELS), len(THRESHOLDS)))
    per_label = {}
    for label, name in enumerate(LABELS):
        for place, threshold in enumerate(THRESHOLDS):
            answers = [answer for f, t in zip(found, truths) for answer in matched(f, t, label, float(threshold))]
            table[label, place] = average_precision(answers, wanted[label])
            if place == 0:
                sure = [is_right for score, is_right in answers if score >= CONFIDENCE]
                per_label[name] = (sum(sure), len(sure), wanted[label])
    right, said, there = (sum(counts) for counts in zip(*per_label.values()))
    precision, recall = right / max(said, 1), right / there
    return {
        "inputSide": side,
        "mAP50": round(float(table[:, 0].mean()), 4),
        "mAP50_95": round(float(table.mean()), 4),
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "f1": round(2 * right / (said + there), 4),
        "averagePrecision50": {name: round(float(table[label, 0]), 4) for label, name in enumerate(LABELS)},
    }


def measure_embedder(session: ort.InferenceSession, samples) -> dict:
    pixels = np.stack([sample[0] for sample in samples]).astype(np.float32).transpose(0, 3, 1, 2) / 255
    vectors = np.concatenate(
        [session.run(None, {"images": pixels[at : at + 64]})[0] for at in range(0, len(pixels), 64)]
    )
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -2)
    nearest = cosines.argmax(axis=1)
    shape, colour = (np.array([sample[part] for sample in samples]) for part in (1, 2))

    def shared(*properties: np.ndarray) -> dict:
        same = lambda a, b: np.logical_and.reduce([p[a] == p[b] for p in properties])
        everyone = np.arange(len(samples))
        # Of a neighbour drawn by lot among all the others.
        lot = np.mean([(same(one, everyone).sum() - 1) / (len(samples) - 1) for one in everyone])
        return {"nearestNeighbour": round(float(same(everyone, nearest).mean()), 4), "chance": round(float(lot), 4)}

    return {"sameShape": shared(shape), "sameColour": shared(colour), "sameBoth": shared(shape, colour)}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--models", type=Path, required=True)
    arguments.add_argument("--pictures", type=int, default=1000)
    given = arguments.parse_args()
    options = ort.SessionOptions()
    options.intra_op_num_threads = 2
    open_model = lambda name: ort.InferenceSession(
        str(given.models / name), options, providers=["CPUExecutionProvider"]
    )
    with ProcessPoolExecutor(2) as pool:
        pictures = list(pool.map(detector_picture, range(given.pictures), chunksize=20))
        samples = [sample for sample in pool.map(retrieval_picture, range(given.pictures), chunksize=20) if sample]
    detector = open_model("shapes-detector.onnx")
    accuracy = {
        "shapes-detector": {
            "pictures": len(pictures),
            "shapes": sum(len(truth) for _, truth in pictures),
            "seed": EVALUATION_SEEDS,
            "how": "Fresh drawn pictures of 427 to 640 pixels. mAP as COCO defines it; precision, recall and F1 at "
            f"IoU 0.5 and confidence {CONFIDENCE}; NMS at IoU {NMS_IOU} within each class.",
            "measured": [measure_detector(detector, pictures, side) for side in (640, 320)],
        },
        "shapes-embedder": {
            "pictures": len(samples),
            "seed": RETRIEVAL_SEEDS,
            "how": "Fresh drawn pictures, most shapes of one label and colour; does the nearest of all others by "
            "cosine share it?",
            **measure_embedder(open_model("shapes-embedder.onnx"), samples),
        },
    }
    (given.models / "accuracy.json").write_text(json.dumps(accuracy, indent=2) + "\n")
    print(json.dumps(accuracy, indent=2))


if __name__ == "__main__":
    main()
