"""Where a training runs: which process of how many, on what, and how exact."""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch
import torch.distributed as dist


@dataclass(frozen=True)
class Place:
    """Which process of how many this is, and what it computes on."""

    rank: int
    processes: int
    device: torch.device

    @property
    def is_first(self) -> bool:
        return self.rank == 0


def find_place() -> Place:
    """This process's place under torchrun, or alone."""
    rank, processes = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    if torch.cuda.is_available():
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
        torch.cuda.set_device(device)
    else:
        device = torch.device("cpu")
    if processes > 1 and not dist.is_initialized():
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return Place(rank, processes, device)


def has_bf16(device: torch.device) -> bool:
    """Whether bfloat16 is faster there than float32, and not just emulated."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return (
        device.type == "cpu"
        and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    )
