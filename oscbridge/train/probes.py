"""Linear probes: how much of what a listener can tell lies open in an ear's features.

A probe is fitted on some windows and tested on others that share no piece with them (or, where the track itself is the
class, no time). Intervals come from drawing pieces, not windows: windows of one piece are no independent proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import BridgeError

RESAMPLES = 500
STRENGTHS = (0.003, 0.03, 0.3)  # of the classifier's inverse regularisation; chosen on a part of the fit
FIT_SHARE = 0.8  # of the windows to fit on, drawn anew by each seed

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Windows:
    """Windows with what they are. labels, groups: (windows,); a group is a piece or a track."""

    labels: NDArray[np.str_]
    groups: NDArray[np.str_]
    fit: NDArray[np.bool_]  # to fit on; the others are `test` or in neither
    test: NDArray[np.bool_]


@dataclass(frozen=True)
class Result:
    """Balanced accuracy (the mean over classes) and loss in nats; low, high: the 95 % interval by test groups."""

    accuracy: float
    spread: float  # standard deviation over seeds
    low: float
    high: float
    loss: float
    confusion: NDArray[np.float64]  # (classes, classes): rows what it is, shares of a row
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Probe:
    """A fitted classifier on raw features: softmax(weight x + bias)."""

    weight: Floats
    bias: Floats
    classes: tuple[str, ...]

    def probabilities(self, features: Floats) -> Floats:
        logits = features @ self.weight.T + self.bias
        logits -= logits.max(1, keepdims=True)
        exp = np.exp(logits)
        return np.asarray(exp / exp.sum(1, keepdims=True), np.float32)


def split_in_time(
    groups: NDArray[np.str_], ends: Ints, gap: int, share: float = 0.6
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(fit, test) of windows that end at `ends` frames of their group's file: its first `share`, and what comes `gap`
    frames later. A window's own length belongs into the gap."""
    fit, test = np.zeros(len(ends), bool), np.zeros(len(ends), bool)
    for group in np.unique(groups):
        own = groups == group
        edge = ends[own].max() * share
        fit |= own & (ends <= edge)
        test |= own & (ends > edge + gap)
    return fit, test


def fit_probe(features: Floats, labels: NDArray[np.str_], groups: NDArray[np.str_], seed: int = 0) -> Probe:
    """A multinomial logistic regression on standardised features, classes weighted alike.

    features: (windows, dimensions). Its regularisation is the best of STRENGTHS on a quarter of the groups.
    Raises BridgeError if there is but one class, or scikit-learn is missing.
    """
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError as error:
        raise BridgeError("probes need scikit-learn: pip install 'oscbridge[train]'", 404) from error
    if len(np.unique(labels)) < 2:
        raise BridgeError(f"all windows are {str(labels[0])!r}; a probe tells classes apart and needs two")
    mean, std = features.mean(0), features.std(0) + 1e-4

    def fitted(rows: NDArray[np.bool_], strength: float) -> LogisticRegression:
        model = LogisticRegression(C=strength, max_iter=300, class_weight="balanced", random_state=seed)
        return model.fit((features[rows] - mean) / std, labels[rows])

    inner = _inner_split(labels, groups, seed)
    scores = []
    for strength in STRENGTHS:
        model = fitted(inner, strength)
        scores.append(balanced_accuracy(labels[~inner], model.predict((features[~inner] - mean) / std)))
    model = fitted(np.ones(len(labels), bool), STRENGTHS[int(np.argmax(scores))])
    weight, bias = model.coef_, model.intercept_
    if len(weight) == 1:  # two classes come as one logit
        weight, bias = np.concatenate([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    weight = weight / std
    bias = bias - weight @ mean
    return Probe(weight.astype(np.float32), bias.astype(np.float32), tuple(str(c) for c in model.classes_))


def judge(features: Floats, windows: Windows, seeds: Sequence[int] = (0, 1, 2)) -> Result:
    """Fits a probe for each seed and tests it."""
    accuracies, probabilities = [], []
    truth = windows.labels[windows.test]
    rows = np.flatnonzero(windows.fit)
    for seed in seeds:
        rng = np.random.default_rng(seed)
        some = rng.permutation(rows)[: int(FIT_SHARE * len(rows))]
        probe = fit_probe(features[some], windows.labels[some], windows.groups[some], seed)
        said = probe.probabilities(features[windows.test])
        probabilities.append(said)
        accuracies.append(balanced_accuracy(truth, np.array(probe.classes)[said.argmax(1)]))
    classes = probe.classes
    index = {name: i for i, name in enumerate(classes)}
    true = np.array([index[t] for t in truth])
    loss = float(np.mean([-np.log(p[np.arange(len(true)), true] + 1e-9).mean() for p in probabilities]))
    answers = [np.array(classes)[p.argmax(1)] for p in probabilities]
    low, high = interval(truth, answers, windows.groups[windows.test])
    table = np.zeros((len(classes), len(classes)))
    for answer in answers:
        np.add.at(table, (true, np.array([index[a] for a in answer])), 1)
    table /= np.maximum(table.sum(1, keepdims=True), 1)
    return Result(float(np.mean(accuracies)), float(np.std(accuracies)), low, high, loss, table, classes)


def balanced_accuracy(truth: NDArray[np.str_], said: NDArray[np.str_]) -> float:
    """The mean over classes of the share that is told right."""
    return float(np.mean([(said[truth == c] == c).mean() for c in np.unique(truth)]))


def interval(
    truth: NDArray[np.str_], answers: Sequence[NDArray[np.str_]], groups: NDArray[np.str_]
) -> tuple[float, float]:
    """The 95 % interval of the balanced accuracy, over test groups drawn with replacement within each class.

    Source: Efron & Tibshirani (1993), An introduction to the bootstrap, 13.3. A class that is a single group (a track
    to be told from others) has its windows drawn instead.
    """
    right = np.mean([a == truth for a in answers], axis=0)
    rng = np.random.default_rng(0)
    means = []
    for name in np.unique(truth):
        own, of = right[truth == name], groups[truth == name]
        members = [own[of == g] for g in np.unique(of)]
        if len(members) == 1:
            members = list(members[0].reshape(-1, 1))
        sums, sizes = np.array([m.sum() for m in members]), np.array([len(m) for m in members])
        drawn = rng.integers(len(members), size=(RESAMPLES, len(members)))
        means.append(sums[drawn].sum(1) / sizes[drawn].sum(1))
    low, high = np.percentile(np.mean(means, axis=0), [2.5, 97.5])
    return float(low), float(high)


def _inner_split(labels: NDArray[np.str_], groups: NDArray[np.str_], seed: int) -> NDArray[np.bool_]:
    """Rows to fit on while the regularisation is chosen: three quarters of each class's groups, or of its windows."""
    rng = np.random.default_rng([seed, 7])
    inner = np.zeros(len(labels), bool)
    for name in np.unique(labels):
        own = np.flatnonzero(labels == name)
        of = np.unique(groups[own])
        if len(of) >= 4:
            chosen = rng.permutation(of)[: 3 * len(of) // 4]
            inner[own] = np.isin(groups[own], chosen)
        else:
            inner[rng.permutation(own)[: max(1, 3 * len(own) // 4)]] = True
    return inner if not inner.all() else np.arange(len(labels)) % 4 != 0
