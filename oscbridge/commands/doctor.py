"""`oscbridge doctor`: what can be known about this machine, made to be pasted into a bug report."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

from .. import __version__, settings
from ..sections import Settings
from . import doctor_ear, doctor_machine, doctor_wire
from .finding import OK, PROBLEM, WARN, Check, Finding

COLOURS = {OK: "green", WARN: "yellow", PROBLEM: "bold red"}


def examine(config: Path | None, overrides: list[str], as_json: bool) -> int:
    """1 if there is a PROBLEM. Raises BridgeError for a mistake in the settings."""
    chosen = settings.load(config, overrides)
    findings: list[Finding] = []
    console = Console(highlight=False, soft_wrap=True)
    if not as_json:
        console.print(f"oscbridge doctor {__version__}\n", markup=False)
    for finding in findings_of(checks(chosen)):
        findings.append(finding)
        if not as_json:
            _show(console, finding)
    counts = {mark: sum(f.mark == mark for f in findings) for mark in (OK, WARN, PROBLEM)}
    if as_json:
        facts = {"oscbridge": __version__, "counts": counts, "findings": [vars(f) for f in findings]}
        print(json.dumps(facts, indent=1))
    else:
        console.print(f"\n{counts[OK]} ok, {counts[WARN]} warn, {counts[PROBLEM]} PROBLEM", markup=False)
    return 1 if counts[PROBLEM] else 0


def checks(chosen: Settings) -> list[Check]:
    """Everything that is looked at, the quick things first. Each gives its findings when it is called."""
    return [
        doctor_machine.system,
        doctor_machine.libraries,
        lambda: doctor_machine.folders(chosen),
        doctor_machine.clock,
        doctor_machine.governor,
        lambda: doctor_wire.ports(chosen),
        doctor_wire.buffers,
        lambda: doctor_wire.inputs(chosen),
        lambda: doctor_wire.midi(chosen),
        lambda: doctor_ear.network(chosen),
    ]


def findings_of(wanted: Iterable[Check]) -> Iterator[Finding]:
    """A check that breaks is a finding itself, and the others go on."""
    for check in wanted:
        try:
            yield from check()
        except Exception as error:
            text = f"this check broke: {type(error).__name__}: {error}"
            yield Finding(PROBLEM, "doctor", text, "paste this into a bug report")


def _show(console: Console, finding: Finding) -> None:
    line = Text(f"{finding.mark:<8}", COLOURS[finding.mark])
    console.print(line.append(f"{finding.subject:<9} {finding.text}", "default"))
    if finding.todo:
        console.print(Text(f"{'':<18}-> {finding.todo}"))
