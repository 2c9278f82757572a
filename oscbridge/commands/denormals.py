"""Numbers too small to matter, while a long calculation runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def flushed_denormals() -> Iterator[None]:
    """They count as zero: fading tails would otherwise cost many times a step. It is the processor's own state, so
    whoever calls us has his numbers back afterwards. Also a decorator."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
