"""Checks of HTTP: OSCQuery's tree, who is served, and the WebSocket as one more client."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from ..osc.packets import encode
from ..osc.query import BOTH, SENT, TAKEN
from ..osc.space import COMMANDS
from ..settings import Parameter
from .conform_check import Differs, Station, check, expect
from .conform_files import get
from .conform_parameters import ON_WIRE, value_of
from .conform_talk import ANSWER_S, NAME, Said, answer_of, decode

FOREIGN = "other.example"


def ask(on: Station, target: str) -> Any:
    """The JSON at a path. Raises Differs if there is none."""
    page = get(on, target)
    expect(page.status == 200, f"200 for GET {target}", page)
    try:
        return json.loads(page.body)
    except ValueError as error:
        raise Differs(f"JSON for GET {target}", str(page)) from error


@check("OSCQuery tells every command and parameter, with type, access, range and value")
def query_tree(on: Station) -> str:
    root = ask(on, "/")
    expect(
        root.get("FULL_PATH") == "/" and "ear" in root.get("CONTENTS", {}),
        "the root / with CONTENTS ear",
        str(root)[:80],
    )
    for command in COMMANDS:
        node = _at(root, command.address)
        tags = "".join(word.strip("[]")[0] for word in command.arguments)
        expect(node.get("TYPE", "") == tags, f"TYPE {tags!r} of {command.address}", node.get("TYPE"))
        expect(
            node.get("ACCESS") in (TAKEN, BOTH), f"ACCESS {TAKEN} or {BOTH} of {command.address}", node.get("ACCESS")
        )
    for address, parameter in ON_WIRE.items():
        _fits(_at(root, address), parameter)
    return f"{len(COMMANDS)} commands, {len(ON_WIRE)} parameters"


def _at(root: dict[str, Any], address: str) -> dict[str, Any]:
    node = root
    for name in address.strip("/").split("/"):
        node = node.get("CONTENTS", {}).get(name, {})
    expect(node.get("FULL_PATH") == address, f"a node {address}", node.get("FULL_PATH"))
    return node


def _fits(node: dict[str, Any], parameter: Parameter) -> None:
    where = parameter.address
    expect(node.get("TYPE") == parameter.tag, f"TYPE {parameter.tag} of {where}", node.get("TYPE"))
    access = BOTH if parameter.live else SENT
    expect(node.get("ACCESS") == access, f"ACCESS {access} of {where}", node.get("ACCESS"))
    expect(len(node.get("VALUE", [])) == 1, f"one VALUE of {where}", node.get("VALUE"))
    told = (node.get("RANGE") or [{}])[0]
    if parameter.choices:
        expect(told.get("VALS") == list(parameter.choices), f"RANGE VALS {parameter.choices} of {where}", told)
    elif parameter.low is not None or parameter.high is not None:
        expect(
            (told.get("MIN"), told.get("MAX")) == (parameter.low, parameter.high), f"RANGE MIN and MAX of {where}", told
        )


@check("OSCQuery tells one address, one attribute, and where OSC goes")
def query_parts(on: Station) -> str:
    address = "/ear/stream/gamma"
    with on.talk() as client:
        value = value_of(client, "stream.gamma")
    told = ask(on, f"{address}?VALUE")
    expect(set(told) == {"VALUE"} and abs(told["VALUE"][0] - value) < 1e-5, f'{{"VALUE": [{value:g}]}}', told)
    expect(ask(on, address).get("FULL_PATH") == address, f"the node {address}", "another")
    info = ask(on, "/?HOST_INFO")
    expect(info.get("OSC_PORT") == on.port and info.get("OSC_TRANSPORT") == "UDP", f"OSC_PORT {on.port}, UDP", info)
    expect(
        isinstance(info.get("EXTENSIONS"), dict) and info["EXTENSIONS"].get("VALUE") is True,
        "EXTENSIONS with VALUE",
        info,
    )
    page = get(on, "/", {"Accept": "text/html"})
    led = page.status in (301, 302, 303, 307, 308) and page.headers.get("location", "").endswith("/ui/")
    expect(led, "a browser led from / to /ui/", f"{page.status} {page.headers.get('location', '')}")
    none = get(on, "/ear/no/such/address")
    expect(none.status == 404, "404 for an address that is not there", none)
    return str(info.get("NAME", ""))


@check("a foreign Host or Origin is refused over HTTP with 403")
def http_foreign(on: Station) -> None:
    for headers in ({"Host": FOREIGN}, {"Origin": f"http://{FOREIGN}"}, {"Origin": "null"}):
        page = get(on, "/?HOST_INFO", headers)
        expect(page.status == 403, f"403 with {headers}", page)


@check("no path leads out of the folders that are served")
def http_outside(on: Station) -> None:
    for target in (
        "/files/clips/../../../etc/passwd", "/files/clips/..%2f..%2f..%2fetc%2fpasswd", "/files/../config/default.yaml",
        "/files/clips/%2e%2e/%2e%2e/etc/passwd", "/files/nothing/of.this", "/files/clips/..%5c..%5cwindows%5cwin.ini",
        "/ui/../files/layouts/../../etc/passwd", "/files/clips/.hidden",
    ):  # fmt: skip
        page = get(on, target)
        expect(page.status in (400, 404), f"404 for {target}", page)


@asynccontextmanager
async def _socket(on: Station) -> AsyncIterator[Any]:
    import aiohttp

    host, port = on.http_at
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    async with aiohttp.ClientSession() as session:
        try:
            async with session.ws_connect(
                f"ws://{where}/", max_msg_size=0, timeout=aiohttp.ClientWSTimeout(ws_close=2.0)
            ) as socket:
                yield socket
        except aiohttp.ClientError as error:
            raise Differs(f"a WebSocket at ws://{where}/", repr(error)) from error


async def _wait(socket: Any, wanted: Callable[[Said], bool], expected: str, seconds: float = ANSWER_S) -> Said:
    end, seen = time.monotonic() + seconds, ""
    while (left := end - time.monotonic()) > 0:
        try:
            frame = await asyncio.wait_for(socket.receive(), left)
        except asyncio.TimeoutError:
            break
        if not isinstance(frame.data, bytes):
            seen = f"a frame {frame.type!s}"
            if socket.closed:
                break
            continue
        for said in decode(frame.data, time.monotonic()):
            if wanted(said):
                return said
            seen = str(said)
    raise Differs(expected, f"nothing in {seconds:g} s" + (f" but {seen}" if seen else ""))


@check("a WebSocket is one more client: OSC packets both ways as binary frames")
def websocket(on: Station) -> None:
    async def talk() -> None:
        async with _socket(on) as socket:
            await socket.send_bytes(encode("/ear/hello", NAME, 0))
            said = await _wait(socket, lambda s: s.address == "/ear/welcome", "/ear/welcome over WebSocket")
            told = answer_of("/ear/hello")["/ear/welcome"].check(said)
            expect(told["epoch"] == on.epoch, f"the epoch {on.epoch}", told["epoch"])
            await socket.send_bytes(encode("/ear/subscribe", "levels", "", 0, 10.0, 10.0))
            done = await _wait(socket, lambda s: s.args[:1] == ("/ear/subscribe",), "/ear/done /ear/subscribe")
            expect(done.tags == "sif", "/ear/done /ear/subscribe i:id f:lease_s", str(done))
            await _wait(socket, lambda s: s.address == "/ear/level/mean", "/ear/level/mean over WebSocket")
            await socket.send_bytes(b"no OSC at all")
            await socket.send_bytes(encode("/ear/sync", 6))
            await _wait(
                socket, lambda s: (s.address, s.args) == ("/ear/synced", (6,)), "/ear/synced 6 after what is no OSC"
            )

    asyncio.run(talk())


@check("LISTEN over WebSocket sends an address as it is now, IGNORE ends it")
def websocket_listen(on: Station) -> None:
    address, stream = "/ear/stream/gamma", "/ear/level/mean"

    async def talk() -> None:
        async with _socket(on) as socket:
            for one in (address, stream):
                await socket.send_str(json.dumps({"COMMAND": "LISTEN", "DATA": one}))
            said = await _wait(socket, lambda s: s.address == address, f"{address} after LISTEN")
            expect(said.tags == ON_WIRE[address].tag, f"{address} ,{ON_WIRE[address].tag}", str(said))
            await _wait(socket, lambda s: s.address == stream, f"{stream} after LISTEN")
            await socket.send_str(json.dumps({"COMMAND": "IGNORE", "DATA": stream}))
            await socket.send_bytes(encode("/ear/sync", 4))
            await _wait(socket, lambda s: s.address == "/ear/synced", "/ear/synced")
            try:
                said = await _wait(socket, lambda s: s.address == stream, "", 0.4)
            except Differs:
                return
            raise Differs(f"no {stream} after IGNORE", str(said))

    asyncio.run(talk())
