"""The commands. Each imports what it needs when it runs, so that none waits for another's libraries."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import __version__
from .commands import cli_networks, cli_wire
from .commands.refusing import refuse
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
    farm: Annotated[str | None, typer.Option(help="Dream on this Dask cluster: tcp://host:8786.")] = None,
    routes: Annotated[
        list[str] | None, typer.Option(help="A set of routes: ableton, resolume, madmapper, supercollider, yours.")
    ] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="section.name=value; may be repeated.")] = None,
    ready_file: Annotated[Path | None, typer.Option(help="Write one JSON line here at the first frame.")] = None,
) -> None:
    """Listens, and sends what the network hears. Ends with Ctrl-C."""
    from .commands.run import run_daemon

    chosen = {
        "listen.file": file, "listen.device": device, "listen.channel": channel, "listen.gain_db": gain,
        "server.host": host, "server.port": port, "model.name": model, "dream.farm": farm,
    }  # fmt: skip
    overrides = [f"{name}={value}" for name, value in chosen.items() if value is not None]
    if device is not None or file is not None:
        overrides.insert(0, f"listen.source={'file' if device is None else 'device'}")
    try:
        code = run_daemon(config, overrides + (set_ or []), ready_file, routes or [])
    except BridgeError as error:
        raise refuse(error) from error
    raise typer.Exit(code)


@app.command()
def bench() -> None:
    """Measures what the ear and the wire cost on this machine."""
    from .commands.bench import show

    show()


@app.command()
def monitor(
    host: Annotated[str, typer.Option(help="Where the daemon runs.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Its UDP port.", min=1, max=65535)] = 9870,
    frames: Annotated[int | None, typer.Option(help="End after so many frames; 1 if none comes.", min=1)] = None,
    plain: Annotated[bool, typer.Option("--plain", help="One line a second, as into a file.")] = False,
) -> None:
    """Shows what a running daemon hears, layer by layer. Ends with Ctrl-C."""
    from .commands.monitor import watch

    try:
        code = watch(host, port, frames, plain)
    except BridgeError as error:
        raise refuse(error) from error
    raise typer.Exit(code)


@app.command()
def inspect(
    model: Annotated[str | None, typer.Argument(help="The network: a name, or a path to its YAML.")] = None,
    json: Annotated[bool, typer.Option("--json", help="The same as JSON.")] = False,
) -> None:
    """Shows the network: operations, sizes, costs, and the numbers of its layers."""
    from .commands.inspect import show

    try:
        show(model, json)
    except BridgeError as error:
        raise refuse(error) from error


@app.command()
def train(
    folders: Annotated[list[Path], typer.Argument(help="Folders of sound files, searched all the way down.")],
    config: Annotated[str, typer.Option(help="A configuration in config/train, or a path to one.")] = "ear-half",
    out: Annotated[Path | None, typer.Option(help="Where to keep it; runs/<config> if not given.")] = None,
    init: Annotated[Path | None, typer.Option(help="Start from these weights, or from that training's folder.")] = None,
    steps: Annotated[int | None, typer.Option(help="Steps in all.")] = None,
    batch: Annotated[int | None, typer.Option(help="Clips a step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="The largest learning rate.")] = None,
    loss: Annotated[str | None, typer.Option(help="cpc, sat or moments.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of everything random.")] = None,
    shelf: Annotated[Path | None, typer.Option(help="Where prepared sound is kept; beside `out` if not given.")] = None,
    workers: Annotated[int, typer.Option(help="Processes that prepare sound; 0: one a core.", min=0)] = 0,
    supervised: Annotated[
        str | None, typer.Option(help="Learn these of the probes' tasks with labels instead.")
    ] = None,
    plot: Annotated[bool, typer.Option("--plot", help="Draw the curves at the end.")] = False,
    profile: Annotated[
        bool, typer.Option("--profile", help="Show where the time of some steps goes, and end.")
    ] = False,
) -> None:
    """Teaches an ear from folders of sound. Ctrl-C stops it; the same command goes on."""
    from .commands.train import learn, load_train_spec

    given = {"steps": steps, "batch": batch, "learning_rate": learning_rate, "loss": loss, "seed": seed}
    try:
        spec = load_train_spec(config, given)
        target = out or Path("runs") / Path(config).stem
        learn(folders, spec, target, init, shelf, workers, plot, profile, supervised.split(",") if supervised else None)
    except BridgeError as error:
        raise refuse(error, 1 if error.code == 500 else 2) from error


@app.command()
def data(
    sets: Annotated[list[str] | None, typer.Argument(help="recordings, house, scores; all if none is named.")] = None,
    folder: Annotated[Path, typer.Option(help="Where to make them.")] = Path("data"),
    workers: Annotated[int, typer.Option(help="Processes; 0: one a core.", min=0)] = 0,
) -> None:
    """Makes the training sets: free recordings, played scores, house tracks. What is there already stays."""
    from .commands.data import make_sets

    try:
        code = make_sets(sets or [], folder, workers)
    except BridgeError as error:
        raise refuse(error) from error
    raise typer.Exit(code)


@app.command()
def evaluate(
    models: Annotated[
        list[str] | None, typer.Argument(help="Ears: names, or paths to their YAML; `ear` if none.")
    ] = None,
    data: Annotated[Path, typer.Option(help="Where the training sets are (oscbridge data).")] = Path("data"),
    out: Annotated[Path, typer.Option(help="Where table and pictures go.")] = Path("runs/probes"),
    tasks: Annotated[str, typer.Option(help="Some tasks only: house-own,composer.")] = "",
    head: Annotated[str | None, typer.Option(help="Give the ears a classifier head of this task.")] = None,
    shelf: Annotated[Path | None, typer.Option(help="Where prepared sound is kept.")] = None,
    workers: Annotated[int, typer.Option(help="Processes that prepare sound; 0: one a core.", min=0)] = 0,
    baselines: Annotated[bool, typer.Option(help="Plain features and a random network beside them.")] = True,
) -> None:
    """Probes how well ears hear, beside the plain features they have to beat."""
    from .commands.evaluate import probe

    try:
        probe(models or ["ear"], data, out, [t for t in tasks.split(",") if t], head, shelf, workers, baselines)
    except BridgeError as error:
        raise refuse(error) from error


@app.command()
def layout(
    model: Annotated[str, typer.Argument(help="The network: a name, or a path to its YAML.")] = "ear",
    k: Annotated[
        list[float] | None, typer.Option(help="Exponent of the repulsion, 2 to 3; several: a layout each.")
    ] = None,
    weights: Annotated[str | None, typer.Option(help="weight or uniform: how strongly connections pull.")] = None,
    charge: Annotated[str | None, typer.Option(help="variance or uniform: how strongly neurons push.")] = None,
    gravity: Annotated[float | None, typer.Option(help="Pull to the middle.")] = None,
    prediction: Annotated[bool, typer.Option("--prediction", help="Also connect c with what it predicts.")] = False,
    snapshots: Annotated[
        int | None, typer.Option(help="Layouts for moments of the loop, beside the one at rest.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of the start.")] = None,
    loop: Annotated[
        Path | None, typer.Option(help="The sound file of the snapshots; the bundled loop if none.")
    ] = None,
    edges: Annotated[Path | None, typer.Option(help="Lay out this list of edges (0 1 weight) instead.")] = None,
    state: Annotated[
        Path | None, typer.Option(help="Lay out a slice of vgg16 or resnet18 with these weights of torchvision's.")
    ] = None,
    checkpoints: Annotated[
        Path | None, typer.Option(help="Snapshots along a training instead of a loop: a folder of weights.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A folder or .npy; if none, where the daemon looks.")] = None,
    png: Annotated[bool, typer.Option("--png", help="Draw it.")] = False,
    mp4: Annotated[bool, typer.Option("--mp4", help="Film it while the ear hears the loop; needs ffmpeg.")] = False,
    size: Annotated[int, typer.Option(help="Width and height of the pictures.", min=64, max=8192)] = 1_600,
) -> None:
    """Gives every neuron a place. Ctrl-C ends it and keeps what there is."""
    from .commands.threads import take_idle_cores

    take_idle_cores()
    from .commands.layout import Wanted, lay_out
    from .sections import Layout
    from .validation import check

    given = {"weights": weights, "charge": charge, "gravity": gravity, "snapshots": snapshots, "seed": seed}
    given = {name: value for name, value in given.items() if value is not None}
    try:
        wishes = [check(Layout, {**given, "k": one, "prediction": prediction}, "layout") for one in k or [Layout().k]]
        lay_out(Wanted(model, edges, state, checkpoints, loop, out, png, mp4, size), wishes)
    except BridgeError as error:
        raise refuse(error) from error


@app.command()
def dream(
    out: Annotated[
        Path, typer.Option("--out", "-o", help="The clip (.wav, .flac), or a folder where there are several.")
    ],
    select: Annotated[
        list[str] | None,
        typer.Option(help='Neurons: "layer:block6.conv2 channels:0-1 band:0.2-0.8 weight:1"; may be repeated.'),
    ] = None,
    origin: Annotated[str, typer.Option(help="What to start from: noise, silence, or a sound file.")] = "noise",
    seconds: Annotated[
        float | None, typer.Option(help="How long to dream; 20 if neither this nor --steps is given.")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="How many steps at most: so the same seed dreams the same.")] = None,
    length: Annotated[float, typer.Option(help="Length of a clip, in seconds.")] = 4.0,
    model: Annotated[str, typer.Option(help="The network: a name, or a path to its YAML.")] = "ear",
    class_: Annotated[str | None, typer.Option("--class", help="Be taken for this class instead, as guitar.")] = None,
    predict: Annotated[bool, typer.Option("--predict", help="Be predictable to the ear instead.")] = False,
    style: Annotated[
        Path | None, typer.Option(help="Share this clip's channel correlations in the selected layers.")
    ] = None,
    match: Annotated[
        Path | None, typer.Option(help="Answer as this clip does; without --select layer by layer, into a folder.")
    ] = None,
    layer: Annotated[
        list[str] | None, typer.Option(help="A layer that --match reconstructs; may be repeated; all if none.")
    ] = None,
    every_layer: Annotated[
        bool, typer.Option("--every-layer", help="A clip for each layer's first channels, into a folder.")
    ] = False,
    seed: Annotated[int | None, typer.Option(help="Of noise and variations.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="dream.name=value, as dream.denoise=0.2; may be repeated.")
    ] = None,
    png: Annotated[bool, typer.Option(help="Draw the sound, next to it.")] = True,
) -> None:
    """Makes sounds that excite chosen neurons. Ctrl-C ends it and keeps what there is."""
    from .commands.threads import take_idle_cores

    take_idle_cores()
    from .commands.dream import Wanted
    from .commands.dream import dream as make

    overrides = [*([] if seed is None else [f"dream.seed={seed}"]), *(set_ or [])]
    try:
        make(
            Wanted(
                out, model, select or [], origin, seconds, steps, length, overrides, class_, predict, style, match,
                every_layer, layer or [], png,
            )
        )  # fmt: skip
    except BridgeError as error:
        raise refuse(error) from error


@app.command()
def devices() -> None:
    """Lists the sound inputs, and how to listen to one."""
    from .commands.devices import show

    try:
        show()
    except BridgeError as error:
        raise refuse(error, 1) from error


@app.command()
def patches(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to; it is made if it is not there.")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that you have changed.")] = False,
) -> None:
    """Copies the patches for Pure Data and the others into a folder of yours."""
    from .commands.patches import copy

    try:
        code = copy(folder, force)
    except BridgeError as error:
        raise refuse(error) from error
    raise typer.Exit(code)


@app.command(hidden=True)
def docs(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; 1 if a file differs from the code.")] = False,
) -> None:
    """Rewrites config/default.yaml and patches/ADDRESSES.md from the code."""
    from .commands import docs

    if check:
        raise typer.Exit(docs.check())
    try:
        docs.rewrite()
    except BridgeError as error:
        raise refuse(error) from error


@app.command()
def doctor(
    config: Annotated[Path | None, typer.Argument(help="The YAML you run with.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="section.name=value; may be repeated.")] = None,
    json: Annotated[bool, typer.Option("--json", help="The same as JSON.")] = False,
) -> None:
    """Examines this machine: versions, ports, sound, network, speed. Paste it into a bug report."""
    from .commands.doctor import examine

    try:
        code = examine(config, set_ or [], json)
    except BridgeError as error:
        raise refuse(error) from error
    raise typer.Exit(code)


cli_networks.add_to(app)
cli_wire.add_to(app)
