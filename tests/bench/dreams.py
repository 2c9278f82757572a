"""How well dreams do: what one loop's worth of processor time reaches, and what is left of it when the sound changes.

`python -m tests.bench.dreams` takes a quarter of an hour and prints a table for each setting; `speed` is a part of
`make bench`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

from oscbridge import resources
from oscbridge.dream.circle import fast_dtype
from oscbridge.dream.dreamer import Dreamer
from oscbridge.dream.goals import Goals
from oscbridge.dream.objectives import Selected
from oscbridge.dream.origins import white_noise
from oscbridge.ear.anatomy import Layer, anatomy
from oscbridge.ear.network import Ear
from oscbridge.ear.opening import open_with_reference
from oscbridge.ear.scalogram import scalogram
from oscbridge.ear.selection import Selection
from oscbridge.ear.weights import LoadedEar
from oscbridge.sections import Dream

LOOP_S = 4.0
LAYERS = [*range(1, 19), 19, 20, 21, 23, 24, 26]  # 24: all of the encoder, z, and six of the context
DEPTHS = (2, 6, 10, 14, 18, 26)
VARIANTS = {
    "as shipped": {},
    "without variations": {"time_shift_s": 0.0, "pitch_shift_bins": 0.0},
    "time shift alone": {"pitch_shift_bins": 0.0},
    "twice the pitch shift": {"pitch_shift_bins": 2.0},
    "two views": {"views": 2},
    "plain steps": {"optimizer": "plain"},
    "masks": {"time_mask": 0.2, "pitch_mask": 0.2},
    "noisy steps": {"gradient_noise": 0.5},
    "de-noised": {"denoise": 0.3},
}


@cache
def parts() -> tuple[LoadedEar, Goals, Tensor, int]:
    """The shipped ear, its goals, the bundled loop cut to a clip, and the rate."""
    path = resources.model_file("ear")
    loaded, loop, reference = open_with_reference(path)
    rate = loaded.bank.spec.rate
    clip = loop[: round(LOOP_S * rate)].clone()
    goals = Goals(loaded, reference, clip)
    return loaded, goals, clip, rate


def selections(seed: int = 0) -> Iterator[tuple[Layer, int, Selected]]:
    """A channel of each of LAYERS, at random among those that live on music and are not what silence excites."""
    loaded, _, _, _ = parts()
    layers, s = anatomy(loaded.ear.spec).layers, loaded.statistics
    random = np.random.default_rng(seed)
    for index in LAYERS:
        layer = layers[index]
        mean, std, quiet = (v[layer.span].reshape(layer.channels, -1).mean(1) for v in (s.mean, s.std, s.quiet))
        fit = np.flatnonzero((std > 0.2 * std.mean()) & (quiet < mean + 0.5 * std))
        channel = int(random.choice(fit if len(fit) else np.argsort(quiet - mean)[:2]))
        selection = Selection(layers)
        selection.add(index, channel, channel, 0.0, 1.0, 1.0)
        yield layer, channel, Selected(selection.neurons, selection.weights)


def origins() -> dict[str, Tensor]:
    _, _, clip, _ = parts()
    return {"noise": white_noise(len(clip), Dream().noise_db, 0), "silence": torch.zeros(len(clip)), "loop": clip}


def resampled(x: Tensor, factor: float) -> Tensor:
    """A loop played faster by `factor`."""
    spectrum, n = torch.fft.rfft(x), round(len(x) / factor)
    kept = torch.zeros(n // 2 + 1, dtype=spectrum.dtype)
    count = min(len(kept), len(spectrum))
    kept[:count] = spectrum[:count]
    return torch.fft.irfft(kept, n) * (n / len(x))


def with_noise(x: Tensor) -> Tensor:
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(9))
    return x + noise * x.square().mean().sqrt() * 0.1


def below_4_khz(x: Tensor) -> Tensor:
    _, _, _, rate = parts()
    frequency = torch.fft.rfftfreq(len(x), 1 / rate)
    return torch.fft.irfft(torch.fft.rfft(x) / (1 + (frequency / 4_000.0) ** 16).sqrt(), len(x))


CHANGES: dict[str, Callable[[Tensor], Tensor]] = {
    "30 ms later": lambda x: x.roll(round(0.03 * parts()[3])),
    "½ semitone up": lambda x: resampled(x, 2 ** (1 / 24)),
    "½ semitone down": lambda x: resampled(x, 2 ** (-1 / 24)),
    "−20 dB noise": with_noise,
    "4 kHz low-pass": below_4_khz,
}


@dataclass(frozen=True)
class Dreamt:
    """kept: by change, the share of the gain that is left."""

    before: float
    after: float
    steps: int
    kept: dict[str, float]


def dream(selected: Selected, origin: Tensor, wishes: Dream, seconds: float) -> Dreamt:
    """seconds: of processor time."""
    loaded, goals, _, _ = parts()
    dreamer = Dreamer(loaded, origin, wishes, selected, goals)
    before, steps, began = dreamer.score(), 0, time.process_time()
    while time.process_time() - began < seconds:
        dreamer.step(is_scored=False)
        steps += 1
    after, clip = dreamer.score(), dreamer.clip
    gain = after - before
    if gain < 0.1:  # nothing of which a share could be left
        return Dreamt(before, after, steps, {})
    kept = {name: (dreamer.score_of(change(clip)) - before) / gain for name, change in CHANGES.items()}
    return Dreamt(before, after, steps, kept)


def table(name: str, wishes: Dream, seconds: float, starts: dict[str, Tensor], show: bool) -> str:
    """One row: share above 3, medians, what is kept."""
    every: list[Dreamt] = []
    for layer, channel, selected in selections():
        for start, origin in starts.items():
            done = dream(selected, origin, wishes, seconds)
            every.append(done)
            if show:
                print(
                    f"  {layer.name}:{channel} {start}: {done.before:.1f} > {done.after:.1f}, {done.steps}", flush=True
                )
    reached = np.mean([d.after >= 3 for d in every])
    kept = {change: np.median([d.kept[change] for d in every if d.kept]) for change in CHANGES}
    cells = " | ".join(f"{value:.2f}" for value in kept.values())
    return f"| {name} | {reached:.0%} | {np.median([d.after for d in every]):.1f} | {cells} |"


@dataclass(frozen=True)
class Pace:
    """Milliseconds of a step down to a layer; plain: of an autograd step through the whole network; share: of the rate
    of one large matrix product that the network's own arithmetic in the deepest step reaches."""

    steps_ms: dict[str, float]
    plain_ms: float
    share: float


def speed(rounds: int = 8) -> Pace:
    loaded, goals, clip, _ = parts()
    layers = anatomy(loaded.ear.spec).layers
    steps = {}
    for index in DEPTHS:
        selection = Selection(layers)
        selection.add(index, 0, 0, 0.0, 1.0, 1.0)
        dreamer = Dreamer(loaded, clip, Dream(), Selected(selection.neurons, selection.weights), goals)
        steps[layers[index].name] = _milliseconds(lambda d=dreamer: d.step(is_scored=False), rounds)  # type: ignore[misc]
    macs = 2 * anatomy(loaded.ear.spec).window_macs  # forward, and backward to the input alone
    a = torch.randn(1_536, 1_536, dtype=fast_dtype())
    product_ms = _milliseconds(lambda: a @ a, rounds)
    share = macs / steps[layers[DEPTHS[-1]].name] / (1_536**3 / product_ms)
    return Pace(steps, _milliseconds(lambda: _plain(loaded.ear, loaded, clip), max(2, rounds // 2)), share)


def _plain(ear: Ear, loaded: LoadedEar, clip: Tensor) -> None:
    """What one would write first: all of the network in float32, with gradients of everything."""
    x = clip.clone().requires_grad_()
    answers = ear.requires_grad_(True)(scalogram(x, loaded.bank).unsqueeze(0))
    answers[2].mean().add(0.0 * answers[-1].mean()).backward()
    ear.requires_grad_(False)


def _milliseconds(act: Callable[[], object], rounds: int) -> float:
    act()
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        act()
        took.append(time.perf_counter() - began)
    return float(np.median(took)) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=LOOP_S)
    parser.add_argument("--variants", nargs="*", default=["as shipped"])
    parser.add_argument("--origins", nargs="*", default=["noise", "silence", "loop"])
    parser.add_argument("--show", action="store_true")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    print("| | above 3 | median | " + " | ".join(CHANGES) + " |")
    for name in chosen.variants or VARIANTS:
        wishes = Dream.model_validate(VARIANTS[name])
        starts = {k: v for k, v in origins().items() if k in chosen.origins}
        print(table(name, wishes, chosen.seconds, starts, chosen.show), flush=True)


if __name__ == "__main__":
    main()
