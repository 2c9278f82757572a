"""Sound from a file or a clip: looped, one hop at a time, at the pace of real time.

Sound inputs are in devices.py; they give the same `Hop`.
"""

from __future__ import annotations

import logging
import queue
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import BridgeError
from .ahead import AHEAD_S, Ahead
from .deck import Deck
from .intake import LOUDEST, Gain, Intake, Samples
from .looped import LoopedFile, Tell

log = logging.getLogger(__name__)

SECOND = 1_000_000_000


@dataclass(frozen=True)
class Hop:
    """One hop of sound, and what had to be skipped just before it.

    samples:       (hop,) float32, mono, gain applied
    unix_ns:       when its last sample came in, wall clock
    monotonic_ns:  the same moment on the monotonic clock
    dropped:       (n, hop) float32, oldest first: the newest of the skipped hops, for whoever keeps a history
    dropped_count: how many hops were skipped in truth; at least n
    picture:       (3, height, width) float32, RGB, 0 to 1, where pictures are played: then the sound is silence
    """

    samples: Samples
    unix_ns: int
    monotonic_ns: int
    dropped: Samples
    dropped_count: int = 0
    picture: NDArray[np.float32] | None = None


class Source(Protocol):
    """What the listening worker reads."""

    @property
    def what(self) -> str:
        """One phrase for people, as in 'drums.flac, 8.0 s, 44,100 Hz, looped'."""

    @property
    def lost_hops(self) -> int:
        """Hops that were silence because their sound came too late, so far."""

    def next_hop(self) -> Hop:
        """Waits for the next whole hop and returns it. Never waits longer than two hops, never raises."""

    def set_gain(self, gain_db: float) -> None:
        """Any thread; reached in a straight line over the next hop. Raises BridgeError 422."""

    def set_channel(self, channel: int) -> None:
        """Any thread; 0 is the mean of all. Raises BridgeError 422 if there is no such channel."""

    def close(self) -> None:
        """Lets go of file, device and threads."""


@dataclass(frozen=True)
class Clock:
    """The clocks and the sleep that a source uses; a test passes its own."""

    monotonic_ns: Callable[[], int] = time.monotonic_ns
    unix_ns: Callable[[], int] = time.time_ns
    sleep: Callable[[float], None] = time.sleep

    def unix_at(self, monotonic_ns: int) -> int:
        """The wall clock at a moment of the monotonic clock."""
        return self.unix_ns() - (self.monotonic_ns() - monotonic_ns)


SYSTEM_CLOCK = Clock()


def log_told(code: int, text: str) -> None:
    log.log(logging.INFO if code < 400 else logging.WARNING, "%s", text)


class Pacer:
    """Says when hop n is due: exactly n hops after the first one, for ever.

    From n, never by adding up: after a year of playing, hop n is still due to the nanosecond.
    """

    def __init__(self, rate: int, hop: int, clock: Clock = SYSTEM_CLOCK, slack_hops: int = 2) -> None:
        """slack_hops: a caller who is later than this skips hops until it is on time."""
        self._rate, self._hop, self._clock, self._slack = rate, hop, clock, slack_hops
        self._next = 0
        self._start: int | None = None

    def wait(self) -> tuple[int, int]:
        """Waits for the next hop: at most one hop long.

        Returns how many hops to skip first, and the moment the hop is due (monotonic, ns).
        The first call starts the clock, so its hop is due at once.
        """
        now = self._clock.monotonic_ns()
        if self._start is None:
            self._start = now
        newest = (now - self._start) * self._rate // (self._hop * SECOND)  # the last hop that is due by now
        skip = newest - self._next if newest - self._next > self._slack else 0
        self._next += skip
        due = self._start + self._next * self._hop * SECOND // self._rate
        while now < due:
            self._clock.sleep((due - now) / SECOND)
            now = self._clock.monotonic_ns()
        self._next += 1
        return skip, due

    def sample_at(self, monotonic_ns: int) -> int:
        """The stream sample that comes in at a moment: hop n's last one comes in when the hop is due.

        Raises RuntimeError before the first `wait`, which starts the clock.
        """
        if self._start is None:
            raise RuntimeError("the pacer was asked for a sample before its first hop")
        return round((monotonic_ns - self._start) * self._rate / SECOND) + self._hop - 1


class _Player(ABC):
    """What file and clip share: pace, gain, and the sound of skipped hops."""

    def __init__(self, rate: int, hop: int, gain_db: float, clock: Clock, slack_hops: int, keep_hops: int) -> None:
        self.rate, self.hop, self._keep, self._clock = rate, hop, keep_hops, clock
        self._pacer = Pacer(rate, hop, clock, slack_hops)
        self._gain = Gain(gain_db, ramp=hop)
        self.lost_hops = 0

    def next_hop(self) -> Hop:
        skip, due = self._pacer.wait()
        sound = self._gain(self._take(skip)).reshape(-1, self.hop)
        return Hop(sound[-1], self._clock.unix_at(due), due, sound[:-1], skip)

    def set_gain(self, gain_db: float) -> None:
        self._gain.set(gain_db)

    @abstractmethod
    def _take(self, skip: int) -> Samples:
        """The newest of `skip` hops, at most `keep_hops`, and the hop after them: ((n + 1) * hop,)."""


class ClipSource(_Player):
    """Loops clips on a deck, as the built-in player does: what is heard here is what sounds there, fades included."""

    def __init__(
        self,
        samples: Samples,
        rate: int = 44_100,
        hop: int = 1_024,
        gain_db: float = 0.0,
        *,
        name: str = "clip",
        clock: Clock = SYSTEM_CLOCK,
        slack_hops: int = 2,
        keep_hops: int = 16,
    ) -> None:
        """samples: (n,) float32, mono, at `rate`, n at least 1; copied; heard until a clip is to be played.

        Raises BridgeError 422.
        """
        super().__init__(rate, hop, gain_db, clock, slack_hops, keep_hops)
        self._deck = Deck(rate)
        clip = _checked_clip(samples, name)
        self._name, self._frames = name, len(clip)
        self._deck.play(clip, 0, 0, 0)
        self._orders: queue.SimpleQueue[tuple[Samples, int, int, int]] = queue.SimpleQueue()

    @property
    def what(self) -> str:
        name = f"clip {self._deck.clip}" if self._deck.clip else self._name
        return f"{name}, {(self._deck.frames or self._frames) / self.rate:.1f} s, {self.rate:,} Hz, looped"

    def play(self, samples: Samples, clip_id: int, at_ns: int, crossfade: int) -> None:
        """Any thread. Sample 0 of the clip is heard at `at_ns` on the monotonic clock; the newest order counts.

        samples: as in the constructor; crossfade: in samples; both, and what is past, as in Deck.play.
        Raises BridgeError 422.
        """
        self._orders.put((_checked_clip(samples, f"clip {clip_id}"), clip_id, at_ns, crossfade))

    def set_channel(self, channel: int) -> None:
        if channel not in (0, 1):
            raise BridgeError(f"the channel is {channel}, but a clip has 1 channel; expected 0 or 1", 422)

    def close(self) -> None:
        pass

    def _take(self, skip: int) -> Samples:
        while not self._orders.empty():
            samples, clip, at_ns, crossfade = self._orders.get()
            self._deck.play(samples, clip, self._pacer.sample_at(at_ns), crossfade)
        kept = min(skip, self._keep)
        self._deck.skip((skip - kept) * self.hop)
        return self._deck.render((kept + 1) * self.hop)


def _checked_clip(samples: Samples, name: str) -> Samples:
    clip = np.array(samples, np.float32)
    if clip.ndim != 1 or clip.size == 0:
        raise BridgeError(f"{name} has the shape {clip.shape}; expected (n,), mono, n at least 1", 422)
    clip[~(np.abs(clip) <= LOUDEST)] = 0
    return clip


class FileSource(_Player):
    """Loops a sound file for ever without a seam; any format, rate and channels that libsndfile reads.

    A thread decodes about a second ahead, in blocks, so memory does not grow with the file. If decoding
    cannot keep up there is silence and the sound comes later (`lost_hops` counts); if the file breaks,
    what can be read is looped.
    """

    def __init__(
        self,
        path: str | Path,
        rate: int = 44_100,
        hop: int = 1_024,
        channel: int = 0,
        gain_db: float = 0.0,
        *,
        tell: Tell = log_told,
        clock: Clock = SYSTEM_CLOCK,
        slack_hops: int = 2,
        keep_hops: int = 16,
        patience_s: float | None = None,
    ) -> None:
        """patience_s: how long to wait for a decoder that is late; one hop if None.

        Raises BridgeError: 404 no such file, 403 not readable, 422 no sound file, no sound, no such channel.
        """
        super().__init__(rate, hop, gain_db, clock, slack_hops, keep_hops)
        self._tell = tell
        self._patience = hop / rate if patience_s is None else patience_s
        self._is_late = False
        self._ahead: Ahead[Samples] = Ahead(Path(path).name, round(AHEAD_S * rate / hop))
        self._file = LoopedFile(Path(path), self._ahead.remark)
        self._intake = Intake(self._file.name, self._file.channels, self._file.rate, rate, channel, ramp=hop)
        self._rest = np.empty(0, np.float32)  # decoded, less than a hop
        for decoded in self._decode_block():
            self._ahead.put(decoded)
        self._ahead.start(self._decode_block, self._file.close)

    @property
    def what(self) -> str:
        return self._file.what

    def set_channel(self, channel: int) -> None:
        """Heard after what is decoded already, so up to a second later."""
        self._intake.set_channel(channel)

    def close(self) -> None:
        self._ahead.close()

    def _take(self, skip: int) -> Samples:
        self._ahead.remarks(self._tell)
        until = time.monotonic() + self._patience
        kept: deque[Samples] = deque(maxlen=self._keep)
        hop: Samples | None = None
        for _ in range(skip + 1):
            if hop is not None:
                kept.append(hop)
            try:
                hop = self._ahead.take(until)
            except queue.Empty:
                hop = None
                break
        if hop is None:
            self._on_late()
            hop = np.zeros(self.hop, np.float32)
        elif self._is_late:
            self._is_late = False
            self._tell(200, f"{self._file.name} is heard again")
        return np.concatenate([*kept, hop])

    def _on_late(self) -> None:
        self.lost_hops += 1
        if not self._is_late:
            self._is_late = True
            self._tell(503, f"{self._file.name} cannot be read fast enough; silence until it comes")

    def _decode_block(self) -> list[Samples]:
        """The next hops; none if they are not whole yet."""
        had = self._intake.broken
        sound = np.concatenate([self._rest, self._intake(self._file.next_block())])
        if self._intake.broken and not had:
            self._ahead.remark(422, f"{self._file.name} holds NaN, infinite or huge samples; they are taken as 0")
        whole = len(sound) // self.hop * self.hop
        self._rest = sound[whole:]
        return list(sound[:whole].reshape(-1, self.hop))
