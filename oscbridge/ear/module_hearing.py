"""Networks of the user's own as the listener drives them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from .module import Made
from .scalogram import ScalogramStream
from .traced_stream import TracedStream
from .windowed import Beside, Turns


class ModuleStream:
    """A causal one, hop by hop."""

    streams, looks = True, 0

    def __init__(self, made: Made) -> None:
        self._made, self._stream = made, TracedStream(made.traced)
        self._scalogram = ScalogramStream(made.bank) if made.bank is not None else None
        self.values = torch.zeros(made.plan.neurons)
        self.settle = max(layer.frames_per_step for layer in made.plan.layers)
        self._hop = made.plan.hop

    def skip(self, samples: Tensor) -> None:
        if self._scalogram is not None:
            self._scalogram.hear(samples)

    def lead(self, samples: Tensor) -> None:
        for hop in samples.view(-1, self._hop):
            self.push(hop)

    @torch.inference_mode()
    def push(self, samples: Tensor) -> None:
        x = samples[None] if self._scalogram is None else self._scalogram.push(samples)[None, :, None]
        self._stream.push(x)
        known = len(self._stream.values)
        self.values[:known] = self._stream.values
        if known < len(self.values):
            logits = self._stream.values[self._made.plan.layers[-2].span]
            self.values[known:] = self._made.probabilities(logits[None, :, None, None]).flatten()


class ModuleWindows:
    """Any other on scalograms: the newest columns as a whole, as often as there is time for it; and pictures, if it
    takes them, instead of the sound."""

    settle = 1
    streams = False

    def __init__(self, made: Made, clock: Callable[[], float], beside: Beside | None = None) -> None:
        """clock, beside: as of Turns."""
        assert made.bank is not None
        self._made, self._turns = made, Turns(clock, beside=beside)
        self._scalogram = ScalogramStream(made.bank)
        spec = made.spec
        self._columns = torch.zeros(spec.scalogram.channels, spec.window, spec.scalogram.bins)
        self._hop = made.plan.hop
        self.values = torch.zeros(made.plan.neurons)

    @property
    def looks(self) -> int:
        return self._turns.taken

    def skip(self, samples: Tensor) -> None:
        """Each skipped hop stands still in the window, so that what is in it keeps its time."""
        self._scalogram.hear(samples)
        hops = min(len(samples) // self._hop, self._columns.shape[1])
        if hops:
            self._take(self._columns[:, -1:].expand(-1, hops, -1))

    def lead(self, samples: Tensor) -> None:
        for hop in samples.view(-1, self._hop):
            self._take(self._scalogram.push(hop)[:, None])

    @torch.inference_mode()
    def push(self, samples: Tensor) -> None:
        self._take(self._scalogram.push(samples)[:, None])
        columns = self._columns[None]  # the next hop makes others
        self._show(lambda: self._made.given(columns))

    @torch.inference_mode()
    def see(self, picture: Tensor) -> None:
        """One picture, (3, height, width) float32, 0 to 1."""
        self._show(lambda: picture[None])

    def _take(self, columns: Tensor) -> None:
        self._columns = torch.cat((self._columns[:, columns.shape[1] :], columns), 1)

    def _show(self, given: Callable[[], Tensor]) -> None:
        if (answer := self._turns.take(lambda: self._made.newest(given()))) is not None:
            self.values.copy_(answer)
