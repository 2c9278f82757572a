"""`oscbridge run`: starts the daemon and says where everything is."""

from __future__ import annotations

import logging
import logging.handlers
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from .. import __version__, resources, settings
from ..daemon import control
from ..daemon.route_desk import read_set, route_files
from ..daemon.workers import WORKERS, Workers
from ..errors import BridgeError
from ..sections import Settings

LOG_BYTES = 1_000_000


def run_daemon(config: Path | None, overrides: list[str], ready_file: Path | None, sets: Sequence[str] = ()) -> int:
    """Runs until SIGTERM or Ctrl-C. sets: of routes, by their names.

    Returns the exit status. Raises BridgeError for a mistake in the settings.
    """
    chosen = settings.load(config, overrides)
    for name in sets:
        routes = read_set(route_files(resources.user_folder(chosen.server.folder)), name)
        chosen = chosen.model_copy(update={settings.ROUTES: [*chosen.routes, *routes]})
    return serve(chosen, ready_file, _source(chosen))


def serve(chosen: Settings, ready_file: Path | None, sound: str, workers: Workers = WORKERS) -> int:
    """Runs a daemon to its end. sound: what it will hear, in words; workers: what its processes do.

    Returns the exit status. Raises BridgeError for a mistake in the settings.
    """
    log_file = _start_log(resources.user_folder(chosen.server.folder))
    daemon: control.Daemon | None = None

    def build() -> control.Daemon:
        nonlocal daemon
        daemon = control.Daemon(chosen, _say, log_file, workers)
        _greet(daemon, chosen, sound)
        daemon.on_first_frame = lambda: _first_frame(daemon, ready_file)
        return daemon

    try:
        control.run(build)
    except BridgeError:
        raise
    except Exception:
        logging.getLogger(__name__).exception("the daemon stopped by a fault of its own")
        print(f"oscbridge: internal error, see {log_file or 'above'}", file=sys.stderr)
        return 1
    _say("ended")
    return 0


def _greet(daemon: control.Daemon, chosen: Settings, sound: str) -> None:
    s, a = chosen.server, daemon.plan
    opened = "this machine only" if s.host in ("127.0.0.1", "::1", "localhost") else "the networks in server.allow"
    print(f"oscbridge {__version__}")
    print(f"  page     {daemon.web.url()}/ui/")
    print(f"  OSC      udp://{s.host}:{daemon.endpoint.port}, for {opened}")
    sizes = f"{len(a.layers)} layers, {a.neurons:,} neurons, a frame every {a.hop_s * 1000:.1f} ms"
    print(f"  network  {chosen.model.name}: {sizes}")
    print(f"  sound    {sound}")
    if len(daemon.routes.table):
        print(f"  routes   {len(daemon.routes.table)}, of the settings; /ear/route/list tells them")
    print(f"  patches  {resources.folder('patches')}  (copy them: oscbridge patches DIR)")
    print("  watch    oscbridge monitor" + (f" --port {daemon.endpoint.port}" if daemon.endpoint.port != 9870 else ""))
    print("  end      Ctrl-C", flush=True)


def _source(chosen: Settings) -> str:
    listen = chosen.listen
    if listen.source == "device":
        return f"the input {listen.device}" if listen.device else "the system's default input"
    if listen.source == "clip":
        return "the clip that plays; until there is one, the bundled loop"
    if not listen.file:
        return "the bundled loop"
    return listen.file


def _first_frame(daemon: control.Daemon | None, ready_file: Path | None) -> None:
    assert daemon is not None
    if ready_file is not None:
        daemon.write_ready_file(ready_file)


def _say(text: str) -> None:
    """A line for the person at the terminal; a closed terminal does not end the show."""
    logging.getLogger("oscbridge.say").info(text)
    try:
        print(f"{time.strftime('%H:%M:%S')}  {text}", flush=True)
    except (BrokenPipeError, ValueError):
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - stays open as the new stdout


def _start_log(folder: Path) -> Path | None:
    """Warnings to the terminal, everything to a bounded file; without the file if it cannot be written."""
    root = logging.getLogger("oscbridge")
    root.setLevel(logging.INFO)
    shown = logging.StreamHandler()
    shown.setLevel(logging.ERROR)
    shown.setFormatter(logging.Formatter("oscbridge: %(message)s"))
    root.addHandler(shown)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "oscbridge.log"
        kept = logging.handlers.RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8")
    except OSError as error:
        print(f"oscbridge: no log file in {folder}: {error.strerror}", file=sys.stderr)
        return None
    kept.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.addHandler(kept)
    return path
