"""Which outputs of a network are layers of neurons, and how to get at them: by its traced graph, or by hooks.

Neurons are the outputs of the nonlinearities. A convolution or dense layer that leads to nothing but one of these has
none of its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import torch
import torch.fx
from torch import Tensor, nn
from torch.nn.modules import activation

WEIGHTED: tuple[type[nn.Module], ...] = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)
NONLINEAR: tuple[type[nn.Module], ...] = tuple(
    getattr(activation, name) for name in activation.__all__ if name != "MultiheadAttention"
)
_KINDS: tuple[type[nn.Module], ...] = (*WEIGHTED, *NONLINEAR)
WEIGHTED_CALLS = frozenset({"conv1d", "conv2d", "conv3d", "linear"})
NONLINEAR_CALLS = frozenset(
    {
        "relu", "relu6", "leaky_relu", "prelu", "rrelu", "elu", "selu", "celu", "gelu", "silu", "mish", "glu",
        "sigmoid", "logsigmoid", "hardsigmoid", "tanh", "hardtanh", "tanhshrink", "softsign", "softplus", "softshrink",
        "hardshrink", "hardswish", "threshold", "softmax", "log_softmax", "softmin",
    }
)  # fmt: skip
_BETWEEN = frozenset({"batch_norm", "layer_norm", "group_norm", "instance_norm", "pad", "contiguous", "clone"})
_BETWEEN_MODULES = frozenset({"batchnorm", "normalization", "instancenorm", "dropout", "pooling", "padding"})


class Chosen(NamedTuple):
    """A layer by its name, and the key under which a run keeps its output: an fx node's name, or a module's path."""

    name: str
    key: str


class Network(Protocol):
    """chosen: the layers in the order of computation, the input not among them."""

    chosen: Sequence[Chosen]

    def choose(self, chosen: Sequence[Chosen]) -> None:
        """Keeps these alone from now on."""

    def run(self, x: Tensor, kept: dict[str, Any]) -> None:
        """Puts each chosen output into `kept` as it comes, so that those before an error are there. Raises what the
        network raises."""


# ---- by the graph


def call_name(node: torch.fx.Node) -> str:
    """What a function or method node calls, in-place forms by the name of the other: relu for F.relu_."""
    name = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", str(node.target))
    return name.strip("_")


def module_of(node: torch.fx.Node) -> nn.Module | None:
    """The module a node calls, if it calls one."""
    graph = node.graph.owning_module
    return graph.get_submodule(str(node.target)) if node.op == "call_module" and graph is not None else None


def writes_in_place(node: torch.fx.Node) -> bool:
    """Whether the operation may overwrite its first argument."""
    name = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "")
    if getattr(module_of(node), "inplace", False) or node.kwargs.get("inplace") is True:
        return True
    return node.op != "call_module" and name.endswith("_") and not name.endswith("__")


class _Whole(nn.Module):
    """The network as a function of its input alone: what else it takes keeps its default while it is traced."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Any:
        return self.net(x)


class Tracer(torch.fx.Tracer):
    """Remembers in which module it was when tracing failed."""

    def __init__(self) -> None:
        super().__init__()
        self.within: list[str] = []

    def call_module(self, m: nn.Module, forward: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        self.within.append(f"{plain(self.path_of_module(m)) or 'the network'} ({type(m).__name__})")
        result = super().call_module(m, forward, args, kwargs)
        self.within.pop()  # not if it raised
        return result


def graph_of(module: nn.Module, example: Tensor) -> tuple[torch.fx.GraphModule | None, str]:
    """The traced graph, or None and a sentence why there is none. example: what the graph must answer as the module."""
    tracer = Tracer()
    try:
        # built from a root of its own, for the traced module itself must not change
        root = _Whole(module)
        graph = torch.fx.GraphModule(root, tracer.trace(root))
    except Exception as error:  # user code, and fx has no common exception
        where = tracer.within[-1] if tracer.within else "the network"
        return None, f"{where} cannot be traced: {_first_line(error)}"
    with torch.no_grad():
        try:
            came, expected = list(tensors(graph(example.clone()))), list(tensors(module(example.clone())))
        except Exception as error:  # user code
            return None, f"the traced network does not run: {_first_line(error)}"
    if len(came) != len(expected) or not all(_close(a, b) for a, b in zip(came, expected, strict=True)):
        return None, "the network answers otherwise when it is traced: it draws random numbers, or keeps a state"
    return graph, ""


class GraphNetwork:
    """A network as its fx graph, which an interpreter runs as far as the last layer."""

    def __init__(self, graph: torch.fx.GraphModule, everything: bool = False) -> None:
        """everything: keep the values of all nodes, not of the layers alone."""
        self.graph = graph
        nodes = list(graph.graph.nodes)
        self.input = next(node for node in nodes if node.op == "placeholder")
        self._everything = everything
        self.choose(_graph_layers(nodes))

    def choose(self, chosen: Sequence[Chosen]) -> None:
        self.chosen = chosen
        nodes = list(self.graph.graph.nodes)
        self._keys = {node.name for node in nodes} if self._everything else {key for _, key in chosen}
        last = max((i for i, node in enumerate(nodes) if node.name in self._keys and node.op != "output"), default=-1)
        self._nodes = nodes[: last + 1]
        self._copies = any(writes_in_place(node) for node in self._nodes)

    def run(self, x: Tensor, kept: dict[str, Any]) -> None:
        interpreter = torch.fx.Interpreter(self.graph)
        interpreter.args_iter = iter([x.clone() if self._copies else x])
        for node in self._nodes:
            value = interpreter.env[node] = interpreter.run_node(node)
            if node.name in self._keys:
                # a later node may write into it
                kept[node.name] = value.clone() if self._copies and isinstance(value, Tensor) else value
            for done in interpreter.user_to_last_uses.get(node, ()):
                del interpreter.env[done]


def _graph_layers(nodes: Sequence[torch.fx.Node]) -> list[Chosen]:
    names: dict[torch.fx.Node, str] = {}
    found = []
    for node in nodes:
        kind = _kind(node)
        if kind == "weighted":
            behind, is_direct = _nonlinearity_behind(node)
            if behind is None:
                found.append(_cropped(node))
                names[found[-1]] = _own_name(node)
            elif is_direct:
                names[behind] = _own_name(node)
        elif kind == "nonlinear":
            found.append(node)
            names.setdefault(node, _own_name(node))
    unique = unique_names([names[node] for node in found])
    return [Chosen(name, node.name) for name, node in zip(unique, found, strict=True)]


def _kind(node: torch.fx.Node) -> str:
    module = module_of(node)
    if isinstance(module, WEIGHTED) or (_calls(node) and call_name(node) in WEIGHTED_CALLS):
        return "weighted"
    if isinstance(module, NONLINEAR) or (_calls(node) and call_name(node) in NONLINEAR_CALLS):
        return "nonlinear"
    return ""


def _calls(node: torch.fx.Node) -> bool:
    return node.op in ("call_function", "call_method")


def _nonlinearity_behind(node: torch.fx.Node) -> tuple[torch.fx.Node | None, bool]:
    """The nonlinearity that alone uses the node's output, and whether no other branch is added on the way."""
    is_direct = True
    while True:
        user = _only_user(node)
        if user is None:
            return None, False
        node = user
        if _kind(node) == "nonlinear":
            return node, is_direct
        if _is_sum(node):
            is_direct = False
        elif not _is_between(node):
            return None, False


def _cropped(node: torch.fx.Node) -> torch.fx.Node:
    """The node, or what is left of it if all else sees but a part: of a padding at both ends one is often cropped."""
    while (user := _only_user(node)) is not None and _is_crop(user):
        node = user
    return node


def _only_user(node: torch.fx.Node) -> torch.fx.Node | None:
    users = [user for user in node.users if not _asks_for_size(user)]
    return users[0] if len(users) == 1 else None


def _asks_for_size(node: torch.fx.Node) -> bool:
    asked = node.args[1] if call_name(node) == "getattr" and len(node.args) > 1 else call_name(node)
    return _calls(node) and asked in ("shape", "size", "dim", "ndim", "dtype", "device", "numel")


def _is_sum(node: torch.fx.Node) -> bool:
    return _calls(node) and call_name(node) in ("add", "iadd")


def _is_between(node: torch.fx.Node) -> bool:
    """A norm, pool, dropout, padding, identity or crop."""
    module = module_of(node)
    if module is not None:
        return isinstance(module, nn.Identity) or type(module).__module__.split(".")[-1] in _BETWEEN_MODULES
    if not _calls(node):
        return False
    name = call_name(node)
    return name in _BETWEEN or "pool" in name or "dropout" in name or _is_crop(node)


def _is_crop(node: torch.fx.Node) -> bool:
    if not _calls(node) or call_name(node) != "getitem":
        return False
    parts = node.args[1] if isinstance(node.args[1], tuple) else (node.args[1],)
    return all(isinstance(part, slice) or part is Ellipsis for part in parts)


def _own_name(node: torch.fx.Node) -> str:
    """The module's path, also of a convolution that is called as a function with a module's weight."""
    path = plain(str(node.target)) if node.op == "call_module" else ""
    weight = node.args[1] if len(node.args) > 1 else None
    if call_name(node) in WEIGHTED_CALLS and isinstance(weight, torch.fx.Node) and weight.op == "get_attr":
        path = plain(str(weight.target).rpartition(".")[0])
    return path or node.name


def plain(path: str) -> str:
    """A path in the traced root as the module has it."""
    return path.removeprefix("net").removeprefix(".")


# ---- by hooks


@dataclass
class HookNetwork:
    """A network as its modules' outputs. One that is called several times gives its last call's; before any layers are
    chosen, each is kept."""

    module: nn.Module
    chosen: Sequence[Chosen] = ()

    def choose(self, chosen: Sequence[Chosen]) -> None:
        self.chosen = chosen

    def run(self, x: Tensor, kept: dict[str, Any]) -> None:
        hooks = []
        wanted = {chosen.key for chosen in self.chosen}
        for path, part in self.module.named_modules():
            if path in wanted or not wanted:

                def keep(_: nn.Module, __: Any, output: Any, path: str = path) -> None:
                    kept.pop(path, None)  # in the order of the last calls
                    kept[path] = output.clone() if isinstance(output, Tensor) else output

                if isinstance(part, _KINDS):
                    hooks.append(part.register_forward_hook(keep))
        try:
            self.module(x.clone())
        finally:
            for hook in hooks:
                hook.remove()


def hooked(module: nn.Module, example: Tensor) -> HookNetwork:
    """The network by the outputs of its convolutions, dense layers and nonlinearities that are modules."""
    kept: dict[str, Any] = {}
    with torch.no_grad():
        HookNetwork(module).run(example, kept)
    modules = dict(module.named_modules())
    chosen: list[Chosen] = []
    for path, following in itertools.pairwise([*kept, ""]):
        if chosen and chosen[-1].key == path:  # taken by the convolution before it
            continue
        leads = following and isinstance(modules[path], WEIGHTED) and isinstance(modules[following], NONLINEAR)
        if leads and _shape(kept[path]) == _shape(kept[following]):
            chosen.append(Chosen(path, following))
        else:
            chosen.append(Chosen(path, path))
    unique = unique_names([name or type(module).__name__.lower() for name, _ in chosen])
    return HookNetwork(module, [Chosen(name, key) for name, (_, key) in zip(unique, chosen, strict=True)])


# ---- both


def unique_names(names: Sequence[str]) -> list[str]:
    """The names, with _2, _3, … where one comes again; "input" counts as taken."""
    taken, found = {"input"}, []
    for name in names:
        candidate, count = name, 1
        while candidate in taken:
            count += 1
            candidate = f"{name}_{count}"
        taken.add(candidate)
        found.append(candidate)
    return found


def tensors(value: Any) -> Iterator[Tensor]:
    """All tensors in nested lists, tuples and dictionaries."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from tensors(part)
    elif isinstance(value, dict):
        yield from tensors(list(value.values()))


def _close(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and torch.allclose(a.float(), b.float(), rtol=1e-3, atol=1e-4, equal_nan=True)


def _shape(value: Any) -> Any:
    return value.shape if isinstance(value, Tensor) else None


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200].rstrip(".")
