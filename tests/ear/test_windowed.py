"""A window of sound, looked at as often as there is time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

import pytest
import torch
from torch import Tensor

from oscbridge.ear.windowed import WindowHearing, looks

HOP, WINDOW = 4, 12


class Clock:
    """Goes on by what a look costs, and by a hop."""

    def __init__(self, hop_s: float, look_s: float) -> None:
        self.now, self._hop_s, self._look_s = 100.0, hop_s, look_s
        self.seen: list[list[float]] = []

    def __call__(self) -> float:
        return self.now

    def look(self, window: Tensor) -> Tensor:
        self.now += self._look_s
        self.seen.append(window.tolist())
        return window[-2:]

    def drive(self, hearing: WindowHearing, hops: int) -> None:
        start = self.now
        for n in range(hops):
            self.now = max(self.now, start + n * self._hop_s)
            hearing.push(torch.arange(n * HOP, (n + 1) * HOP, dtype=torch.float32))


def hearing(clock: Clock, share: float = 0.5) -> WindowHearing:
    return WindowHearing(clock.look, WINDOW, 2, clock, share)


def test_every_look_is_at_the_newest_window_with_silence_before_the_first_sound() -> None:
    clock = Clock(1.0, 0.0)
    one = hearing(clock)
    clock.drive(one, 4)
    assert clock.seen[0] == [0.0] * 8 + [0.0, 1.0, 2.0, 3.0]
    assert clock.seen[3] == [float(n) for n in range(4, 16)]
    assert one.values.tolist() == [14.0, 15.0]


@pytest.mark.parametrize("look_s, share, looks", [(0.1, 0.5, 40), (1.0, 0.5, 20), (1.5, 0.5, 13), (2.0, 0.25, 5)])
def test_looking_takes_no_more_than_its_share_of_the_time(look_s: float, share: float, looks: int) -> None:
    clock = Clock(1.0, look_s)
    one = hearing(clock, share)
    clock.drive(one, 40)
    assert one.looks == pytest.approx(looks, abs=1)
    assert one.looks * look_s <= share * (clock.now - 100.0) + look_s


def test_skipped_sound_is_in_the_next_window() -> None:
    clock = Clock(1.0, 0.0)
    one = hearing(clock)
    one.skip(torch.arange(20.0))
    one.push(torch.arange(20.0, 24.0))
    assert clock.seen == [[float(n) for n in range(12, 24)]]


def test_between_two_looks_the_values_stay() -> None:
    clock = Clock(1.0, 1.9)
    one = hearing(clock)
    one.push(torch.ones(HOP))
    before = one.values.clone()
    one.push(torch.zeros(HOP))
    assert one.looks == 1 and torch.equal(one.values, before)


class Beside:
    """A thread that is done when the test says so."""

    def __init__(self) -> None:
        self.given: list[tuple[Callable[[], Tensor], Future[Tensor]]] = []

    def __call__(self, look: Callable[[], Tensor]) -> Future[Tensor]:
        self.given.append((look, Future()))
        return self.given[-1][1]

    def finish(self) -> None:
        look, future = self.given[-1]
        future.set_result(look())


def test_no_hop_waits_for_a_look_that_is_made_beside_it() -> None:
    clock, beside = Clock(1.0, 3.0), Beside()
    one = WindowHearing(clock.look, WINDOW, 2, clock, 1.0, beside)
    clock.drive(one, 3)
    assert len(beside.given) == 1 and clock.seen == [] and one.values.tolist() == [0.0, 0.0]
    beside.finish()
    assert clock.seen == [[0.0] * 8 + [0.0, 1.0, 2.0, 3.0]], "it is at the window that there was when it began"
    one.push(torch.zeros(HOP))
    assert one.values.tolist() == [2.0, 3.0] and one.looks == 1
    assert len(beside.given) == 2, "and the next one has begun"


def test_a_look_that_failed_is_told_where_it_was_asked_for() -> None:
    beside = Beside()
    one = WindowHearing(Clock(1.0, 0.0).look, WINDOW, 2, lambda: 0.0, 1.0, beside)
    one.push(torch.zeros(HOP))
    beside.given[0][1].set_exception(ValueError("no such luck"))
    with pytest.raises(ValueError, match="no such luck"):
        one.push(torch.zeros(HOP))


def test_windows_of_a_loop_end_evenly_spread_over_it_the_last_at_its_end() -> None:
    loop = torch.arange(8.0)
    assert looks(lambda window: window[[0, -1]], loop, 3, 4).tolist() == [
        [7.0, 1.0],
        [1.0, 3.0],
        [3.0, 5.0],
        [5.0, 7.0],
    ]
    assert looks(lambda window: window[[0]], loop, 20, 1).tolist() == [[4.0]], "a window may be longer than the loop"
