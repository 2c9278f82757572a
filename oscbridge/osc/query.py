"""The address space as OSCQuery tells it: a tree of JSON nodes, whole or in parts.

Source: OSCQuery proposal, https://github.com/Vidvox/OSCQueryProposal. SCALE, how a fader moves, and
DEFAULT are attributes of our own.
"""

from __future__ import annotations

from typing import Any

from ..errors import BridgeError
from ..sections import Settings
from ..settings import Parameter
from .space import AddressSpace, Command
from .streams import STREAMS

Node = dict[str, Any]

SENT, TAKEN, BOTH = 1, 2, 3  # ACCESS
EXTENSIONS = (
    "ACCESS", "VALUE", "RANGE", "DESCRIPTION", "TAGS", "EXTENDED_TYPE", "UNIT", "CLIPMODE", "LISTEN",
)  # fmt: skip
UNITS = {"dB": "gain.db", "s": "time.second", "ms": "time.ms", "bpm": "time.bpm"}  # as the proposal calls them


class QueryTree:
    """Made once: only the values in it change."""

    def __init__(self, space: AddressSpace) -> None:
        self._parameters = space.parameters
        self._root: Node = {"FULL_PATH": "/", "DESCRIPTION": "What a neural network hears."}
        for kind in STREAMS.values():
            for sent in kind.messages:
                if "<" not in sent.address:
                    self._add(sent.address, TYPE=sent.tags, ACCESS=SENT, DESCRIPTION=kind.doc, TAGS=["stream"])
        for command in space.commands.values():
            self._add(command.address, **_of_command(command))
        for parameter in space.parameters.values():
            self._add(parameter.address, **_of_parameter(parameter))

    def answer(self, path: str, attribute: str, settings: Settings) -> Node | None:
        """The node at `path` with all below it, or with an attribute's name (VALUE) only that. None if the node has
        no such attribute. Raises BridgeError 404 if there is no such path."""
        node = self._root
        for name in path.strip("/").split("/") if path.strip("/") else ():
            node = node.get("CONTENTS", {}).get(name)
            if node is None:
                raise BridgeError(f"no address {path[:80]!r}; GET / lists all", 404)
        if not attribute:
            return self._with_values(node, settings)
        if attribute == "VALUE":
            parameter = self._parameters.get(node["FULL_PATH"])
            return {"VALUE": [parameter.to_wire(settings)]} if parameter else None
        if attribute == "CONTENTS" and "CONTENTS" in node:
            return {"CONTENTS": self._with_values(node, settings)["CONTENTS"]}
        return {attribute: node[attribute]} if attribute in node else None

    def _add(self, address: str, **attributes: Any) -> None:
        node, path = self._root, ""
        for name in address.strip("/").split("/"):
            path += f"/{name}"
            node = node.setdefault("CONTENTS", {}).setdefault(name, {"FULL_PATH": path})
        node.update(attributes)

    def _with_values(self, node: Node, settings: Settings) -> Node:
        filled = dict(node)
        if (parameter := self._parameters.get(node["FULL_PATH"])) is not None:
            filled["VALUE"] = [parameter.to_wire(settings)]
        if "CONTENTS" in node:
            filled["CONTENTS"] = {n: self._with_values(inner, settings) for n, inner in node["CONTENTS"].items()}
        return filled


def host_info(ip: str, port: int, http_port: int) -> Node:
    """What OSCQuery's HOST_INFO tells. ip: ours as the client reaches it; port: of UDP."""
    return {
        "NAME": "oscbridge",
        "EXTENSIONS": dict.fromkeys(EXTENSIONS, True),
        "OSC_IP": ip,
        "OSC_PORT": port,
        "OSC_TRANSPORT": "UDP",
        "WS_IP": ip,
        "WS_PORT": http_port,
    }


def _of_command(command: Command) -> Node:
    words = [word.strip("[]").split(":") for word in command.arguments]
    node: Node = {"TYPE": "".join(tag for tag, _ in words), "ACCESS": TAKEN, "DESCRIPTION": command.doc}
    if words:
        node["EXTENDED_TYPE"] = [name for _, name in words]
    return {**node, "TAGS": ["command"]}


def _of_parameter(parameter: Parameter) -> Node:
    node: Node = {
        "TYPE": parameter.tag,
        "ACCESS": BOTH if parameter.live else SENT,
        "DESCRIPTION": parameter.doc,
        "TAGS": ["parameter"],
        "DEFAULT": [parameter.to_wire(Settings())],
    }
    if parameter.choices:
        node["RANGE"] = [{"VALS": list(parameter.choices)}]
    elif parameter.field.annotation is bool:
        node["RANGE"] = [{"VALS": [0, 1]}]
    elif parameter.tag in "if" and (parameter.low is not None or parameter.high is not None):
        ends = {"MIN": parameter.low, "MAX": parameter.high}
        node["RANGE"] = [{name: end for name, end in ends.items() if end is not None}]
        node["CLIPMODE"] = ["both"]
    if parameter.unit:
        node["UNIT"] = [UNITS.get(parameter.unit, parameter.unit)]
    if parameter.scale != "linear":
        node["SCALE"] = [parameter.scale]
    return node
