"""What the probes ask: which set, what it is told by, and how windows to fit on are kept from windows to test on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..errors import BridgeError
from ..validation import did_you_mean
from .probes import Windows, split_in_time
from .shelf import Track
from .supervised import Labels

FIT_SHARE = 0.6  # of a track's time, where it is split in time
GAP = 1  # windows between what is fitted on and what is tested on


@dataclass(frozen=True)
class Task:
    """fit, test: folders; "" for test splits each file of `fit` in time. label: a column of labels.csv, "file" the
    file itself. where: only rows with this value in this column. group: the column that intervals are drawn by."""

    question: str
    fit: str
    test: str
    label: str
    where: tuple[str, str] = ("", "")
    group: str = "file"


TASKS: dict[str, Task] = {
    "house-own": Task("which of 15 house tracks, each with its own sound", "house-held", "", "track", ("kind", "own")),
    "house-one": Task("which of 15 house tracks, all with one sound", "house-held", "", "track", ("kind", "one")),
    "house-section": Task(
        "which of 15 house tracks, sound re-drawn every 8 bars", "house-held", "", "track", ("kind", "section")
    ),
    "composer": Task("Bach, trecento or fiddle tune", "scores", "scores-held", "corpus", group="piece"),
    "instrument": Task("which of 6 families of instruments", "scores", "scores-held", "family", group="piece"),
    "guitar": Task("whether a guitar is playing", "scores", "scores-held", "guitar", group="piece"),
    "unheard": Task("which of 38 orchestral recordings, a domain kept out of training", "recordings-held", "", "file"),
}


def chosen(names: Sequence[str]) -> dict[str, Task]:
    """The tasks of these names, all if none is named. Raises BridgeError."""
    for name in names:
        if name not in TASKS:
            raise BridgeError(f"no task {name!r}; there are {', '.join(TASKS)}.{did_you_mean(name, list(TASKS))}", 404)
    return {name: TASKS[name] for name in (names or TASKS)}


def answers(task: Task, labels: Mapping[str, Mapping[str, str]]) -> dict[str, tuple[str, str]]:
    """(label, group) of every file of a set that the task asks about. labels: the set's labels.csv."""
    column, value = task.where
    found = {}
    for name, row in labels.items():
        if not column or row.get(column) == value:
            label = name if task.label == "file" else row.get(task.label, "")
            if label:
                found[name] = label, (name if task.group == "file" else row.get(task.group, name))
    return found


def windows(
    task: Task, where: NDArray[np.str_], names: NDArray[np.str_], ends: NDArray[np.int64], length: int,
    labels: Mapping[str, Mapping[str, Mapping[str, str]]],
) -> Windows:  # fmt: skip
    """A task's windows among those of all sets.

    where, names, ends: (windows,) the set and file of each, and the frame that it ends at; length: frames of a window;
    labels: of each set, its labels.csv
    """
    label, group = np.full(len(where), "", dtype=object), np.full(len(where), "", dtype=object)
    fit, test = np.zeros(len(where), bool), np.zeros(len(where), bool)
    for folder in {task.fit, task.test} - {""}:
        for name, (said, piece) in answers(task, labels[folder]).items():
            own = (where == folder) & (names == name)
            label[own], group[own] = said, piece
            (fit if folder == task.fit else test)[own] = True
    if not task.test:
        some = fit.copy()
        fit[some], test[some] = split_in_time(names[some], ends[some], GAP * length, FIT_SHARE)
    return Windows(label.astype(str), group.astype(str), fit, test)


def to_learn(
    names: Sequence[str], labels: Mapping[str, Mapping[str, Mapping[str, str]]], tracks: Sequence[Track]
) -> tuple[list[Track], Labels]:
    """(tracks, labels) for training a classifier with labels, on no second that a probe is tested on."""
    found: dict[str, dict[str, str]] = {}
    short: set[str] = set()
    for name, task in chosen(names).items():
        for file, (said, _) in answers(task, labels.get(task.fit, {})).items():
            key = f"{task.fit}/{file}"
            found.setdefault(key, {})[name] = said
            if not task.test:
                short.add(key)
    learn = [replace(t, frames=int(t.frames * FIT_SHARE)) if t.key in short else t for t in tracks if t.key in found]
    if not learn:
        raise BridgeError(
            f"no file of these folders belongs to {', '.join(names)}; give the sets that oscbridge data makes"
        )
    return learn, found
