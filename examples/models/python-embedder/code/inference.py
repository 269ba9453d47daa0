"""An embedder without any weights: what colours a picture has, and which way its edges run, in numpy and Pillow alone."""

import io

import numpy as np
from PIL import Image

SIDE = 96  # every picture is looked at in this size
COLOURS = 4  # levels of each of red, green and blue: 4 * 4 * 4 = 64 numbers
CELLS = 3  # edges are counted in 3 * 3 parts of the picture,
DIRECTIONS = 8  # in 8 directions each: 72 numbers


def model_fn(model_dir):
    """There is nothing to load."""
    return None


def input_fn(request_body, request_content_type):
    """The bytes of one picture -> float32 [96, 96, 3] of 0..1."""
    if not request_content_type.startswith("image/"):
        raise ValueError(f"expected a picture, not {request_content_type}")
    picture = Image.open(io.BytesIO(request_body)).convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return np.asarray(picture, dtype=np.float32) / 255


def predict_fn(input_data, model):
    """-> float32 [136], each of its two halves of length 1 unless the picture is plain."""
    return np.concatenate([unit(colour_histogram(input_data)), unit(edge_histogram(input_data))])


def output_fn(prediction_output, content_type):
    """The key of the chapter for this application."""
    return {"embedding": prediction_output}


def colour_histogram(picture):
    """How many pixels fall into each of 64 colours; the root keeps a large background from hiding a small object."""
    levels = np.minimum((picture * COLOURS).astype(int), COLOURS - 1)
    bins = (levels[..., 0] * COLOURS + levels[..., 1]) * COLOURS + levels[..., 2]
    return np.sqrt(np.bincount(bins.ravel(), minlength=COLOURS**3)).astype(np.float32)


def edge_histogram(picture):
    """Histograms of oriented gradients (Dalal and Triggs, 2005), without overlapping blocks."""
    grey = picture @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    down, across = np.gradient(grey)
    strength = np.hypot(down, across)
    direction = (np.arctan2(down, across) % np.pi) / np.pi * DIRECTIONS
    direction = np.minimum(direction.astype(int), DIRECTIONS - 1)
    side = SIDE // CELLS
    return np.concatenate(
        [
            np.bincount(direction[part].ravel(), weights=strength[part].ravel(), minlength=DIRECTIONS)
            for row in range(CELLS)
            for column in range(CELLS)
            for part in [np.s_[row * side : (row + 1) * side, column * side : (column + 1) * side]]
        ]
    ).astype(np.float32)


def unit(vector):
    length = float(np.linalg.norm(vector))
    return vector / length if length > 0 else vector
