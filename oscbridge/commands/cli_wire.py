"""The commands for those who build on the wire: conform, simulate, record."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import BridgeError
from .refusing import refuse


def add_to(app: typer.Typer) -> None:
    for command in (conform, simulate, record):
        app.command()(command)


def conform(
    host: Annotated[str, typer.Argument(help="Where it runs.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Its UDP port.", min=1, max=65535)] = 9870,
    http_port: Annotated[
        int | None, typer.Option(help="Its HTTP port; what its welcome tells if none.", min=1, max=65535)
    ] = None,
    only: Annotated[list[str] | None, typer.Option(help="This check only; may be repeated.")] = None,
    gentle: Annotated[bool, typer.Option("--gentle", help="Leave out whatever sets or selects something.")] = False,
    json: Annotated[bool, typer.Option("--json", help="The same as JSON.")] = False,
) -> None:
    """Holds a daemon, this one or one of your own, against the contract, message by message.

    It says hello, subscribes to every stream for moments, asks for all parameters, and sends mistakes that have to be
    refused.

    It also moves dream.noise_db up, down and back within one bundle, sets some parameters to what they are, and selects
    a layer, named "oscbridge conform", for half a second; where others have selected something that name stays, with
    the weight 0. --gentle leaves this paragraph out.

    Ends with 0 if nothing failed, 1 if something did, 2 if nothing answers.
    """
    from .conform import show

    try:
        code = show(host, port, http_port, only or [], gentle, json)
    except BridgeError as error:
        raise refuse(error) from error
    raise typer.Exit(code)


def simulate(
    recording: Annotated[
        Path | None, typer.Argument(help="What `oscbridge record` made; the bundled one if none.")
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; 0.0.0.0 opens to the network.")] = None,
    port: Annotated[int | None, typer.Option(help="UDP port for OSC; 0 takes a free one.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="section.name=value; may be repeated.")] = None,
    ready_file: Annotated[Path | None, typer.Option(help="Write one JSON line here at the first frame.")] = None,
) -> None:
    """The daemon as patches see it, without its network: it plays a recording. Ends with Ctrl-C."""
    from .simulate import simulate as play

    chosen = {"server.host": host, "server.port": port}
    overrides = [f"{name}={value}" for name, value in chosen.items() if value is not None]
    try:
        code = play(recording, overrides + (set_ or []), ready_file)
    except BridgeError as error:
        raise refuse(error) from error
    raise typer.Exit(code)


def record(
    out: Annotated[Path, typer.Argument(metavar="FILE", help="Where to; what is there is replaced.")],
    model: Annotated[str, typer.Option(help="The network: a name, or a path to its YAML.")] = "ear-half",
    loop: Annotated[Path | None, typer.Option(help="The sound file it hears; the bundled loop if none.")] = None,
    seconds: Annotated[float, typer.Option(help="How much of it.")] = 8.0,
    clips: Annotated[int, typer.Option(help="Clips of a dream; 0: no dream.", min=0, max=16)] = 2,
    select: Annotated[
        str, typer.Option(help="What the dream excites, as in `oscbridge dream`.")
    ] = "layer:z channels:0-15",
) -> None:
    """Records what a network answers to a loop, and a dream of its, for `oscbridge simulate`."""
    from .record import Wanted
    from .record import record as make

    try:
        make(Wanted(out, model, loop, seconds, clips, select))
    except BridgeError as error:
        raise refuse(error) from error
