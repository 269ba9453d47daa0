"""What the detector is trained towards: task-aligned assignment (Feng et al., TOOD, 2021), as YOLOv8 has it."""

import torch
from torch import Tensor
from torch.nn import functional as F

CANDIDATES = 9


def overlaps(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """IoU and generalised IoU (Rezatofighi et al., 2019) of boxes x0 y0 x1 y1 whose leading dimensions broadcast."""
    corner, opposite = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    shared = (opposite - corner).clamp(min=0).prod(-1)
    area = lambda box: (box[..., 2:] - box[..., :2]).clamp(min=0).prod(-1)
    union = area(a) + area(b) - shared + 1e-7
    around = torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])
    hull = around.prod(-1) + 1e-7
    iou = shared / union
    return iou, iou - (hull - union) / hull


@torch.no_grad()
def assign(
    boxes: Tensor, scores: Tensor, centres: Tensor, truth: Tensor, labels: Tensor, is_lifted: bool
) -> tuple[Tensor, Tensor]:
    """
    Which true box each candidate answers for, [b, n] (-1: none), and how sure of it it is to be, [b, n], 0..1.
    boxes [b, n, 4], scores [b, n, C], centres [n, 2], truth [b, m, 4], labels [b, m] (-1: padding).
    """
    iou = overlaps(truth[:, :, None], boxes[:, None])[0]
    own = scores.transpose(1, 2).gather(1, labels.clamp(min=0)[..., None].expand(-1, -1, scores.shape[1]))
    inside = ((centres > truth[:, :, None, :2]) & (centres < truth[:, :, None, 2:])).all(-1)
    metric = (own.sqrt() * iou.pow(4) + 1e-9) * inside * (labels >= 0)[..., None]
    best = metric.topk(CANDIDATES, dim=-1)
    chosen = torch.zeros_like(metric).scatter_(-1, best.indices, (best.values > 0).float()) * metric
    # A candidate wanted by two answers for the one that it overlaps more.
    wanted = torch.where(chosen > 0, iou, torch.full_like(iou, -1.0)).max(dim=1)
    target = torch.where(wanted.values >= 0, wanted.indices, torch.full_like(wanted.indices, -1))
    # The best candidate of a shape is to be as sure as its box is good, the others in proportion. The root lifts boxes
    # that are right and not exact, as those of the smallest shapes, above the threshold of 0.5 that people use.
    best_iou = (iou * (chosen > 0)).amax(-1, keepdim=True)
    scale = (best_iou.sqrt() if is_lifted else best_iou) / chosen.amax(-1, keepdim=True).clamp(min=1e-9)
    sure = (chosen * scale).gather(1, target.clamp(min=0)[:, None]).squeeze(1) * (target >= 0)
    return target, sure


def detection_loss(
    boxes: Tensor, logits: Tensor, centres: Tensor, truth: Tensor, labels: Tensor, is_lifted: bool
) -> Tensor:
    target, sure = assign(boxes.detach(), logits.detach().sigmoid(), centres, truth, labels, is_lifted)
    is_answer = target >= 0
    index = target.clamp(min=0)
    one_hot = F.one_hot(labels.clamp(min=0).gather(1, index), logits.shape[-1]).float()
    total = sure.sum().clamp(min=1.0)
    of_class = F.binary_cross_entropy_with_logits(logits, one_hot * sure[..., None], reduction="sum") / total
    matched = truth.gather(1, index[..., None].expand(-1, -1, 4))
    generalised = overlaps(boxes, matched)[1]
    of_box = ((1 - generalised) * sure * is_answer).sum() / total
    return of_class + 5.0 * of_box
