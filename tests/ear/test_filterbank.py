"""The filter bank: kernels kept as products are the same kernels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from oscbridge.ear.filterbank import BankStream, Dense, Factored, FilterBank, _group
from oscbridge.ear.spec import ScalogramSpec, load_spec

SPEC = load_spec(Path(__file__).parents[2] / "models" / "ear.yaml").scalogram


def _kernels(spec: ScalogramSpec, bin_index: int, width: int) -> np.ndarray:
    """(2, width) float64, from the definition: a Hann-windowed sinusoid at the window's end."""
    length, frequency = spec.kernel_samples(bin_index), spec.frequency_hz(bin_index) / spec.rate
    n = np.arange(length) - (length - 1) / 2
    window = np.cos(np.pi * n / length) ** 2
    wave = 2 * window / window.sum() * np.exp(-2j * np.pi * frequency * n)
    padded = np.concatenate([np.zeros(width - length), wave])
    return np.stack([padded.real, padded.imag])


def test_low_octaves_are_products_and_high_ones_are_not() -> None:
    kinds = [(type(g), g.width) for g in FilterBank(SPEC).groups]
    assert kinds == [(Factored, w) for w in (16_384, 8_192, 4_096)] + [(Dense, 2_048 >> i) for i in range(6)]


def test_the_products_are_a_third_of_the_memory() -> None:
    groups = FilterBank(SPEC).groups
    kept = sum(tensor.numel() for g in groups for tensor in vars(g).values())
    assert kept < 0.33 * sum(48 * g.width for g in groups)


@pytest.mark.parametrize("octave", [0, 1, 2])
def test_a_product_gives_its_kernels_back_to_float32(octave: int) -> None:
    group = FilterBank(SPEC).groups[octave]
    assert isinstance(group, Factored)
    rank = group.basis.shape[0]
    product = group.mix.double().reshape(48, group.hops, rank) @ group.basis.double()
    whole = product.reshape(48, group.width).numpy()
    wanted = [_kernels(SPEC, 24 * octave + b, group.width) for b in range(24)]
    exact = np.concatenate([[k[0] for k in wanted], [k[1] for k in wanted]])
    assert np.abs(whole - exact).max() < 3e-7 * np.abs(exact).max()


def test_kernels_that_share_nothing_stay_as_they_are() -> None:
    noise = np.random.default_rng(0).standard_normal((48, 4_096))
    group = _group(noise, 1_024, "cpu")
    assert isinstance(group, Dense)
    assert torch.equal(group.kernels, torch.from_numpy(noise.astype(np.float32)))


@pytest.mark.parametrize("hop", [256, 1_024, 1_000])
def test_hop_by_hop_the_columns_are_those_of_the_clip(hop: int) -> None:
    bank = FilterBank(SPEC.model_copy(update={"hop": hop}))
    audio = torch.randn(40 * hop, generator=torch.Generator().manual_seed(0))
    padded = torch.nn.functional.pad(audio, (bank.history - hop, 0))
    whole = torch.stack(bank.project(padded, 40))
    stream, columns = BankStream(bank), []
    for samples in audio.split(hop):
        stream.hear(samples)
        columns.append(torch.stack(stream.column()))
    torch.testing.assert_close(torch.cat(columns, 1), whole, atol=3e-7, rtol=1e-5)
