"""The commands that show what a network is, and what it does on music: explain, measure."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import BridgeError
from .refusing import refuse


def add_to(app: typer.Typer) -> None:
    app.command()(explain)
    app.command()(measure)


def explain(
    file: Annotated[Path, typer.Argument(help="The sound: any format libsndfile reads.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The picture: .png or .jpg.")],
    model: Annotated[
        list[str] | None, typer.Option(help="ear, vgg-tagger, or a path to a YAML; several: side by side.")
    ] = None,
    layers: Annotated[str, typer.Option(help="Names or numbers, as conv1,conv3; some of each depth if none.")] = "",
    start: Annotated[float, typer.Option(help="Where to begin, in seconds.")] = 0.0,
    seconds: Annotated[float, typer.Option(help="How much of it, at most 60.")] = 16.0,
    gate: Annotated[
        float | None, typer.Option(help="Level in dBFS below which the tagger's words count as none.")
    ] = None,
) -> None:
    """Draws what a network makes of a sound, layer by layer: spectrogram, feature maps, and what it says."""
    from .explain import Wanted
    from .explain import explain as draw

    gated = {} if gate is None else {"gate_db": gate}
    try:
        draw(Wanted(file, out, tuple(model or ["ear"]), layers, start, seconds, **gated))
    except BridgeError as error:
        raise refuse(error) from error


def measure(
    model: Annotated[str, typer.Argument(help="The network: a name, or a path to its YAML; not an ear.")],
    music: Annotated[list[Path], typer.Argument(help="Sound files, or folders of them: music as it will hear.")],
    windows: Annotated[int, typer.Option(min=16, max=10_000, help="How many moments of it to listen to.")] = 512,
) -> None:
    """Learns from your music what is dark and bright for each neuron of the tagger or a network of your own."""
    from rich.console import Console

    from .measure import measure as run

    try:
        run(model, music, windows, Console(highlight=False))
    except BridgeError as error:
        raise refuse(error) from error
