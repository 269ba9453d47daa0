"""Drawing, turning, fitting and exporting: what the training of both models shares."""

import random
import time
from concurrent.futures import ProcessPoolExecutor
from copy import deepcopy
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn


def drawn(sample, count: int, processes: int) -> list[Tensor]:
    """What `sample` gives of 0 to `count`, stacked column by column."""
    with ProcessPoolExecutor(processes) as pool:
        columns = zip(*pool.map(sample, range(count), chunksize=50))
        return [torch.from_numpy(np.stack(column)) for column in columns]


def as_input(pixels: Tensor) -> Tensor:
    return pixels.permute(0, 3, 1, 2).to(torch.float32, memory_format=torch.channels_last) / 255


def mirrored(boxes: Tensor, side: int, axis: int) -> Tensor:
    """Boxes of a picture mirrored along x (0) or y (1)."""
    boxes = boxes.clone()
    boxes[..., [axis, axis + 2]] = side - boxes[..., [axis + 2, axis]]
    return boxes


def turned(images: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
    """All pictures of a batch one of the eight ways a square can lie, [b, 3, side, side] and [b, m, 4]."""
    side = images.shape[-1]
    for axis in (0, 1):
        if random.random() < 0.5:
            images, boxes = images.flip(3 - axis), mirrored(boxes, side, axis)
    if random.random() < 0.5:
        images, boxes = images.transpose(2, 3), boxes[..., [1, 0, 3, 2]]
    return images.contiguous(memory_format=torch.channels_last), boxes


class Average:
    """An exponential mean of the weights, which is what is exported: steadier than any single step's."""

    def __init__(self, model: nn.Module) -> None:
        self.model = deepcopy(model).eval()
        self.steps = 0

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        self.steps += 1
        keep = min(0.998, self.steps / (self.steps + 20))
        for mine, theirs in zip(self.model.state_dict().values(), model.state_dict().values()):
            if mine.dtype.is_floating_point:
                mine.lerp_(theirs, 1 - keep)


def fit(
    model: nn.Module, parameters, rounds: int, count: int, batch: int, rate: float, loss_of, keep, stop_after=None
) -> None:
    """`rounds` passes, the rate warming up and falling to nothing; `keep` gets the averaged model after each."""
    steps = rounds * (count // batch)
    optimizer = torch.optim.AdamW(parameters, lr=rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, steps, pct_start=0.1)
    average, begun = Average(model), time.monotonic()
    for number in range(min(rounds, stop_after or rounds)):
        order, total = torch.randperm(count), 0.0
        for start in range(0, count - batch + 1, batch):
            loss = loss_of(order[start : start + batch])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 10.0)
            optimizer.step()
            schedule.step()
            average.update(model)
            total += float(loss.detach())
        print(
            f"{number + 1}/{rounds}: loss {total / (count // batch):.3f}, {time.monotonic() - begun:.0f} s", flush=True
        )
        keep(deepcopy(average.model))


def export(model: nn.Module, side: int, path: Path, inputs: str, outputs: str, width: int, axes: dict) -> None:
    """Opset 17 and IR 8, which ONNX runtimes open since 2022. Batch norms are folded into the convolutions."""
    torch.onnx.export(
        model.eval().to(memory_format=torch.contiguous_format),
        (torch.zeros(1, 3, side, side),),
        str(path),
        input_names=[inputs],
        output_names=[outputs],
        dynamic_axes=axes,
        opset_version=17,
        dynamo=False,
    )
    graph = onnx.load(str(path))
    graph.ir_version = 8
    # The exporter leaves it open; whoever counts classes or numbers by the graph alone needs it.
    graph.graph.output[0].type.tensor_type.shape.dim[1].dim_value = width
    graph.producer_name, graph.producer_version, graph.doc_string = "lakelens tools/training", "", ""
    onnx.checker.check_model(graph, full_check=True)
    onnx.save(graph, str(path))
