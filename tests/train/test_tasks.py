"""Probes are fitted on nothing that they are tested on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from oscbridge.errors import BridgeError
from oscbridge.train.shelf import Track
from oscbridge.train.tasks import TASKS, chosen, to_learn, windows

LABELS = {
    "scores": {"a.flac": {"corpus": "bach", "piece": "1", "family": "piano", "guitar": "no"}},
    "scores-held": {
        "b.flac": {"corpus": "bach", "piece": "2", "family": "guitar", "guitar": "yes"},
        "c.flac": {"corpus": "trecento", "piece": "2", "family": "piano", "guitar": "no"},
    },
    "house-held": {
        "own-00.flac": {"track": "0", "kind": "own"},
        "own-01.flac": {"track": "1", "kind": "own"},
        "one-00.flac": {"track": "0", "kind": "one"},
    },
}
FILES = [(folder, name) for folder, rows in LABELS.items() for name in rows]
WHERE = np.repeat([folder for folder, _ in FILES], 20)
NAMES = np.repeat([name for _, name in FILES], 20)
ENDS = np.tile(np.arange(20) * 100, len(FILES))


def test_other_files_are_fitted_on_than_tested_on() -> None:
    w = windows(TASKS["instrument"], WHERE, NAMES, ENDS, 200, LABELS)
    assert set(NAMES[w.fit]) == {"a.flac"} and set(NAMES[w.test]) == {"b.flac", "c.flac"}
    assert set(w.labels[w.test]) == {"guitar", "piano"} and set(w.groups[w.test]) == {"2"}


def test_of_tracks_the_end_is_tested_and_a_window_lies_between() -> None:
    w = windows(TASKS["house-own"], WHERE, NAMES, ENDS, 200, LABELS)
    assert set(w.labels[w.fit]) == {"0", "1"} and set(NAMES[w.fit]) == {"own-00.flac", "own-01.flac"}
    assert ENDS[w.test].min() - ENDS[w.fit].max() > 200
    assert not (w.fit & w.test).any()


def test_labelled_training_hears_no_second_that_is_tested() -> None:
    tracks = [Track(folder, name, 1_000, Path(name)) for folder, name in FILES]
    learn, labels = to_learn(["composer", "house-own"], LABELS, tracks)
    assert {t.key: t.frames for t in learn} == {
        "scores/a.flac": 1_000, "house-held/own-00.flac": 600, "house-held/own-01.flac": 600,
    }  # fmt: skip
    assert labels["scores/a.flac"] == {"composer": "bach"} and labels["house-held/own-01.flac"] == {"house-own": "1"}


def test_an_unknown_task_is_told_with_the_nearest() -> None:
    assert list(chosen([])) == list(TASKS)
    with pytest.raises(BridgeError, match=r"no task 'composr'.*Did you mean composer"):
        chosen(["composr"])
    with pytest.raises(BridgeError, match="no file of these folders"):
        to_learn(["composer"], {}, [])
