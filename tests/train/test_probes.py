"""A probe finds what is there, finds nothing where there is nothing, and never sees what it is tested on."""

from __future__ import annotations

import numpy as np
import pytest

from oscbridge.errors import BridgeError
from oscbridge.train.probes import Windows, balanced_accuracy, fit_probe, interval, judge, split_in_time

RNG = np.random.default_rng(0)


def windows(groups_a_class: int = 20, of: int = 6, classes: int = 3) -> Windows:
    labels = np.repeat([f"class {c}" for c in range(classes)], groups_a_class * of)
    groups = np.repeat([f"piece {g}" for g in range(classes * groups_a_class)], of)
    test = np.isin(groups, np.unique(groups)[::3])
    return Windows(labels, groups, ~test, test)


def features(w: Windows, signal: float, of_group: float = 0.0) -> np.ndarray:
    """Noise, with the class in one direction and each group in one of its own."""
    x = RNG.standard_normal((len(w.labels), 12))
    x[:, 0] += signal * np.unique(w.labels, return_inverse=True)[1]
    for group in np.unique(w.groups):
        x[w.groups == group] += of_group * RNG.standard_normal(12)
    return x.astype(np.float32)


def test_what_is_there_is_found() -> None:
    w = windows()
    result = judge(features(w, 8.0), w)
    assert result.accuracy > 0.97 and result.loss < 0.4
    assert result.low <= result.accuracy <= result.high
    np.testing.assert_allclose(result.confusion.sum(1), 1)
    assert np.diag(result.confusion).min() > 0.9


def test_where_there_is_nothing_the_interval_holds_chance() -> None:
    w = windows()
    result = judge(features(w, 0.0, of_group=2.0), w)
    assert result.low < 1 / 3 < result.high


def test_windows_of_few_pieces_prove_less_than_their_number() -> None:
    many, few = windows(groups_a_class=60, of=2), windows(groups_a_class=6, of=20)
    widths = [(lambda r: r.high - r.low)(judge(features(w, 1.0, of_group=1.5), w)) for w in (many, few)]
    assert widths[1] > 1.15 * widths[0]


def test_balanced_accuracy_gives_a_rare_class_its_due() -> None:
    truth = np.array(["a"] * 9 + ["b"])
    assert balanced_accuracy(truth, np.array(["a"] * 10)) == 0.5


def test_the_fitted_weights_are_a_softmax_on_raw_features() -> None:
    w = windows(classes=2)
    x = 5 + 3 * features(w, 3.0)
    probe = fit_probe(x, w.labels, w.groups)
    said = probe.probabilities(x)
    np.testing.assert_allclose(said.sum(1), 1, rtol=1e-5)
    assert balanced_accuracy(w.labels, np.array(probe.classes)[said.argmax(1)]) > 0.85
    logits = x @ probe.weight.T + probe.bias
    np.testing.assert_allclose(np.log(said[:, 0] / said[:, 1]), logits[:, 0] - logits[:, 1], rtol=1e-2, atol=1e-3)


def test_one_class_is_no_question() -> None:
    with pytest.raises(BridgeError, match="all windows are 'a'"):
        fit_probe(np.zeros((4, 2), np.float32), np.array(["a"] * 4), np.array(list("wxyz")))


def test_a_split_in_time_leaves_a_gap() -> None:
    groups = np.repeat(["x", "y"], 100)
    ends = np.tile(np.arange(100) * 10, 2)
    fit, test = split_in_time(groups, ends, gap=50, share=0.6)
    for group in ("x", "y"):
        own = groups == group
        assert ends[own & test].min() - ends[own & fit].max() > 50
        assert 0.55 < fit[own].mean() < 0.65 and test[own].mean() > 0.3
    assert not (fit & test).any()


def test_the_interval_of_a_sure_answer_is_a_point() -> None:
    truth = np.array(["a", "a", "b", "b"])
    assert interval(truth, [truth], np.array(list("wxyz"))) == (1.0, 1.0)
