"""The commands. Each imports what it needs when it runs, so that none waits for another's libraries."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from . import __version__
from .errors import BridgeError

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False,
    help="What a neural network hears, as OSC messages for TouchDesigner, Max, Live, SuperCollider and Pure Data.",
)  # fmt: skip


def _version(wanted: bool) -> None:
    if wanted:
        print(f"oscbridge {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
) -> None: ...


def refuse(error: BridgeError, code: int = 2) -> typer.Exit:
    """Prints what the user can mend, without a traceback, and ends."""
    for line in str(error).splitlines():
        print(f"oscbridge: {line}", file=sys.stderr)
    return typer.Exit(code)


@app.command()
def run(
    config: Annotated[Path | None, typer.Argument(help="A YAML with what differs from the defaults.")] = None,
    file: Annotated[str | None, typer.Option(help="Listen to this sound file.")] = None,
    device: Annotated[str | None, typer.Option(help="Listen to this sound input: number or part of its name.")] = None,
    channel: Annotated[int | None, typer.Option(help="The channel to hear, from 1; 0 is the mean of all.")] = None,
    gain: Annotated[float | None, typer.Option(help="Gain in dB.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on; 0.0.0.0 opens to the network.")] = None,
    port: Annotated[int | None, typer.Option(help="UDP port for OSC; 0 takes a free one.")] = None,
    model: Annotated[str | None, typer.Option(help="The network: a name, or a path to its YAML.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="section.name=value; may be repeated.")] = None,
    ready_file: Annotated[Path | None, typer.Option(help="Write one JSON line here at the first frame.")] = None,
) -> None:
    """Listens, and sends what the network hears. Ends with Ctrl-C."""
    from .commands.run import run_daemon

    chosen = {
        "listen.file": file, "listen.device": device, "listen.channel": channel, "listen.gain_db": gain,
        "server.host": host, "server.port": port, "model.name": model,
    }  # fmt: skip
    overrides = [f"{name}={value}" for name, value in chosen.items() if value is not None]
    if device is not None or file is not None:
        overrides.insert(0, f"listen.source={'file' if device is None else 'device'}")
    try:
        code = run_daemon(config, overrides + (set_ or []), ready_file)
    except BridgeError as error:
        raise refuse(error) from error
    raise typer.Exit(code)
