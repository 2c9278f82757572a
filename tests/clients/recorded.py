"""What the tests of clip players share: clips as they are announced, a file out of the way, a recording judged."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.wire import Wire

from .programs import Program

Sound = NDArray[np.float32]


class Announced:
    """Clips as a client is told of them, which says of each that it is loaded: their files, when each is to begin (Unix
    seconds), and how far ahead that was told."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.paths: dict[int, Path] = {}
        self.begins: dict[int, float] = {}
        self.left_s: dict[int, float] = {}

    def listen(self, seconds: float) -> None:
        message = self._wire.receive(seconds)
        if message and message[0] == "/ear/clip/ready":
            self.paths[message[1]] = Path(message[4])
            self._wire.send("/ear/clip/loaded", message[1])
        elif message and message[0] == "/ear/clip/activate":
            self.begins[message[1]] = message[2] + message[3] / 1e6
            self.left_s[message[1]] = message[4]


@contextmanager
def out_of_the_way(program: Program, other: Wire, instead: str = "") -> Iterator[int]:
    """The number of a clip whose file is not there when the program is told of it, or holds a text that is no sound.
    other: subscribed to clips."""
    program.process.send_signal(signal.SIGSTOP)  # until the file that it is told of is out of its way
    while other.receive(0.05):
        pass
    _, clip, _, _, name, *_ = other.wait_for(lambda m: m[0] == "/ear/clip/ready")
    path = Path(name)
    path.rename(path.with_suffix(".hidden"))
    if instead:
        path.write_text(instead)
    program.process.send_signal(signal.SIGCONT)
    try:
        yield clip
    finally:
        path.unlink(missing_ok=True)
        path.with_suffix(".hidden").rename(path)


def assert_no_gap_or_click(
    heard: Sound, sounds: Sequence[Sound], late: NDArray[Any], rate: int, block: int, fade: int
) -> None:
    """heard: from the first beginning to the last; sounds: the clips in it; late: samples that beginnings are off;
    block: samples that may be silent; fade: samples in which one clip becomes the next."""
    zeros = np.diff(np.flatnonzero(np.concatenate([[True], heard != 0, [True]]))).max() - 1
    steps = np.abs(np.diff(heard)).max()
    off_ms = np.abs(late) / rate * 1e3
    print(f"loops out of step by {off_ms.max():.2f} ms at most, {off_ms.mean():.2f} in the mean")
    print(f"the longest silence {zeros} samples, the largest step {steps:.4f}")
    assert zeros <= block
    largest = max(np.abs(np.diff(sound, append=sound[:1])).max() for sound in sounds)
    loudest = max(np.abs(sound).max() for sound in sounds)
    assert steps < np.sqrt(2) * largest + np.pi * loudest / fade
