"""The two networks, plain enough to be read at once: convolutions and ReLU, a quarter of a million weights or fewer."""

import math
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn
from torch.nn import functional as F

STRIDES = (16, 32)
DIMENSION = 64
EMBEDDER_SIDE = 128


def conv(inputs: int, outputs: int, size: int = 3, stride: int = 1, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


def separable(inputs: int, outputs: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(conv(inputs, inputs, size, stride, groups=inputs), conv(inputs, outputs, 1))


class Residual(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        return x + self.inner(x)


class Head(nn.Module):
    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.towards_box = nn.Sequential(separable(width, width), separable(width, width))
        self.towards_class = nn.Sequential(separable(width, width), separable(width, width))
        self.box = nn.Conv2d(width, 4, 1)
        self.label = nn.Conv2d(width, classes, 1)
        # Nearly every place of a picture is empty: training starts from that instead of spending itself on it.
        nn.init.constant_(self.label.bias, -math.log(99))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.box(self.towards_box(x)), self.label(self.towards_class(x))


class Detector(nn.Module):
    """[b, 3, h, w] RGB 0..1, h and w multiples of 32 → one candidate a cell of the 16- and the 32-pixel grid."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.fine = nn.Sequential(
            conv(3, 16, stride=2),
            conv(16, 24, stride=2),
            Residual(conv(24, 24)),
            conv(24, 48, stride=2),
            Residual(conv(48, 48)),
            Residual(conv(48, 48)),
            conv(48, 64, stride=2),
            Residual(conv(64, 64)),
            Residual(conv(64, 64)),
        )
        # Three 5×5 on the 32-pixel grid see 400 pixels further: a shape that fills a picture is seen as a whole.
        self.coarse = nn.Sequential(separable(64, 96, stride=2), *(Residual(separable(96, 96, 5)) for _ in range(3)))
        self.narrow = conv(96, 64, 1)
        self.merge = separable(64, 64)
        self.heads = nn.ModuleList([Head(64, classes), Head(64, classes)])

    def forward(self, images: Tensor) -> list[tuple[Tensor, Tensor]]:
        fine = self.fine(images)
        coarse = self.narrow(self.coarse(fine))
        merged = self.merge(fine + F.interpolate(coarse, scale_factor=2.0, mode="nearest"))
        return [head(level) for head, level in zip(self.heads, (merged, coarse))]


def decoded(levels: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Boxes [b, n, 4] as x0 y0 x1 y1 in input pixels, class logits [b, n, C], cells' centres [n, 2], strides [n, 1]."""
    boxes, logits, centres, steps = [], [], [], []
    for (box, label), stride in zip(levels, STRIDES):
        rows, columns = box.shape[2], box.shape[3]
        x = (torch.arange(columns, device=box.device).float() + 0.5) * stride
        y = (torch.arange(rows, device=box.device).float() + 0.5) * stride
        centre = torch.stack([x[None, :].expand(rows, -1), y[:, None].expand(-1, columns)], dim=-1).reshape(-1, 2)
        # Distances to the four sides, positive by construction; e⁴ strides are 1747 pixels on the coarse grid.
        reach = box.float().flatten(2).transpose(1, 2).clamp(-4, 4).exp() * stride
        boxes.append(torch.cat([centre - reach[..., :2], centre + reach[..., 2:]], dim=-1))
        logits.append(label.float().flatten(2).transpose(1, 2))
        centres.append(centre)
        steps.append(torch.full((rows * columns, 1), float(stride)))
    return torch.cat(boxes, 1), torch.cat(logits, 1), torch.cat(centres), torch.cat(steps)


def folded(model: nn.Module, path: Path) -> nn.Module:
    """The model with the weights of its own export, and like it without batch norms: they are in the convolutions."""
    called: list[nn.Conv2d] = []
    for block in [part for part in model.modules() if isinstance(part, nn.Sequential)]:
        if len(block) == 3 and isinstance(block[1], nn.BatchNorm2d):
            c = block[0]
            block[0] = nn.Conv2d(c.in_channels, c.out_channels, c.kernel_size, c.stride, c.padding, groups=c.groups)
            block[1] = nn.Identity()
    hooks = [
        part.register_forward_pre_hook(lambda this, _: called.append(this))
        for part in model.modules()
        if isinstance(part, nn.Conv2d)
    ]
    model(torch.zeros(1, 3, 64, 64))
    for hook in hooks:
        hook.remove()
    graph = onnx.load(str(path)).graph
    weights = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
    # The export is a trace: its convolutions come in the order in which they were called.
    for part, node in zip(called, [node for node in graph.node if node.op_type == "Conv"], strict=True):
        part.weight.data = torch.from_numpy(weights[node.input[1]].copy())
        part.bias.data = torch.from_numpy(weights[node.input[2]].copy())
    return model


class Exported(nn.Module):
    """The detector with YOLOv8's output: [b, 4 + C, n], cx cy w h in input pixels, then one sigmoid score a class."""

    def __init__(self, detector: Detector) -> None:
        super().__init__()
        self.detector = detector

    def forward(self, images: Tensor) -> Tensor:
        boxes, logits, _, _ = decoded(self.detector(images))
        corner, opposite = boxes[..., :2], boxes[..., 2:]
        return torch.cat([(corner + opposite) / 2, opposite - corner, logits.sigmoid()], dim=-1).transpose(1, 2)


class Embedder(nn.Module):
    """[b, 3, 128, 128] RGB 0..1 → [b, 64] of length 1: the cosine of two says how much their pictures share."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            conv(3, 16, stride=2),
            conv(16, 32, stride=2),
            Residual(conv(32, 32)),
            conv(32, 64, stride=2),
            Residual(conv(64, 64)),
            conv(64, 96, stride=2),
            Residual(separable(96, 96)),
            Residual(separable(96, 96)),
            separable(96, 128),
        )
        self.last = nn.Linear(256, DIMENSION)

    def forward(self, images: Tensor) -> Tensor:
        x = self.body(images)
        # The mean says how much of something there is, the maximum that it is there at all, however small.
        pooled = torch.cat([x.mean(dim=(2, 3)), x.amax(dim=(2, 3))], dim=1)
        return F.normalize(self.last(pooled), dim=1)
