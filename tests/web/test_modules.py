"""The page's modules that need no browser, under node: the tests are in js/."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from oscbridge.osc.packets import encode
from tests.clients.need import need

ROOT = Path(__file__).parents[2]
PACKETS: list[tuple[str, str, list[Any]]] = [
    ("/ear/sync", "", []),
    ("/ear/hello", "si", ["browser", 0]),
    ("/ear/select/circle", "ffffs", [0.25, -0.5, 0.125, 1.0, "circle 1"]),
    ("/ear/clip/keep", "is", [-7, "gläsern"]),
    ("/ear/activations", "iiiiib", [1, 2, 0, 1, 0, [1, 2, 3, 255, 0]]),
]


def test_the_pages_modules_do_what_they_say(tmp_path: Path) -> None:
    node = need("node", package="nodejs")
    # beside a package.json of their own, for node takes .js files without one for another kind of module
    shutil.copytree(ROOT / "oscbridge" / "web", tmp_path / "oscbridge" / "web")
    tests = tmp_path / "tests" / "web" / "js"
    shutil.copytree(ROOT / "tests" / "web" / "js", tests)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tests / "packets.json").write_text(json.dumps([_packet(*packet) for packet in PACKETS]))
    files = sorted(str(path) for path in tests.glob("*.test.mjs"))
    assert files
    done = subprocess.run(
        [node, "--test", *files], capture_output=True, text=True, timeout=60, env=os.environ | {"NO_COLOR": "1"}
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _packet(address: str, types: str, args: list[Any]) -> dict[str, Any]:
    values = [bytes(value) if kind == "b" else value for kind, value in zip(types, args, strict=True)]
    return {"address": address, "types": types, "args": args, "bytes": encode(address, *values).hex()}
