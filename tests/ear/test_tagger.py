"""The VGG tagger against answers worked out a second time (goldens/make_vgg_tagger.py), and what it is made of.

Tolerance: librosa's FFT and ours differ by 1e-7 of a power, which float16 now and then rounds to another side: 5e-4 of
that value, 3e-4 of its logarithm. In a tag it is 1e-6; given the same spectrogram activations differ by 1e-5.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from oscbridge.ear import mel
from oscbridge.ear import tagger as tagger_module
from oscbridge.ear.mel import log_mel, mel_bank, windows
from oscbridge.ear.tagger import VggTagger, load_tagger
from oscbridge.ear.tagger_anatomy import (
    BANDS,
    FRAMES,
    GATE_DB,
    TAGS,
    WINDOW,
    band_edges_hz,
    extents,
    gated,
    level_db,
    tagger_layers,
    unheard_samples,
)
from oscbridge.errors import BridgeError

from . import taggers

TOLERANCE = 1e-4
GIVEN = torch.from_numpy(taggers.golden()["mel"])[None]


def test_the_spectrogram_is_librosas() -> None:
    found = log_mel(taggers.sound()).numpy()
    assert found.shape == (FRAMES, BANDS)
    difference = np.abs(found - taggers.golden()["mel"])
    assert difference.max() < 5e-4 and difference.mean() < 1e-6


def test_the_mel_bank_is_librosas() -> None:
    np.testing.assert_allclose(mel_bank(), taggers.golden()["bank"], atol=1e-7)


@pytest.mark.parametrize("folded", [True, False])
def test_tags_and_activations_are_the_golden_ones(folded: bool) -> None:
    golden = taggers.golden()
    network = taggers.tagger() if folded else taggers.unfolded()
    with torch.inference_mode():
        tags = network(taggers.sound()).numpy()
        layers = network.layers(GIVEN)
    np.testing.assert_allclose(tags, golden["tags"], atol=TOLERANCE)
    np.testing.assert_allclose(layers[-1][0, :, 0, 0].numpy(), golden["tags"], atol=TOLERANCE)
    every = {"conv1": 7, "conv2": 3}
    for index in range(1, 6):
        found = layers[index][0].permute(1, 2, 0).numpy()[:: every.get(f"conv{index}", 1)]
        found = found[..., slice(0, 128, 9)] if index < 5 else found
        np.testing.assert_allclose(found, golden[f"conv{index}"], atol=TOLERANCE)


def _without_input_norm(network: VggTagger, _: pytest.MonkeyPatch) -> None:
    network.norm0 = nn.Identity()


def _pytorchs_epsilon(network: VggTagger, _: pytest.MonkeyPatch) -> None:
    for index in range(6):
        getattr(network, f"norm{index}").eps = 1e-5


def _norm_before_relu(network: VggTagger, patch: pytest.MonkeyPatch) -> None:
    def block(index: int, x: torch.Tensor) -> torch.Tensor:
        pool = tagger_module.POOLS[index - 1]
        y = F.relu(getattr(network, f"norm{index}")(getattr(network, f"conv{index}")(x)))
        return F.max_pool2d(y, pool.size, pool.stride)

    patch.setattr(network, "_block", block)


def _channels_first(network: VggTagger, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(network, "_dense", lambda top: network.dense(top.flatten(1)))


def _kernels_turned(network: VggTagger, _: pytest.MonkeyPatch) -> None:
    network.conv2.weight.data = network.conv2.weight.data.transpose(2, 3)


def _usual_first_pool(_: VggTagger, patch: pytest.MonkeyPatch) -> None:
    first = tagger_module.POOLS[0]
    patch.setattr(tagger_module, "POOLS", (type(first)((2, 2), (2, 2)), *tagger_module.POOLS[1:]))


def _other_bank(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[VggTagger, pytest.MonkeyPatch], None]:
    def spoil(_: VggTagger, patch: pytest.MonkeyPatch) -> None:
        bank = torch.from_numpy(change(mel_bank()).astype(np.float32))
        patch.setattr(mel, "_constants", lambda device: (torch.hann_window(512), bank))

    return spoil


def _htk(_: np.ndarray) -> np.ndarray:
    """The other mel scale that is in use: 2595 log10(1 + f / 700)."""
    top = 2595 * np.log10(1 + 8_000 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, BANDS + 2) / 2595) - 1)
    bins = np.arange(257)[:, None] * 16_000 / 512
    rising = (bins - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - bins) / np.diff(edges)[1:]
    return np.maximum(0, np.minimum(rising, falling)) * 2 / (edges[2:] - edges[:-2])


def _natural_logarithm(_: VggTagger, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(torch, "log10", torch.log)


@pytest.mark.parametrize(
    "spoil",
    [
        _without_input_norm, _norm_before_relu, _channels_first, _kernels_turned, _usual_first_pool, _pytorchs_epsilon,
        _natural_logarithm, _other_bank(_htk), _other_bank(lambda bank: bank / bank.max(0)),
        _other_bank(lambda bank: np.roll(bank, 1, 1)),
    ],
)  # fmt: skip
def test_any_of_the_known_mistakes_would_be_seen(
    spoil: Callable[[VggTagger, pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    network = taggers.unfolded()
    spoil(network, monkeypatch)
    with torch.inference_mode():
        tags = network(taggers.sound()).numpy()
    assert np.abs(tags - taggers.golden()["tags"]).max() > 5 * TOLERANCE


def test_a_batch_is_its_windows_and_windows_are_cut_from_the_clip() -> None:
    clip = log_mel(torch.cat([taggers.sound(), taggers.sound().flip(0)]))
    cut = windows(clip, 100)
    assert cut.shape == (2, FRAMES, BANDS) and torch.equal(cut[1], clip[100:287])
    with torch.inference_mode():
        together = taggers.tagger().tags(cut)
        for one, window in zip(together, cut, strict=True):
            torch.testing.assert_close(taggers.tagger().tags(window), one, atol=1e-6, rtol=0)
        pair = torch.stack([taggers.sound(), taggers.sine(440, WINDOW)])
        torch.testing.assert_close(taggers.tagger()(pair)[0], taggers.tagger()(taggers.sound()), atol=1e-6, rtol=0)
    assert windows(clip[:186], 1).shape == (0, FRAMES, BANDS)


def test_the_layers_are_as_large_as_the_table_says() -> None:
    with torch.inference_mode():
        found = taggers.tagger().layers(GIVEN)
    table = tagger_layers()
    assert [layer.name for layer in table] == [
        "spectrogram", "conv1", "conv2", "conv3", "conv4", "conv5", "dense", "tags",
    ]  # fmt: skip
    assert [tuple(x.shape[2:]) for x in found[:6]] == [(187, 96), (92, 48), (46, 24), (23, 12), (11, 6), (2, 1)]
    assert [(x.shape[1], x.shape[3]) for x in found] == [(layer.channels, layer.positions) for layer in table]
    assert sum(layer.neurons for layer in table) == table[-1].span.stop == 11_844
    assert TAGS[0] == "guitar" and len(set(TAGS)) == 50


def test_a_neuron_sees_what_the_table_says_and_nothing_else() -> None:
    audio = taggers.sound()
    spectrogram = GIVEN.clone().requires_grad_()
    maps = taggers.tagger().maps(spectrogram)
    for extent, found in list(zip(extents(), maps, strict=True))[1:5]:
        middle = found[0, :, found.shape[2] // 2, found.shape[3] // 2].sum()
        (gradient,) = torch.autograd.grad(middle, spectrogram, retain_graph=True)
        seen = gradient[0].abs() > 0
        assert seen.any(1).sum() <= extent.frames and seen.any(0).sum() <= extent.bands
        assert seen.any(1).sum() >= extent.frames - extent.every_frames
    # the end of a window changes no tag, but what comes just before does
    with torch.inference_mode():
        tags = taggers.tagger()(audio)
        for silent, changes in ((unheard_samples(), False), (unheard_samples() + 2_000, True)):
            cut = audio.clone()
            cut[WINDOW - silent :] = 0
            assert bool((taggers.tagger()(cut) - tags).abs().max() > 1e-6) is changes


def test_a_few_steps_uphill_make_any_sound_a_guitar() -> None:
    noise = 0.01 * torch.randn(WINDOW, generator=torch.Generator().manual_seed(0))
    audio = noise.requires_grad_()
    with torch.no_grad():
        before = taggers.tagger()(audio)[0]
    for _ in range(8):
        (gradient,) = torch.autograd.grad(taggers.tagger().logits(log_mel(audio))[0], audio)
        audio = (audio + 0.003 * gradient / gradient.square().mean().sqrt()).detach().requires_grad_()
    with torch.no_grad():
        after = taggers.tagger()(audio)[0]
    assert before < 0.2 and after > 0.6


def test_silence_has_a_finite_gradient_and_loud_sound_finite_tags() -> None:
    silence = torch.zeros(WINDOW, requires_grad=True)
    taggers.tagger().logits(log_mel(silence))[0].backward()
    assert silence.grad is not None and torch.isfinite(silence.grad).all()
    with torch.inference_mode():
        assert torch.isfinite(taggers.tagger()(1e4 * taggers.sound())).all()


def test_a_too_short_sound_and_a_wrong_spectrogram_are_refused() -> None:
    with pytest.raises(BridgeError, match="given 256 samples; expected at least 257"):
        log_mel(torch.zeros(256))
    with pytest.raises(BridgeError, match="given 65 frames of 96 bands; expected 66 or more of 96"):
        taggers.tagger().maps(torch.zeros(1, 65, 96))
    with pytest.raises(BridgeError, match="a window of 187 frames"):
        taggers.tagger().tags(torch.zeros(220, 96))


def test_another_networks_file_is_refused(tmp_path) -> None:
    with pytest.raises(BridgeError, match=r"holds another network: context.* expected no such tensor"):
        load_tagger(taggers.ROOT / "models" / "ear-half.safetensors")
    (tmp_path / "x.safetensors").write_bytes(b"nonsense")
    with pytest.raises(BridgeError, match="not a safetensors file"):
        load_tagger(tmp_path / "x.safetensors")


def test_band_edges_run_from_0_to_8_khz() -> None:
    edges = band_edges_hz()
    assert len(edges) == 98 and edges[0] == 0 and edges[-1] == pytest.approx(8_000)


def test_on_silence_guitar_leads_and_the_gate_says_nothing() -> None:
    silence = torch.zeros(WINDOW)
    with torch.inference_mode():
        tags = taggers.tagger()(silence).numpy()
    assert tags.argmax() == 0 and tags[0] > 0.2
    assert not gated(tags, level_db(silence.numpy())).any() and gated(tags, GATE_DB) is tags
    assert not gated(tags, float("nan")).any()


def test_level_is_that_of_a_sine() -> None:
    assert level_db(taggers.sine(1_000, 16_000).numpy()) == pytest.approx(20 * np.log10(0.2) - 3.01, abs=0.01)
    assert level_db(np.zeros(0, np.float32)) == level_db(np.zeros(9, np.float32)) == -200


def test_what_it_calls_a_guitar_and_what_not() -> None:
    table = taggers.script("guitar_table")
    said = {name: table.mean_tags(taggers.tagger(), sound) for name, sound in table.sounds(with_fluidsynth=False)}
    first = {name: TAGS[tags.argmax()] for name, tags in said.items()}
    assert first["sine, 440 Hz"] == "flute" and first["drums (synthesised)"] in ("techno", "drums", "beat")
    if table.can_render():
        steel, piano = (
            table.mean_tags(taggers.tagger(), table.at_level(table.rendered(p)[: 6 * 16_000])) for p in (25, 0)
        )
        assert steel.argmax() == 0 and steel[0] > 0.4
        assert TAGS[piano.argmax()] == "piano" and piano[0] < 0.1
    line = table.row("x", said["silence"], -200.0)
    assert line.startswith("| x | 0.27 | 1 | guitar 0.27") and line.endswith("| – |")
