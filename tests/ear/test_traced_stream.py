"""Any causal network step by step gives what it gives at once: every layer, every phase, however many steps a push."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from oscbridge.ear.network import Ear, fold_batch_norms
from oscbridge.ear.streaming import EarStream
from oscbridge.ear.traced_stream import TracedStream
from oscbridge.ear.tracing import Traced, trace
from oscbridge.ear.weights import initialise
from oscbridge.errors import BridgeError

from . import ears
from .test_tracing import AUDIO, Gate, Net, causal, traced


def seeded(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(3))


def lead(x: Tensor, steps: int, value: float = 0.0) -> Tensor:
    """x, (batch, channels, steps), after `steps` of `value`."""
    return F.pad(x, (steps, 0), value=value)


def audio() -> Traced:
    """Strided convolutions on raw sound, dilated, grouped, of stride above their kernel."""

    def forward(s: Any, x: Tensor) -> Tensor:
        x = torch.relu(s.a(lead(x.unsqueeze(1), 7)))
        x = F.elu(s.b(s.pad(x)) + x)
        y = s.d(F.leaky_relu(s.c(x), inplace=True))
        return y.tanh() + y.relu_()

    return traced(
        Net(
            forward, a=nn.Conv1d(1, 4, 8, stride=4), b=nn.Conv1d(4, 4, 3, dilation=2, groups=2),
            pad=nn.ConstantPad1d((4, 0), 0.0), c=nn.Conv1d(4, 6, 1, stride=3), d=nn.Conv1d(6, 2, 1),
        ),
        AUDIO, 1,
    )  # fmt: skip


def scalogram() -> Traced:
    """Residuals, pools, batch norms, in place; a head on features, over classes."""

    def forward(s: Any, x: Tensor) -> Tensor:
        inner = s.relu(s.norm(s.a(F.pad(x, (1, 1, 2, 0)))))
        inner = F.max_pool2d(F.pad(inner, (0, 0, 1, 0), value=-torch.inf), 2)
        x = F.avg_pool2d(F.pad(x, (0, 0, 1, 0)), (2, 2))
        y = s.relu(s.b(inner) + s.match(x)[..., 1:-1])
        y = y.permute(0, 2, 1, 3).flatten(2)
        return F.softmax(s.dense(s.layer_norm(y)), dim=-1)

    norm = nn.BatchNorm2d(4)
    parts = {
        "a": nn.Conv2d(1, 4, 3), "norm": norm, "relu": nn.ReLU(inplace=True), "b": nn.Conv2d(4, 3, (1, 3)),
        "match": nn.Conv2d(1, 3, 1), "dense": nn.Linear(30, 5), "layer_norm": nn.LayerNorm(30),
    }  # fmt: skip
    network = Net(forward, **parts)
    result = traced(network)
    with torch.no_grad():
        for part in (norm.running_mean, norm.weight, norm.bias):
            assert part is not None
            part.uniform_(-1, 1, generator=torch.Generator().manual_seed(4))
    return result


def gated() -> Traced:
    """Convolutions padded at both ends and cropped, halves that gate each other, a dropped start."""

    def forward(s: Any, x: Tensor) -> Tensor:
        a, b = s.a(x.squeeze(1).transpose(1, 2))[:, :, :-2].chunk(2, dim=1)
        y = torch.tanh(a) * torch.sigmoid(b)
        z = F.glu(s.b(lead(y, 3))[:, :, 2:], dim=1)
        z = s.e(z)[:, :, : z.shape[2]]
        return F.silu(s.c(torch.cat([y * 0.5, z, 1 - z], 1)).unsqueeze(2))

    parts = {"a": nn.Conv1d(24, 8, 3, padding=2), "b": nn.Conv1d(4, 8, 2), "c": nn.Conv1d(12, 3, 1)}
    return traced(Net(forward, **parts, e=nn.Conv1d(4, 4, 2, padding=1)))


def late() -> Traced:
    """Delays, and a padding after a convolution: before the window is full there are the padding's steps alone."""

    def forward(s: Any, x: Tensor) -> Tensor:
        one = F.pad(x, (0, 0, 3, 0))[:, :, :-3].sigmoid()
        other = F.pad(F.pad(x, (0, 0, 2, 0), value=2.0), (0, 0, -1, -1)).tanh()
        return torch.relu(x + F.pad(s.a(one * other), (0, 0, 2, 0), value=0.5).tanh())

    return traced(Net(forward, a=nn.Conv2d(1, 3, (3, 1))))


def ear() -> Traced:
    module = Ear(ears.spec(BRANCHES))
    initialise(module, 0)
    return traced_as_is(fold_batch_norms(module))


BRANCHES = [*ears.BLOCKS[:2], {"channels": 6, "conv1": [3, 3], "pool": 2, "conv2": [2, 4], "valid": True}]


def traced_as_is(module: nn.Module) -> Traced:
    return trace(module, seeded(1, 1, 64, 48), 2)


NETS: dict[str, tuple[Callable[[], Traced], list[int]]] = {
    "audio": (audio, [1, 4, 4, 12, 12, 12, 12]),
    "late": (late, [1, 1, 1, 1, 1]),
    "scalogram": (scalogram, [1, 1, 2, 2]),
    "gated": (gated, [1] * 8),
    "ear": (ear, [1, 2, 2, 2, 2, 4, 4, 4, 4, 8, 8]),
}


@pytest.fixture(scope="module", params=list(NETS))
def network(request: pytest.FixtureRequest) -> Traced:
    make, every = NETS[request.param]
    made = make()
    assert [layer.every for layer in made.layers] == every
    return made


@torch.inference_mode()
@pytest.mark.parametrize("hop", [1, 3, 16])
def test_a_streamed_network_equals_the_whole_run_at_every_phase(network: Traced, hop: int) -> None:
    assert TracedStream.unsupported(network) == ""
    axis = network.time_axis
    assert axis is not None
    x = seeded(*network.shape)
    whole, stream = network(x), TracedStream(network)
    now = 0
    for columns in x.split(hop, axis):
        stream.push(columns)
        now += columns.shape[axis]
        held = [y[0, :, (now - 1) // layer.every].flatten() for layer, y in zip(network.layers, whole, strict=True)]
        torch.testing.assert_close(stream.values, torch.cat(held), atol=1e-4, rtol=1e-4)


def test_the_ears_own_stream_gives_the_same() -> None:
    module = Ear(ears.spec())
    initialise(module, 0)
    fold_batch_norms(module)
    stream, own = TracedStream(traced_as_is(module)), EarStream(module)
    for column in seeded(50, 1, 48):
        stream.push(column[None, :, None])
        torch.testing.assert_close(stream.values, own.push(column), atol=1e-4, rtol=1e-4)


def test_a_second_stream_begins_anew_and_no_buffer_is_held() -> None:
    network = traced(Net(lambda s, x: F.pad(s.a(x), (0, 0, 2, 0)).relu(), a=nn.Conv2d(1, 2, (3, 1))))
    once, again, buffer = TracedStream(network), TracedStream(network), torch.zeros(1, 1, 1, 24)
    for column in seeded(3, 1, 1, 1, 24):
        once.push(column)
    for column in seeded(3, 1, 1, 1, 24):
        again.push(buffer.copy_(column))
    assert torch.equal(once.values, again.values)


def test_no_steps_change_nothing() -> None:
    stream = TracedStream(traced(causal(3, 2)))
    stream.push(seeded(1, 1, 5, 24))
    before = stream.values.clone()
    stream.push(torch.zeros(1, 1, 0, 24))
    assert torch.equal(stream.values, before) and bool(before.any())


@pytest.mark.parametrize(
    ("module", "text"),
    [
        (nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU()), "its layers see what comes later"),
        (nn.Sequential(nn.Flatten(), nn.Linear(64 * 24, 5)), "1 looks at a whole window"),
        (Net(lambda _, x: F.relu(x.cumsum(2))), "cumsum (cumsum) is not an operation that can be streamed"),
        (
            Net(lambda s, x: torch.relu(s.gru(x[:, 0])[0]), gru=nn.GRU(24, 3, batch_first=True)),
            "gru (GRU) is not an operation that can be streamed",
        ),
        (nn.Sequential(nn.Conv2d(1, 4, 1), Gate()), "1 (Gate) cannot be traced"),
        (Net(lambda _, x: x.mul_(2).tanh() + torch.relu(x)), "mul_ overwrites what is used again"),
        (
            Net(lambda s, x: s.a(F.pad(x, (0, 0, 2, 2)))[:, :, :-2].relu(), a=nn.Conv2d(1, 2, (3, 1))),
            "pads the end of its time",
        ),
        (
            Net(lambda s, x: s.a(x)[:, :, :-1].relu(), a=nn.Conv2d(1, 2, (2, 1), (2, 1), padding=(1, 0))),
            "a (Conv2d) pads the end of its time",
        ),
        (
            Net(lambda s, x: F.pad((s.a(x) + x)[:, :, :-1], (0, 0, 1, 0)).relu(), a=nn.Conv2d(1, 1, 3, padding=1)),
            "add (add) joins streams of different ends",
        ),
        (Net(lambda s, x: s.a(x)[:, :, ::2].relu(), a=nn.Conv2d(1, 2, 1)), "picks steps"),
        (Net(lambda s, x: s.a(x)[:, :, : x.shape[2] // 2].relu(), a=nn.Conv2d(1, 2, 1)), "crops the end of its time"),
        (Net(lambda _, x: torch.relu(torch.softmax(torch.cat([x, x], 2), 2))[:, :, :64]), "its layers see"),
        (
            Net(lambda _, x: torch.relu(torch.cat([x[:, :, :1] * 0, x], 2)[:, :, :-1])),
            "getitem (getitem) has no time of its own",
        ),
    ],
)
def test_what_cannot_be_streamed_is_named(module: nn.Module, text: str) -> None:
    network = traced(module)
    assert text in TracedStream.unsupported(network)
    with pytest.raises(BridgeError, match="cannot be streamed"):
        TracedStream(network)


@pytest.mark.parametrize("shape", [(1, 1, 1, 23), (2, 1, 1, 24), (1, 1, 24)])
def test_steps_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(BridgeError, match="of any length along axis 2"):
        TracedStream(traced(causal(3, 2))).push(torch.zeros(shape))
