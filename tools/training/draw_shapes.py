"""Draws pictures of shapes and says what is in them. Needs numpy and Pillow; the same seed draws the same picture.

Everything the two shipped models know comes from here: nothing is downloaded and no photograph is used, so that what
was learned is ours to license. As a program it writes a folder `pictures`, with `groundtruth.json` beside it:

    python draw_shapes.py --out ../../examples/shapes --count 12
"""

import argparse
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

LABELS = ("circle", "square", "triangle", "star", "cross", "heart")

# Named so that pictures can be asked to share one: RGB 0 to 255, every drawn shape varies a little around it.
COLOURS = {
    "red": (214, 40, 48),
    "orange": (244, 132, 30),
    "yellow": (246, 208, 46),
    "green": (56, 158, 74),
    "cyan": (42, 184, 200),
    "blue": (42, 88, 206),
    "purple": (128, 62, 172),
    "pink": (238, 122, 178),
}

# Seeds no two uses share: what is evaluated, and what is shown, was never trained on.
TRAINING_SEEDS = 1_000_000
WIDE_SEEDS = 2_000_000
EMBEDDER_SEEDS = 3_000_000
EVALUATION_SEEDS = 7_000_000
RETRIEVAL_SEEDS = 8_000_000
EXAMPLE_SEEDS = 9_000_200

# Drawn at twice the size and averaged down: Pillow draws polygons without smoothing their edges.
OVERSAMPLED = 2
# Of what is drawn of a shape, the share that later shapes may hide; more in crowded pictures.
MOST_HIDDEN = 0.15
MOST_HIDDEN_CROWDED = 0.25
LEAST_CONTRAST = 90.0


@dataclass(frozen=True)
class Shape:
    label: str
    colour: str
    """x0, y0, x1, y1 in pixels of the picture, around every pixel of the shape, hidden ones included."""
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Theme:
    """What most shapes of a picture are, for pictures that are to be told apart as wholes."""

    label: str
    colour: str


def outline(label: str, rng: np.random.Generator) -> np.ndarray:
    """Corners of a shape about the origin, [n, 2], within roughly 1 of it, y down."""
    if label == "circle":
        turn = np.linspace(0, 2 * math.pi, 96, endpoint=False)
        return np.stack([np.cos(turn), np.sin(turn)], axis=1)
    if label == "square":
        return np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], dtype=float) * 0.82
    if label == "triangle":
        apex = rng.uniform(-0.25, 0.25)
        return np.array([(apex, -0.95), (0.92, 0.75), (-0.92, 0.75)])
    if label == "star":
        inner = rng.uniform(0.38, 0.5)
        turn = np.arange(10) * math.pi / 5 - math.pi / 2
        reach = np.where(np.arange(10) % 2 == 0, 1.0, inner)
        return np.stack([np.cos(turn) * reach, np.sin(turn) * reach], axis=1)
    if label == "cross":
        a = rng.uniform(0.22, 0.36)
        b = 0.95
        return np.array(
            [(-a, -b), (a, -b), (a, -a), (b, -a), (b, a), (a, a), (a, b), (-a, b), (-a, a), (-b, a), (-b, -a), (-a, -a)]
        )
    if label == "heart":
        turn = np.linspace(0, 2 * math.pi, 96, endpoint=False)
        x = 16 * np.sin(turn) ** 3
        y = 13 * np.cos(turn) - 5 * np.cos(2 * turn) - 2 * np.cos(3 * turn) - np.cos(4 * turn)
        return np.stack([x, -y - 2.5], axis=1) / 16.5
    raise ValueError(f"no shape is called {label!r}")


def placed(label: str, centre: tuple[float, float], size: float, rng: np.random.Generator) -> np.ndarray:
    """The corners of a shape about `size` pixels across, stretched a little and turned."""
    points = outline(label, rng) * (size / 2) * rng.uniform(0.88, 1.0, size=2)
    angle = rng.uniform(0, 2 * math.pi) if rng.random() < 0.5 else rng.normal(0, math.radians(12))
    turn = np.array([(math.cos(angle), -math.sin(angle)), (math.sin(angle), math.cos(angle))])
    return points @ turn.T + np.array(centre)


def background(width: int, height: int, rng: np.random.Generator) -> Image.Image:
    """Gradient, soft blobs or stripes in a few muted colours, with clutter lines and dots: nothing of it is a shape."""
    # Muted, as walls, paper and skies are: a grey with a cast, so that saturated shapes are what stands out.
    base = rng.uniform(25, 240) + rng.normal(0, 26, size=3)
    spread = rng.uniform(4, 32)
    columns, rows = (2, 2) if rng.random() < 0.5 else (int(rng.integers(3, 7)), int(rng.integers(3, 6)))
    coarse = np.clip(base + rng.normal(0, spread, size=(rows, columns, 3)), 0, 255).astype(np.uint8)
    picture = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    if rng.random() < 0.2:
        picture = striped(picture, rng)
    clutter(picture, rng)
    return picture


def striped(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    width, height = picture.size
    angle = rng.uniform(0, math.pi)
    across = np.arange(width)[None, :] * math.cos(angle) + np.arange(height)[:, None] * math.sin(angle)
    wave = np.sin(across * 2 * math.pi / rng.uniform(0.03, 0.2) / max(width, height)) * rng.uniform(6, 26)
    return Image.fromarray(np.clip(np.asarray(picture) + wave[..., None], 0, 255).astype(np.uint8))


def clutter(picture: Image.Image, rng: np.random.Generator) -> None:
    width, height = picture.size
    pen = ImageDraw.Draw(picture)
    colour = lambda: tuple(int(c) for c in rng.integers(0, 256, size=3))
    point = lambda: (float(rng.uniform(-0.1, 1.1) * width), float(rng.uniform(-0.1, 1.1) * height))
    thick = max(1, round(min(width, height) / 240))
    for _ in range(int(rng.integers(0, 6))):
        pen.line(
            [point() for _ in range(int(rng.integers(2, 4)))], fill=colour(), width=int(rng.integers(1, 4)) * thick
        )
    for _ in range(int(rng.integers(0, 4))):
        (x, y), reach = point(), rng.uniform(0.1, 0.6) * width
        start = int(rng.integers(0, 360))
        pen.arc(
            (x - reach, y - reach, x + reach, y + reach), start, start + int(rng.integers(20, 90)), colour(), 2 * thick
        )
    for _ in range(int(rng.integers(0, 30)) if rng.random() < 0.4 else 0):
        x, y = point()
        pen.rectangle((x, y, x + thick * 2, y + thick * 2), fill=colour())


def contrasting(picture: Image.Image, box: tuple[int, int, int, int], wanted: str | None, rng: np.random.Generator):
    """A colour of its name's neighbourhood that stands out from what it is drawn upon, or None."""
    below = np.asarray(picture.crop(box).resize((4, 4), Image.Resampling.BOX), dtype=float).reshape(-1, 3).mean(axis=0)
    names = [wanted] if wanted else [str(name) for name in rng.permutation(list(COLOURS))]
    for name in names:
        colour = np.clip(np.array(COLOURS[name]) + rng.normal(0, 14, size=3), 0, 255)
        if np.linalg.norm(colour - below) >= LEAST_CONTRAST:
            return name, tuple(int(c) for c in colour)
    return None


def masks(size: tuple[int, int], points: np.ndarray, rng: np.random.Generator, across: float):
    """What is filled and what is edge, as masks of the whole picture. One of the two may be empty."""
    filled, edge = Image.new("L", size), Image.new("L", size)
    style = rng.random()
    corners = [tuple(point) for point in points.tolist()]
    if style < 0.7:
        ImageDraw.Draw(filled).polygon(corners, fill=255)
    if style > 0.5:
        thick = max(3, round(across * rng.uniform(0.05, 0.12)))
        # The first side is drawn again at the end, so that the corner where the line closes is joined as well.
        ImageDraw.Draw(edge).line([*corners, *corners[:2]], fill=255, width=thick, joint="curve")
    return filled, edge


def draw_picture(
    seed: int,
    width: int,
    height: int,
    *,
    sizes: tuple[float, float] = (0.07, 0.6),
    theme: Theme | None = None,
    is_crowded: bool = False,
    has_grain: bool = True,
) -> tuple[Image.Image, list[Shape]]:
    """
    One picture of `width` × `height` pixels and the shapes in it: up to six, their `sizes` shares of the shorter side;
    two to five of sizes of their own, where the picture has a theme. A crowded one has up to seven, which hide more.
    """
    rng = np.random.default_rng(seed)
    size = (width * OVERSAMPLED, height * OVERSAMPLED)
    picture = background(*size, rng)
    wanted = (
        int(rng.integers(2, 6))
        if theme
        else (0 if rng.random() < 0.04 else int(rng.integers(1, 8 if is_crowded else 7)))
    )
    shapes: list[Shape] = []
    drawn: list[tuple[np.ndarray, np.ndarray]] = []
    most_hidden = MOST_HIDDEN_CROWDED if is_crowded else MOST_HIDDEN
    for _ in range(wanted * 5):
        if len(shapes) == wanted:
            break
        # The first is of the theme; a stranger now and then is smaller, so that what it is about stays clear.
        follows = theme if theme and (not shapes or rng.random() < 0.75) else None
        label = follows.label if follows else LABELS[int(rng.integers(len(LABELS)))]
        low, high = sizes if not theme else (0.24, 0.5) if follows else (0.1, 0.18)
        across = math.exp(rng.uniform(math.log(low), math.log(high))) * min(size)
        shape = add_shape(picture, label, follows.colour if follows else None, across, drawn, most_hidden, rng)
        if shape:
            shapes.append(shape)
    return finished(picture.resize((width, height), Image.Resampling.BOX), rng, has_grain), shapes


def add_shape(picture, label, colour, across, drawn, most_hidden, rng) -> Shape | None:
    """Draws one shape where it hides little of the others and stands out; None where it would not."""
    width, height = picture.size
    reach = across * 0.55
    if 2 * reach >= min(width, height):
        return None
    centre = (rng.uniform(reach, width - reach), rng.uniform(reach, height - reach))
    filled, edge = masks(picture.size, placed(label, centre, across, rng), rng, across)
    ink = np.maximum(np.asarray(filled), np.asarray(edge)) > 0
    box = Image.fromarray(ink).getbbox()
    if box is None or box[0] <= 0 or box[1] <= 0 or box[2] >= width or box[3] >= height:
        return None
    for visible, whole in drawn:
        if (visible & ~ink).sum() < (1 - most_hidden) * whole.sum():
            return None
    chosen = contrasting(picture, box, colour, rng)
    if chosen is None:
        return None
    name, rgb = chosen
    has_both = filled.getbbox() is not None and edge.getbbox() is not None
    # An edge around a filling is darker or lighter than it; alone it carries the colour.
    rim = tuple(int(c * 0.45) for c in rgb) if rng.random() < 0.6 else tuple(int(c + (255 - c) * 0.7) for c in rgb)
    picture.paste(rgb, (0, 0), filled)
    picture.paste(rim if has_both else rgb, (0, 0), edge)
    drawn[:] = [(visible & ~ink, whole) for visible, whole in drawn] + [(ink, ink)]
    x0, y0, x1, y1 = (float(side) / OVERSAMPLED for side in box)
    return Shape(label, name, (x0, y0, x1, y1))


def finished(picture: Image.Image, rng: np.random.Generator, has_grain: bool) -> Image.Image:
    """Blur, noise and exposure, as a camera or a codec would add them."""
    if rng.random() < 0.25:
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.0)))
    pixels = np.asarray(picture, dtype=np.float32)
    pixels = pixels * rng.uniform(0.8, 1.1) + rng.uniform(-12, 12)
    if has_grain:
        pixels += rng.normal(0, rng.uniform(0, 9), size=pixels.shape).astype(np.float32)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def letterboxed(picture: Image.Image, side: int) -> tuple[Image.Image, float, int, int]:
    """Fitted into a square of `side`, centred on grey 114, with the scale and the offset it took."""
    scale = side / max(picture.size)
    width, height = (round(length * scale) for length in picture.size)
    left, top = (side - width) // 2, (side - height) // 2
    square = Image.new("RGB", (side, side), (114, 114, 114))
    square.paste(picture.resize((width, height), Image.Resampling.BILINEAR), (left, top))
    return square, scale, left, top


def example_theme(index: int) -> Theme:
    """Pictures in pairs that share their theme, so that each has one that is most like it."""
    names = list(COLOURS)
    pair = index // 2
    return Theme(LABELS[pair % len(LABELS)], names[(pair * 3) % len(names)])


def write_examples(out: Path, seed: int, count: int) -> None:
    pictures = out / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    truth = []
    for index in range(count):
        theme = example_theme(index)
        width, height = (640, 480) if index % 4 else (480, 640)
        # Grain doesn't compress without loss: the PNGs have none.
        is_png = index % 6 == 5
        picture, shapes = draw_picture(seed + index, width, height, theme=theme, has_grain=not is_png)
        name = f"shapes-{index + 1:02d}.{'png' if is_png else 'jpg'}"
        if is_png:
            picture.save(pictures / name, optimize=True)
        else:
            picture.save(pictures / name, quality=70, optimize=True)
        truth.append(
            {"name": name, "width": width, "height": height, "shapes": [as_fractions(s, width, height) for s in shapes]}
        )
    text = json.dumps({"seed": seed, "labels": LABELS, "pictures": truth}, indent=2)
    (out / "groundtruth.json").write_text(text + "\n")


def as_fractions(shape: Shape, width: int, height: int) -> dict:
    """0 to 1 of the picture, from its top left, as the product states boxes."""
    x0, y0, x1, y1 = shape.box
    box = {"x": x0 / width, "y": y0 / height, "width": (x1 - x0) / width, "height": (y1 - y0) / height}
    return {"label": shape.label, "colour": shape.colour, "box": {side: round(value, 5) for side, value in box.items()}}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--out", type=Path, required=True)
    arguments.add_argument("--seed", type=int, default=EXAMPLE_SEEDS)
    arguments.add_argument("--count", type=int, default=12)
    given = arguments.parse_args()
    write_examples(given.out, given.seed, given.count)


if __name__ == "__main__":
    main()
