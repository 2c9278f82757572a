"""From `git clone` to first light: `python -m tests.bench.first_light`, by hand, for it makes an environment anew."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.web.visit import ARGUMENTS, Visit
from tests.wire import ROOT

PATIENCE_S = 1_800.0


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="oscbridge-light-") as name:
        folder, began = Path(name), time.monotonic()
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder / "oscbridge")], check=True)
        cloned = time.monotonic() - began
        first = _run(folder, "the environment made, the first frame there")
        again = _run(folder, "the second start, the first frame there")
    print(f"git clone {cloned:.1f} s; {first}; {again}")


def _run(folder: Path, what: str) -> str:
    ready = folder / "ready.json"
    ready.unlink(missing_ok=True)
    sets = ("server.port=0", "server.http_port=0", f"server.folder={folder / 'data'}", "server.discovery=false")
    arguments = " ".join([*(f"--set {s}" for s in sets), f"--ready-file {ready}"])
    began = time.monotonic()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("VIRTUAL_ENV")}
    process = subprocess.Popen(["make", "run", f"ARGS={arguments}"], cwd=folder / "oscbridge", env=environment)
    try:
        _until(ready.exists)
        started = time.monotonic() - began
        facts = json.loads(ready.read_text())
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
            opened = time.monotonic()
            with Visit(browser, f"http://127.0.0.1:{facts['http_port']}/ui/", (1_440, 900)) as visit:
                visit.until("window.oscbridge?.framesReceived > 0 && window.oscbridge?.framesDrawn > 1")
                light = time.monotonic() - opened
            browser.close()
        os.kill(facts["pid"], signal.SIGTERM)
        process.wait(30)
    finally:
        if process.poll() is None:
            process.terminate()
    return f"{what} after {started:.1f} s, the page opened and lit {light:.1f} s later"


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


if __name__ == "__main__":
    main()
