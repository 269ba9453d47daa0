"""A tagger as chapter 7.1 has it: four functions around a detector, here with Python's onnxruntime."""

import io
import os

import numpy as np
import onnxruntime
from PIL import Image

STRIDE = 32  # the graph takes any height and width that are multiples of it
PAD = 114  # the grey around a picture that is none
# The lowest score worth reporting. LakeLens applies the threshold of the run, so this only keeps the lists short.
LOWEST_SCORE = 0.05
NMS_IOU = 0.7
MAX_CANDIDATES = 3000


def model_fn(model_dir):
    """Called once, when the process starts. `model_dir` is the package's own folder."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(os.path.join(model_dir, "shapes.onnx"), options, providers=["CPUExecutionProvider"])


def input_fn(request_body, request_content_type):
    """The bytes of one picture, upright and fitted into the run's resolution -> uint8 [height, width, 3], RGB."""
    if not request_content_type.startswith("image/"):
        raise ValueError(f"expected a picture, not {request_content_type}; leave python.input of model.yaml at jpeg or png")
    return np.asarray(Image.open(io.BytesIO(request_body)).convert("RGB"))


def predict_fn(input_data, model):
    """-> boxes [n, 4] as x1, y1, x2, y2 in pixels of that picture, scores [n, classes] of 0..1."""
    tensor, left, top = to_tensor(input_data)
    answer = model.run(None, {"images": tensor})[0][0].T  # [4 + classes, n] -> [n, 4 + classes]
    answer = answer[answer[:, 4:].max(axis=1) >= LOWEST_SCORE]
    answer = answer[np.argsort(-answer[:, 4:].max(axis=1))][:MAX_CANDIDATES]
    centres, sizes, scores = answer[:, :2], answer[:, 2:4], answer[:, 4:]
    boxes = np.concatenate([centres - sizes / 2, centres + sizes / 2], axis=1)
    kept = non_maximum_suppression(boxes, scores)
    boxes = boxes[kept] - np.array([left, top, left, top], dtype=boxes.dtype)
    height, width = input_data.shape[:2]
    return {"boxes": np.clip(boxes, 0, [width, height, width, height]), "probs": scores[kept]}


def output_fn(prediction_output, content_type):
    """The keys of the chapter: `boxes` and `probs`, arrays as they are."""
    return prediction_output


def to_tensor(picture):
    """uint8 [h, w, 3] -> float32 [1, 3, h', w'] of 0..1, the picture in its middle; and where it begins."""
    height, width = picture.shape[:2]
    padded_height, padded_width = (-(-side // STRIDE) * STRIDE for side in (height, width))
    top, left = (padded_height - height) // 2, (padded_width - width) // 2
    padded = np.full((padded_height, padded_width, 3), PAD, dtype=np.uint8)
    padded[top : top + height, left : left + width] = picture
    return np.ascontiguousarray(padded.transpose(2, 0, 1)[None], dtype=np.float32) / 255, left, top


def non_maximum_suppression(boxes, scores):
    """Indexes to keep, best first: within a class, a box that overlaps a better one by more than NMS_IOU goes."""
    classes = scores.argmax(axis=1)
    kept = []
    for i in range(len(boxes)):
        rivals = [j for j in kept if classes[j] == classes[i]]
        if not rivals or iou(boxes[i], boxes[rivals]).max() <= NMS_IOU:
            kept.append(i)
    return kept


def iou(box, others):
    """Intersection over union of one box [4] with others [n, 4]."""
    overlap = np.clip(np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2]), 0, None).prod(axis=1)
    area = (box[2:] - box[:2]).prod()
    areas = (others[:, 2:] - others[:, :2]).prod(axis=1)
    return overlap / (area + areas - overlap + 1e-9)
