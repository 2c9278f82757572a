"""What a check of the doctor says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

OK, WARN, PROBLEM = "ok", "warn", "PROBLEM"


@dataclass(frozen=True)
class Finding:
    """One line of the report. todo: what to do about it; a PROBLEM always says so."""

    mark: str
    subject: str
    text: str
    todo: str = ""


Check = Callable[[], Iterable[Finding]]
