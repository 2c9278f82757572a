"""A film of a layout: the network hears its loop, and its neurons light up."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from ..ear.hearing import heard
from ..ear.model import Model
from ..ear.neurons import Normalizer
from ..errors import BridgeError
from ..layout import picture
from ..layout.graph import Network
from ..layout.snapshots import between

EVERY = 2  # hops a picture: 21.5 a second
EDGES_A_LINK = 300  # what is lit for a moment needs less than a still


def write_mp4(
    console: Console, path: Path, model: Model, loop: torch.Tensor, positions: Any, network: Network, size: int
) -> None:
    """One round of the loop, with its sound. Raises BridgeError if ffmpeg is missing or fails."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        raise BridgeError("a film needs ffmpeg; install it (Debian: sudo apt-get install ffmpeg) and try again", 404)
    rate, hop = model.plan.rate, model.plan.hop
    values = _brightness(model, loop)
    edges, spans = picture.strokes(network, EDGES_A_LINK), network.spans
    reach = picture.reach_of(positions[0])  # one for all pictures
    with tempfile.TemporaryDirectory() as folder:
        sound, film = Path(folder) / "loop.wav", Path(folder) / "film.mp4"
        soundfile.write(sound, loop.numpy(), rate)
        command = [ffmpeg, "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size}x{size}"]
        command += ["-r", f"{rate}/{hop * EVERY}", "-i", "-", "-i", str(sound)]
        command += ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "18", "-c:a", "aac", "-shortest", str(film)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdin is not None and process.stderr is not None
            try:
                for index in track(range(0, len(values), EVERY), "film", console=console):
                    places = between(positions, index / len(values))
                    shown = picture.draw(places, spans, size=size, edges=edges, light=values[index], reach=reach)
                    process.stdin.write(shown.tobytes())
                process.stdin.close()
            except BrokenPipeError:
                pass
            why = process.stderr.read().decode(errors="replace").strip()
        if process.returncode != 0:
            raise BridgeError(f"ffmpeg could not write the film: {why[-300:]}", 500)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}")
        shutil.move(film, part)
        part.replace(path)
    console.print(f"filmed as {path}")


def _brightness(model: Model, loop: torch.Tensor) -> NDArray[np.float32]:
    """(hops, neurons): 0 to 1 at every hop of the loop."""
    normalizer = Normalizer(model.plan.layers, model.statistics, "neuron", 1.0, 0.0)
    return np.stack([normalizer(values) for values in heard(model, loop)])
