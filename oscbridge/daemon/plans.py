"""What any network is, without loading torch here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from ..ear import plan
from ..ear.anatomy import Layer
from ..ear.plan import Plan
from ..ear.spec import ModuleSpec, load_any_spec
from ..ear.tell_plan import MARK
from ..errors import BridgeError

TELL_S = 120.0


def plan_of(path: Path) -> Plan:
    """Of the network whose YAML that is. One of the user's own is made in a process of its own, which takes seconds.

    Raises BridgeError with every mistake in it."""
    return _told(path) if isinstance(load_any_spec(path), ModuleSpec) else plan.plan_of(path)


def _told(path: Path) -> Plan:
    root = Path(__file__).resolve().parents[2]  # so that a checkout works that is not installed
    paths = os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])])
    command = [sys.executable, "-m", "oscbridge.ear.tell_plan", str(path)]
    try:
        ended = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TELL_S,
            env={**os.environ, "PYTHONPATH": paths},
        )
    except subprocess.TimeoutExpired as error:
        raise BridgeError(
            f"{path}: the network was not made within {TELL_S:.0f} s; is its function waiting?"
        ) from error
    lines = [x for x in ended.stdout.decode(errors="replace").splitlines() if x.startswith(MARK)]
    if ended.returncode or not lines:
        why = ended.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise BridgeError(f"{path}: making the network ended with {ended.returncode}: {''.join(why)}")
    told = json.loads(lines[-1].removeprefix(MARK))
    if "refused" in told:
        raise BridgeError(told["refused"], told["code"])
    return Plan(**{**told, "layers": tuple(Layer(**x) for x in told["layers"]), "classes": tuple(told["classes"])})
