"""A film of a layout: the ear hears its loop, and its neurons light up."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from ..ear.neurons import Normalizer
from ..ear.scalogram import ScalogramStream
from ..ear.streaming import EarStream
from ..ear.weights import LoadedEar
from ..errors import BridgeError
from ..layout import picture
from ..layout.graph import Network
from ..layout.snapshots import between

EVERY = 2  # hops a picture: 21.5 a second
EDGES_A_LINK = 300  # what is lit for a moment needs less than a still


def write_mp4(
    console: Console, path: Path, loaded: LoadedEar, loop: torch.Tensor, positions: Any, network: Network, size: int
) -> None:
    """One round of the loop, with its sound. Raises BridgeError if ffmpeg is missing or fails."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        raise BridgeError("a film needs ffmpeg; install it (Debian: sudo apt-get install ffmpeg) and try again", 404)
    scalogram = loaded.ear.spec.scalogram
    values = heard(loaded, loop)
    edges, spans = picture.strokes(network, EDGES_A_LINK), network.spans
    radius = np.hypot(positions[0, :, 0], positions[0, :, 1])
    reach = float(np.percentile(radius, 99.5)) * 1.08  # one for all pictures
    with tempfile.TemporaryDirectory() as folder:
        sound, film = Path(folder) / "loop.wav", Path(folder) / "film.mp4"
        soundfile.write(sound, loop.numpy(), scalogram.rate)
        command = [ffmpeg, "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size}x{size}"]
        command += ["-r", f"{scalogram.rate}/{scalogram.hop * EVERY}", "-i", "-", "-i", str(sound)]
        command += ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "18", "-c:a", "aac", "-shortest", str(film)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdin is not None and process.stderr is not None
            try:
                for hop in track(range(0, len(values), EVERY), "film", console=console):
                    places = between(positions, hop / len(values))
                    shown = picture.draw(places, spans, size=size, edges=edges, light=values[hop], reach=reach)
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


@torch.inference_mode()
def heard(loaded: LoadedEar, loop: torch.Tensor) -> NDArray[np.float32]:
    """(hops, neurons): brightness 0 to 1 at every hop of the second round of the loop."""
    from ..ear.anatomy import anatomy

    hop = loaded.ear.spec.scalogram.hop
    normalizer = Normalizer(anatomy(loaded.ear.spec).layers, loaded.statistics, "neuron", 1.0, 0.0)
    scalogram, stream = ScalogramStream(loaded.bank), EarStream(loaded.ear)
    hops = len(loop) // hop

    def rounds() -> Iterator[NDArray[np.float32]]:
        for index in range(2 * hops):
            at = index % hops * hop
            stream.push(scalogram.push(loop[at : at + hop]))
            if index >= hops:
                yield normalizer(stream.values.numpy().copy())

    return np.stack(list(rounds()))
