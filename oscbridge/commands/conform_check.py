"""What a check of the wire is: a sentence, a function and an outcome. The modules conform_*.py add theirs to CHECKS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..ear.anatomy import Layer
from ..osc.clients import Source

if TYPE_CHECKING:
    from .conform_talk import Talk

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
LIGHT, HEAVY, MOVES = "light", "heavy", "moves"  # lanes: side by side; one at a time; one at a time, and changes things
WIDTH = 160


class Differs(Exception):
    """What was expected did not come."""

    def __init__(self, expected: str, came: str) -> None:
        super().__init__(expected, came)
        self.expected, self.came = short(expected), short(came)


class Skip(Exception):
    """It cannot be checked here; the text says why."""


@dataclass(frozen=True)
class Station:
    """The implementation under test, as its first answers tell it. http: where its HTTP server is, "" if nowhere."""

    host: str
    port: int
    is_local: bool
    http: str
    epoch: int
    neurons: int
    layers: tuple[Layer, ...] = ()

    def talk(self, hello: bool = True) -> Talk:
        from .conform_talk import Talk

        return Talk(self.host, self.port, hello)

    @property
    def http_at(self) -> Source:
        """Host and port of its HTTP server. Raises Skip if it tells none."""
        from urllib.parse import urlsplit

        parts = urlsplit(self.http)
        if not parts.hostname or not parts.port:
            raise Skip("its welcome tells no URL")
        return parts.hostname, parts.port


Run = Callable[[Station], "str | None"]


@dataclass(frozen=True)
class Check:
    """name: for --only; run: returns a remark or nothing, raises Differs or Skip."""

    name: str
    sentence: str
    run: Run
    lane: str = LIGHT


@dataclass(frozen=True)
class Result:
    """outcome: PASSED, FAILED or SKIPPED; came: also a remark, or why it was skipped."""

    check: Check
    outcome: str
    expected: str = ""
    came: str = ""

    def told(self) -> dict[str, str]:
        """As --json tells it."""
        c = self.check
        return {
            "check": c.name, "sentence": c.sentence, "outcome": self.outcome, "expected": self.expected,
            "came": self.came,
        }  # fmt: skip


CHECKS: dict[str, Check] = {}


def check(sentence: str, lane: str = LIGHT) -> Callable[[Run], Run]:
    """Puts a function into CHECKS under its own name."""

    def register(run: Run) -> Run:
        name = run.__name__.replace("_", "-")
        CHECKS[name] = Check(name, sentence, run, lane)
        return run

    return register


def carry_out(one: Check, station: Station) -> Result:
    """Runs a check; whatever it raises becomes its outcome."""
    try:
        remark = one.run(station)
    except Differs as error:
        return Result(one, FAILED, error.expected, error.came)
    except Skip as error:
        return Result(one, SKIPPED, "", short(str(error)))
    except OSError as error:
        return Result(one, FAILED, "an answer", short(f"the system says: {error.strerror or error}"))
    except (ValueError, IndexError, KeyError, TypeError) as error:  # what came is not even of the right shape
        return Result(one, FAILED, one.sentence, short(f"what cannot be read: {error!r}"))
    return Result(one, PASSED, "", remark or "")


def expect(condition: bool, expected: str, came: Any) -> None:
    """Raises Differs unless the condition holds."""
    if not condition:
        raise Differs(expected, str(came))


def short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"
