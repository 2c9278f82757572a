"""The commands that show what a network is: explain."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import BridgeError
from .refusing import refuse


def add_to(app: typer.Typer) -> None:
    app.command()(explain)


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
