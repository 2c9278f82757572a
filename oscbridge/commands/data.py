"""`oscbridge data`: makes the training sets."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ..errors import BridgeError
from ..train.data import SETS, make
from ..validation import did_you_mean

SHOWN = 10


def make_sets(names: list[str], folder: Path, workers: int) -> int:
    """Makes the named sets (all if none is). Returns 1 if one could not be made, so that a script sees it."""
    for name in names:
        if name not in SETS:
            raise BridgeError(f"no set {name!r}; there are {', '.join(SETS)}.{did_you_mean(name, list(SETS))}", 404)
    console = Console(stderr=True)
    failed = False
    columns = TextColumn("{task.description:16}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    for name in names or SETS:
        try:
            with Progress(*columns, console=console) as bar:
                troubles = make(name, folder, workers or os.cpu_count() or 1, _mover(bar, name))
        except BridgeError as error:
            console.print(f"[yellow]{name}: {error}")
            failed = True
            continue
        for text in troubles[:SHOWN]:
            console.print(f"[yellow]{text}")
        if len(troubles) > SHOWN:
            console.print(f"[yellow]… and {len(troubles) - SHOWN} more")
    return int(failed)


def _mover(bar: Progress, name: str) -> Callable[[str, int, int], None]:
    task = bar.add_task(name)
    return lambda what, done, total: bar.update(task, description=what, completed=done, total=total)
