"""The sizes of the ear as its YAML gives them, its numbers as they are told, and every mistake in words."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from torch.utils.flop_counter import FlopCounterMode

from oscbridge.cli import app
from oscbridge.ear.anatomy import Anatomy, Operation, anatomy
from oscbridge.ear.network import Ear
from oscbridge.ear.spec import EarSpec, load_spec
from oscbridge.validation import Mistakes

from . import ears

FRAMES = 172  # of a 4 s window

# the table of the model's description: channels; positions after conv 1 (and its pool) and after conv 2
BLOCKS = [
    (8, 108, 84), (16, 84, 84), (32, 84, 70), (64, 70, 70), (128, 35, 21), (256, 21, 21), (512, 21, 17), (512, 17, 17),
]  # fmt: skip
KERNELS = [
    ((3, 3), (1, 25)), ((1, 3), (1, 3)), ((3, 3), (1, 15)), ((1, 3), (1, 3)), ((3, 3), (1, 15)), ((1, 3), (1, 3)),
    ((3, 3), (1, 5)), ((1, 3), (1, 3)),
]  # fmt: skip
CONTEXT = [512] * 4 + [256] * 5
CONTEXT_KERNELS = [4, 4, 1, 4, 4, 1, 4, 1, 4]


@pytest.fixture(scope="module")
def shipped() -> Anatomy:
    return anatomy(ears.shipped())


@pytest.fixture(scope="module")
def on_paper() -> Ear:
    """The shipped ear without memory: shapes and operations, no numbers."""
    with torch.device("meta"):
        return Ear(ears.shipped()).eval()


def sizes(of: EarSpec) -> list[EarSpec]:
    """The same ear with a phase channel, and the small one."""
    return [of, of.model_copy(update={"scalogram": of.scalogram.model_copy(update={"phase": True})}), ears.spec()]


# ---- the shipped ear


@pytest.mark.parametrize("block", range(8))
def test_every_block_has_the_channels_and_positions_of_the_table(shipped: Anatomy, block: int) -> None:
    channels, first, second = BLOCKS[block]
    inner, outer = shipped.layers[1 + 2 * block], shipped.layers[2 + 2 * block]
    assert (inner.name, inner.channels, inner.positions) == (f"block{block}.conv1", channels, first)
    assert (outer.name, outer.channels, outer.positions) == (f"block{block}.conv2", channels, second)


@pytest.mark.parametrize("block", range(8))
def test_every_block_has_the_kernels_of_the_table(shipped: Anatomy, block: int) -> None:
    kernels = {op.name: op.kernel for op in shipped.operations}
    assert (kernels[f"block{block}.conv1"], kernels[f"block{block}.conv2"]) == KERNELS[block]
    assert kernels.get(f"block{block}.pool") == ((2, 2) if block in (0, 4) else None)


def test_z_and_the_context_have_the_channels_and_kernels_of_the_table(shipped: Anatomy) -> None:
    z, *context, head = shipped.layers[17:]
    assert (head.name, head.channels, head.positions) == ("classes", 7, 1)
    assert (z.name, z.channels, z.positions) == ("z", 512, 1)
    assert [layer.channels for layer in context] == CONTEXT
    kernels = {op.name: op.kernel for op in shipped.operations}
    assert kernels["z"] == (1, 17)
    assert [kernels[layer.name] for layer in context] == [(k, 1) for k in CONTEXT_KERNELS]
    assert [i for i in range(9) if f"context{i}.pool" in kernels] == [2, 5]
    assert context[-1].name == "c"


def test_the_ear_has_76959_neurons_in_28_layers(shipped: Anatomy) -> None:
    assert shipped.neurons == 76_959
    assert len(shipped.layers) == 28


def test_z_comes_every_4_hops_which_are_93_ms(shipped: Anatomy) -> None:
    z = shipped.layers[17]
    assert z.frames_per_step == 4
    assert 1000 * z.frames_per_step * shipped.spec.scalogram.hop_s == pytest.approx(92.9, abs=0.03)


def test_c_covers_at_least_42_encodings(shipped: Anatomy) -> None:
    z, c = shipped.layers[shipped.spec.z_layer], shipped.layers[shipped.spec.c_layer]
    step_s = z.frames_per_step * shipped.spec.scalogram.hop_s
    assert 1 + round((c.receptive_field_s - z.receptive_field_s) / step_s) >= 42


def test_a_hop_costs_between_10_and_30_million_macs_and_a_window_about_170_times_as_much(shipped: Anatomy) -> None:
    assert 10e6 < shipped.macs_per_hop < 30e6
    network = sum(op.macs_per_hop for op in shipped.operations if op.kind != "cqt")
    assert shipped.window_macs / network == pytest.approx(FRAMES, rel=0.01)


# ---- the numbers agree with the network


@pytest.mark.parametrize("of", sizes(ears.shipped()), ids=["shipped", "with phase", "small"])
def test_the_parameters_are_those_of_the_network(of: EarSpec) -> None:
    with torch.device("meta"):
        ear = Ear(of)
    assert anatomy(of).parameters == sum(p.numel() for p in ear.parameters())


@pytest.mark.parametrize("of", sizes(ears.shipped()), ids=["shipped", "with phase", "small"])
def test_layers_have_the_shapes_that_the_network_gives(of: EarSpec) -> None:
    with torch.device("meta"):
        outputs = Ear(of).eval()(torch.empty(1, of.scalogram.channels, 37, of.scalogram.bins))
    layers = anatomy(of).layers
    assert len(layers) == len(outputs)
    for layer, y in zip(layers, outputs, strict=True):
        assert y.shape == (1, layer.channels, -(-37 // layer.frames_per_step), layer.positions)


def counted(ear: Ear, frames: int) -> dict[str, int]:
    """Multiply-accumulates of every convolution over a window, by its path in the module."""
    of = ear.spec.scalogram
    with FlopCounterMode(display=False) as counter:
        ear(torch.empty(1, of.channels, frames, of.bins, device="meta"))
    return {name: sum(flops.values()) // 2 for name, flops in counter.get_flop_counts().items()}


def path(op: Operation, blocks: int) -> str:
    """Where an operation is in the module."""
    block, _, part = op.name.partition(".")
    if block.startswith("block"):
        return f"Ear.encoder.{block[5:]}.{'match' if part == 'residual' else part}"
    if block in ("z", "classes"):
        return "Ear.z" if block == "z" else "Ear.head"
    index = blocks - 1 if block == "c" else int(block[7:])
    return f"Ear.context.{index}.{'match' if part == 'residual' else 'conv'}"


def test_the_macs_of_every_operation_are_those_that_torch_counts(shipped: Anatomy, on_paper: Ear) -> None:
    found = counted(on_paper, FRAMES)
    paid = [op for op in shipped.operations if op.kind not in ("cqt", "pool")]
    for op in paid:
        steps = -(-FRAMES // op.frames_per_step)
        assert op.macs_per_step * steps == found[path(op, 9)], op.name
    assert len(paid) == len({path(op, 9) for op in paid})


def test_the_macs_of_a_window_are_those_that_torch_counts(shipped: Anatomy, on_paper: Ear) -> None:
    assert shipped.window_macs == counted(on_paper, FRAMES)["Global"]


@pytest.mark.parametrize("of", sizes(ears.shipped()), ids=["shipped", "with phase", "small"])
def test_layers_and_neurons_are_numbered_without_a_gap(of: EarSpec) -> None:
    layers = anatomy(of).layers
    assert [layer.index for layer in layers] == list(range(len(layers)))
    assert layers[0].first_neuron == 0
    assert all(a.span.stop == b.span.start for a, b in pairwise(layers))
    assert layers[-1].span.stop == anatomy(of).neurons


@pytest.mark.parametrize("of", sizes(ears.shipped()), ids=["shipped", "with phase", "small"])
def test_every_operation_fits_the_next_and_its_formula_comes_out(of: EarSpec) -> None:
    a = anatomy(of)
    for op in a.operations:
        k, s = op.kernel[1], op.stride[1]
        assert (op.positions_in - k + op.padding) // s + 1 == op.positions
        assert op.formula.endswith(f"= {op.positions}")
        size, kernel, sign, padding, stride = re.findall(r"\d+|[+−](?= \d+\) )", op.formula)[:5]
        assert [int(size), int(kernel), int(padding), int(stride)] == [op.positions_in, k, abs(op.padding), s]
        assert sign == ("−" if op.padding < 0 else "+")
    for layer in a.layers:
        last = [op for op in a.operations if op.layer == layer.index][-1]
        assert (last.channels, last.positions, last.frames_per_step) == (
            layer.channels, layer.positions, layer.frames_per_step,
        )  # fmt: skip


# ---- mistakes in the YAML

Change = Callable[[dict[str, Any]], object]


def mistakes(tmp_path: Path, *changes: Change) -> list[str]:
    """What is said about the shipped YAML with these changes, without the file's name."""
    data = yaml.safe_load((ears.ROOT / "models" / "ear.yaml").read_text())
    for change in changes:
        change(data)
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump(data))
    with pytest.raises(Mistakes) as caught:
        load_spec(file)
    assert all(line.startswith(f"{file}: ") and line.endswith((".", "?")) for line in caught.value.lines)
    return [line.removeprefix(f"{file}: ") for line in caught.value.lines]


def set_in(section: str, **values: Any) -> Change:
    return lambda data: data[section].update(values)


def set_block(index: int, **values: Any) -> Change:
    return lambda data: data["encoder"][index].update(values)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            set_block(1, conv1=[1, 4]),
            "encoder.1: conv1 is [1, 4]; a padded kernel is odd along frequency, such as 3 or 5.",
        ),
        (
            set_block(3, conv2=[1, 2]),
            "encoder.3: conv2 is [1, 2]; a padded kernel is odd along frequency, such as 1 or 3.",
        ),
        (
            set_block(0, conv1=[0, 3]),
            "encoder.0: conv1 is [0, 3]; a kernel is at least 1 along time and along frequency.",
        ),
        (set_block(6, conv2=[1, 22]), "encoder block 6 has no frequency position left; take smaller kernels."),
        (
            set_in("scalogram", bins=240),
            "scalogram: its top bin lies at 39794 Hz, at or above half the rate of 44100 Hz; take fewer bins.",
        ),
        (
            set_in("scalogram", hopp=512),
            "scalogram.hopp: no such setting. It takes rate, hop, bins, bins_per_octave, lowest_hz, filter_scale, "
            "phase. Did you mean hop?",
        ),
        (
            set_block(0, chanels=8),
            "encoder.0.chanels: no such setting. It takes channels, conv1, conv2, pool, valid. Did you mean channels?",
        ),
        (
            lambda data: data.update(contxt=[]),
            "contxt: no such setting. It takes name, seed, scalogram, encoder, context, classes. Did you mean context?",
        ),
        (lambda data: data.pop("encoder"), "encoder is missing."),
        (lambda data: data.update(encoder=[]), "encoder is []; expected a list."),
        (lambda data: data.update(seed=-1), "seed is -1; expected a whole number from 0 to 999999."),
        (set_in("scalogram", hop=63), "scalogram.hop is 63; expected a whole number from 64 to 16384."),
        (set_block(2, conv1=3), "encoder.2.conv1 is 3; expected a list."),
    ],
)  # fmt: skip
def test_a_mistake_is_told_in_one_sentence(tmp_path: Path, change: Change, sentence: str) -> None:
    assert mistakes(tmp_path, change) == [sentence]


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    lines = mistakes(
        tmp_path,
        set_in("scalogram", bins=240),
        set_block(1, conv1=[1, 4]),
        set_block(2, poool=2),
        set_block(5, channels=0),
        lambda data: data["context"][0].pop("kernel"),
    )
    assert len(lines) == 5
    for word in ("top bin", "[1, 4]", "poool", "encoder.5.channels is 0", "context.0.kernel is missing"):
        assert sum(word in line for line in lines) == 1


def test_an_even_kernel_without_padding_is_no_mistake() -> None:
    block = {"channels": 2, "conv1": [1, 1], "conv2": [1, 4], "valid": True}
    assert anatomy(ears.spec([block])).layers[2].positions == 45


# ---- the command


@dataclass
class Printed:
    code: object
    stdout: str
    stderr: str


Inspect = Callable[..., Printed]


@pytest.fixture
def inspect(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Inspect:
    """`oscbridge inspect`, on a terminal of so many columns; 0: into a file."""

    def run(*arguments: str, columns: int = 0) -> Printed:
        monkeypatch.delenv("COLUMNS", raising=False)
        if columns:
            monkeypatch.setenv("COLUMNS", str(columns))
        with pytest.raises(SystemExit) as end:
            app(["inspect", *arguments])
        return Printed(end.value.code, *capsys.readouterr())

    return run


@pytest.mark.parametrize("columns", [0, 80])
def test_the_table_shows_every_layer_under_its_number_on_the_wire(
    inspect: Inspect, shipped: Anatomy, columns: int
) -> None:
    lines = inspect(columns=columns).stdout.splitlines()
    for layer in shipped.layers:
        numbered = [line for line in lines if re.match(rf" +{layer.index} {re.escape(layer.name)} ", line)]
        assert len(numbered) == 1
        assert "…" not in numbered[0]
    table = [line for line in lines if re.match(r" .* (cqt|conv|pool|residual|depthwise|head) ", line)]
    assert len(table) == len(shipped.operations)


@pytest.mark.parametrize(("columns", "most"), [(0, 120), (80, 80), (60, 60), (200, 120)])
def test_the_table_fits_the_terminal(inspect: Inspect, columns: int, most: int) -> None:
    assert max(len(line.rstrip()) for line in inspect(columns=columns).stdout.splitlines()[1:]) <= most


def test_a_row_tells_kernel_formula_neurons_parameters_cost_pace_and_receptive_field(
    inspect: Inspect,
) -> None:
    row = next(line for line in inspect().stdout.splitlines() if "block0.conv2" in line)
    expected = "2 block0.conv2 conv 1×25 8 ⌊(108 − 25 + 0) / 1⌋ + 1 = 84 1,616 67.2 k 2 0.44 2.17"
    assert row.split() == expected.split()


def test_the_totals_are_told_below_the_table(inspect: Inspect) -> None:
    text = " ".join(inspect().stdout.split())
    for words in (
        "76,959 in the layers 0 to 27",
        "9,635,959",
        "172 times",
        "every 4 hops, 92.9 ms",
        "ear.safetensors",
    ):
        assert words in text


def test_an_ear_without_weights_is_called_untrained_and_told_where_they_would_be(
    inspect: Inspect, tmp_path: Path
) -> None:
    (tmp_path / "mine.yaml").write_text((ears.ROOT / "models" / "ear.yaml").read_text())
    text = " ".join(inspect(str(tmp_path / "mine.yaml")).stdout.split())
    assert "untrained, seed 0" in text and "mine.safetensors" in text.replace(" ", "")
    weights = json.loads(inspect(str(tmp_path / "mine.yaml"), "--json").stdout)["weights"]
    file = str(tmp_path / "mine.safetensors")
    assert weights == {"id": "ear-untrained-0", "trained": False, "file": file, "seed": 0}


def test_json_is_all_that_is_printed_and_agrees_with_the_anatomy(inspect: Inspect, shipped: Anatomy) -> None:
    result = inspect("--json")
    told = json.loads(result.stdout)
    assert result.stderr == ""
    assert [layer["index"] for layer in told["layers"]] == list(range(28))
    assert sum(layer["neurons"] for layer in told["layers"]) == told["totals"]["neurons"] == 76_959
    assert sum(op["parameters"] for op in told["operations"]) == told["totals"]["parameters"] == shipped.parameters
    assert told["totals"]["window_macs"] == shipped.window_macs
    assert told["totals"]["context_encodings"] == 46
    assert told["weights"]["trained"] and told["weights"]["file"] == str(ears.ROOT / "models" / "ear.safetensors")


def test_weights_beside_the_yaml_make_it_trained(inspect: Inspect, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text((ears.ROOT / "models" / "ear.yaml").read_text())
    (tmp_path / "mine.safetensors").touch()
    weights = json.loads(inspect(str(tmp_path / "mine.yaml"), "--json").stdout)["weights"]
    file, digest = str(tmp_path / "mine.safetensors"), "e3b0c442"  # of nothing, SHA-256
    assert weights == {"id": f"ear-{digest}", "trained": True, "file": file, "seed": None}


@pytest.mark.parametrize("options", [[], ["--json"]])
@pytest.mark.parametrize(
    ("model", "words"), [("eer", "Did you mean ear?"), ("none.yaml", "there is no such file"), ("bad.yaml", "hopp")]
)
def test_a_mistake_ends_with_2_and_one_line(
    inspect: Inspect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str, words: str,
    options: list[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    data = yaml.safe_load((ears.ROOT / "models" / "ear.yaml").read_text())
    set_in("scalogram", hopp=1)(data)
    Path("bad.yaml").write_text(yaml.safe_dump(data))
    result = inspect(model, *options)
    assert (result.code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1
    assert words in result.stderr


def test_nothing_is_loaded_that_takes_long_to_load() -> None:
    code = "import sys; from oscbridge.commands.inspect import show; show(None, True); "
    code += "sys.exit(str({'torch', 'numpy', 'soundfile'} & {*sys.modules}))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ears.ROOT, check=False)
    assert result.stderr.strip() == "set()"
