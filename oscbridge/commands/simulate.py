"""`oscbridge simulate`: the daemon with a recording in the place of its ear, for whoever makes a patch."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import yaml

from .. import resources, settings
from ..daemon import simulated_dream, simulated_ear, simulated_layout
from ..daemon.workers import Workers
from ..ear.recording import Recording, load_recording
from ..ear.spec import load_spec
from ..errors import BridgeError
from ..files import write_whole
from .run import serve

BUNDLED = "ear-half.rec"
FOLDER = "simulation"  # in the user's folder, so that clips of a simulated dream don't lie among real ones


def bundled() -> Path:
    """The recording that travels with the package."""
    return resources.folder("models") / "recordings" / BUNDLED


def simulate(path: Path | None, overrides: list[str], ready_file: Path | None) -> int:
    """Runs until SIGTERM or Ctrl-C. path: the recording, None for the bundled one; overrides: "section.name=value".

    Returns the exit status. Raises BridgeError for a mistake in the settings, or if there is no such recording.
    """
    for text in overrides:
        if text.partition("=")[0].strip() == "model.name":
            raise BridgeError(f"--set {text} has no effect here; the recording says which network it is of")
    file = bundled() if path is None else path.expanduser().absolute()
    recording = load_recording(file)
    folder = resources.user_folder("") / FOLDER
    chosen = settings.load(None, [f"server.folder={folder}", *overrides])
    model = _model_of(recording, resources.user_folder(chosen.server.folder))
    chosen = settings.load(None, [f"server.folder={folder}", *overrides, f"model.name={model}"])
    workers = Workers(*(partial(part.run, str(file)) for part in (simulated_ear, simulated_layout, simulated_dream)))
    sound = f"none: plays {file.name}, which heard {recording.header.sound}"
    return serve(chosen, ready_file, sound, workers)


def _model_of(recording: Recording, folder: Path) -> str:
    """The network's name if it travels with the package, else the path of a YAML with its sizes."""
    spec = recording.header.spec
    try:
        if load_spec(resources.model_file(spec.name)) == spec:
            return spec.name
    except BridgeError:
        pass  # one of the user's own, whose files need not be here
    path = folder / "models" / f"{Path(spec.name).name or 'ear'}.yaml"
    write_whole(path, yaml.safe_dump(spec.model_dump(mode="json")).encode())
    return str(path)
