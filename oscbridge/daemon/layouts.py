"""The layout that is in force: shipped, loaded or being solved, and what its subscribers are sent of it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from multiprocessing.context import SpawnContext
from pathlib import Path
from typing import Any

from .. import resources
from ..ear.plan import Plan
from ..errors import BridgeError
from ..layout import keeping
from ..layout.keeping import Layout
from ..osc.layouts import LayoutPacker
from ..osc.packets import encode
from ..osc.streams import Packet, Wish
from ..osc.subscriptions import Subscription
from ..resources import MODELS
from ..sections import Settings
from . import layout_worker
from .layout_worker import Order
from .places import Floats, SharedArrays
from .supervisor import Supervisor

USERS = "layouts"  # the folder of those that are solved, as the HTTP server calls it
SHIPPED = "shipped"  # the layout that travels with its network, and the package's folder of such
HANG_S = 60.0  # hearing a loop and building a graph are silent
PACKETS_A_TURN = 12  # of a whole layout, then a pause: 8,000 bytes each on this machine, half of what a receiver's
TURN_S = 0.005  # socket holds by default while it is busy drawing
START_S = 90.0
STOP_S = 30.0


def layout_folders(user: Path, model: Path) -> dict[str, Path]:
    """Where layouts may lie, by the names of the HTTP server. user: the user's folder; model: the YAML of the network
    that the daemon starts with, which may lie anywhere."""
    places = {USERS: user, SHIPPED: resources.folder(MODELS), "models": user / MODELS, "model": model.parent}
    return {name: place / "layouts" for name, place in places.items()}


@dataclass(frozen=True)
class Surroundings:
    """What the desk needs of the daemon."""

    model: Path
    plan: Plan
    model_id: str
    settings: Callable[[], Settings]
    subscribers: Callable[[], list[Subscription]]
    send: Callable[[Subscription, list[Packet]], None]
    is_busy: Callable[[Subscription], bool]  # whether what was sent to it last still waits
    url_of: Callable[[str, str, str], str]  # of a file: folder, name, the client's IP
    say: Callable[[str], None]


class LayoutDesk:
    """Keeps the layout, solves a new one on demand, and tells the subscribers of the stream `layout`."""

    def __init__(
        self,
        around: Surroundings,
        context: SpawnContext,
        folders: Mapping[str, Path],
        run: Callable[..., None] = layout_worker.run,
    ) -> None:
        """folders: where layouts lie, by the names of the HTTP server; those that are solved go to USERS. run: what the
        worker's process does."""
        self._folders, self._folder = folders, folders[USERS]
        self._context = context
        self._worker = Supervisor(context, "layout", run, self, HANG_S)
        self._shared: SharedArrays | None = None  # made when first needed
        self._layout: Layout | None = None
        self._solving: Floats | None = None  # the places of a layout that is not finished
        self._update = -1
        self._begun: asyncio.Future[None] | None = None
        self._stopped: asyncio.Future[None] | None = None
        self._sending: dict[int, asyncio.Task[None]] = {}
        self.is_solving = False
        self.rev = 0
        self._enter(around, self.first_of(around.model, around.plan, around.model_id))

    @property
    def places(self) -> Floats | None:
        """(neurons, 2) of the layout in force, at rest; None if there is none."""
        if self._solving is not None:
            return self._solving
        return self._layout.places if self._layout is not None else None

    @property
    def restarts(self) -> int:
        return self._worker.restarts

    # the network

    def first_of(self, model: Path, plan: Plan, model_id: str) -> Layout | None:
        """The newest that was solved for this very network, else the one that travels with it, if they fit. In any
        thread: it reads files."""
        shipped = _shipped_with(model)
        own = sorted(self._folder.glob("*.npy"), key=lambda p: p.stat().st_mtime, reverse=True)
        for path in [*own, shipped]:
            try:
                layout = keeping.load(path, plan.neurons)
            except BridgeError:
                continue
            if path == shipped or layout.made.get("model") == model_id:
                return layout
        return None

    async def settle(self) -> None:
        """Before another network: what is being solved is kept as it stands, as by `stop`."""
        if self.is_solving:
            try:
                await self.stop()
            except BridgeError as error:
                self._around.say(str(error))

    def follow(self, around: Surroundings, layout: Layout | None) -> None:
        """Another network: its layout, from `first_of`, is in force and told to all."""
        for task in self._sending.values():
            task.cancel()
        self._sending.clear()
        if self.is_solving:  # begun since it was settled
            self._end_worker()
            self._answer(BridgeError("another network has come; send /ear/layout/start again for its layout", 409))
        self._shared = None
        self._enter(around, layout)
        self.tell_all()

    def _enter(self, around: Surroundings, layout: Layout | None) -> None:
        self._around, self._shipped = around, _shipped_with(around.model)
        self._packer = LayoutPacker(around.plan.layers)
        self._take(layout)

    def _take(self, layout: Layout | None) -> None:
        self._layout, self._solving = layout, None
        self.rev += 1

    # what clients ask

    async def start(self) -> int:
        """Begins to solve; returns the revision that it will have. Raises BridgeError."""
        if self.is_solving:
            raise BridgeError("a layout is being solved; its parameters act at once, /ear/layout/stop ends it", 409)
        loop = asyncio.get_running_loop()
        self._shared = self._shared or SharedArrays(self._context, self._around.plan.neurons, 2)
        self.is_solving, self._update = True, -1
        self.rev += 1
        self._begun = loop.create_future()
        self._worker.start(loop)
        try:
            await asyncio.wait_for(asyncio.shield(self._begun), START_S)
        except asyncio.TimeoutError:
            self._give_up()
            raise BridgeError(f"the layout worker did not start within {START_S:.0f} s; try again", 503) from None
        return self.rev

    async def stop(self) -> None:
        """Ends solving and keeps what there is. Raises BridgeError."""
        if not self.is_solving:
            raise BridgeError("no layout is being solved; /ear/layout/start begins one", 409)
        if self._stopped is None:
            self._stopped = asyncio.get_running_loop().create_future()
        self._worker.tell({"stop": True})
        try:
            await asyncio.wait_for(asyncio.shield(self._stopped), STOP_S)
        except asyncio.TimeoutError:
            self._give_up()
            raise BridgeError(
                "the layout worker did not answer and was ended; the layout before is back", 503
            ) from None

    async def load(self, name: str) -> None:
        """Takes a layout of the user's folder, or "shipped". Raises BridgeError."""
        if self.is_solving:
            raise BridgeError("a layout is being solved; /ear/layout/stop first", 409)
        names = self.names()
        if name not in names:
            raise BridgeError(f"there is no layout {name[:80]!r}; there are: {', '.join(names) or 'none'}", 404)
        path = self._shipped if name == SHIPPED else self._folder / f"{name}.npy"
        loop, around = asyncio.get_running_loop(), self._around
        layout = await loop.run_in_executor(None, keeping.load, path, around.plan.neurons)
        if around is not self._around:
            raise BridgeError("another network has come meanwhile; that layout may not be its", 409)
        self._take(layout)
        self.tell_all()

    def names(self) -> list[str]:
        """Those that can be loaded."""
        shipped = [SHIPPED] if self._shipped.is_file() else []
        return shipped + sorted(p.stem for p in self._folder.glob("*.npy"))

    def parameters_changed(self) -> None:
        if self.is_solving:
            self._worker.tell({"layout": self._around.settings().layout.model_dump()})

    def close(self) -> None:
        for task in self._sending.values():
            task.cancel()
        if self.is_solving:
            self._worker.stop(grace_s=0.0)

    # the worker

    def worker_arguments(self) -> tuple[Any, ...]:
        listen = self._around.settings().listen
        from .pictures import are_pictures  # which loads what control does without

        file = Path(listen.file).expanduser()
        loop = listen.file if listen.source == "file" and not are_pictures(file) else ""
        wishes = self._around.settings().layout.model_dump()
        return (self._shared, Order(str(self._around.model), loop, wishes, self._update, str(self._folder)))

    def worker_beat(self, frames: list[int]) -> None:
        pass  # its updates are its heartbeat

    def worker_said(self, message: dict[str, Any]) -> None:
        if "ready" in message:
            if self._begun is not None and not self._begun.done():
                self._begun.set_result(None)
        elif "update" in message:
            self._updated(message)
        elif "finished" in message:
            self._finished(message["finished"])
        elif "fatal" in message:
            self._failed(BridgeError(message["fatal"], message["code"]))

    def worker_down(self, why: str) -> None:
        self._around.say(why)

    def _updated(self, message: dict[str, Any]) -> None:
        assert self._shared is not None
        self._update = message["update"]
        told = encode(
            "/ear/layout/progress", self.rev, message["level"], message["levels"], message["iteration"],
            float(message["energy"]),
        )  # fmt: skip
        if message["snapshot"] == 0:
            self._solving = self._shared.read(self._update)
        made: dict[Wish, list[Packet]] = {}  # once for all that want the same
        for entry in self._around.subscribers():
            if entry.wish not in made:
                made[entry.wish] = [told]
                if message["snapshot"] == 0 and self._solving is not None:
                    made[entry.wish] += self._packer.snapshot(self.rev, 0, self._solving, entry.wish)
            self._around.send(entry, made[entry.wish])

    def _finished(self, file: str) -> None:
        self._end_worker()
        try:
            self._layout = keeping.load(self._folder / file, self._around.plan.neurons)
        except BridgeError as error:
            self._failed(error)
            return
        self._solving = None
        if self._stopped is not None and not self._stopped.done():
            self._stopped.set_result(None)
        self._stopped = None
        self.tell_all()

    def _failed(self, error: BridgeError) -> None:
        self._give_up()
        self._answer(error)
        self._around.say(f"the layout cannot be solved: {error}")

    def _answer(self, error: BridgeError) -> None:
        """To those who wait for its beginning or its end."""
        for future in (self._begun, self._stopped):
            if future is not None and not future.done():
                future.set_exception(error)
        self._stopped = None

    def _give_up(self) -> None:
        """Back to the layout before."""
        self._end_worker()
        self._solving = None
        self.rev += 1
        self.tell_all()

    def _end_worker(self) -> None:
        self.is_solving = False
        self._worker.stop(grace_s=0.0)

    # the stream

    def tell_all(self) -> None:
        for entry in self._around.subscribers():
            self.send_whole(entry)

    def send_whole(self, entry: Subscription) -> None:
        """The layout as it is now: where its file is, then every snapshot, a part at a time."""
        old = self._sending.pop(entry.id, None)
        if old is not None:
            old.cancel()
        self._sending[entry.id] = asyncio.ensure_future(self._send_in_turns(entry, self._whole(entry)))

    def _whole(self, entry: Subscription) -> Iterator[Packet]:
        """Packed as they are taken: nine snapshots at once would hold frames up."""
        rev, packer, layout = self.rev, self._packer, self._layout
        if self._solving is not None:
            return iter(packer.snapshot(rev, 0, self._solving, entry.wish))
        if layout is None:
            return iter(())
        folder = next(name for name, path in self._folders.items() if path == layout.path.parent)
        url = self._around.url_of(folder, layout.path.name, entry.address[0])
        snapshots, neurons = layout.positions.shape[:2]
        ready: Packet = encode("/ear/layout/ready", rev, url, layout.sha256, neurons, snapshots)
        each = (packer.snapshot(rev, index, places, entry.wish) for index, places in enumerate(layout.positions))
        return itertools.chain([ready], itertools.chain.from_iterable(each))

    async def _send_in_turns(self, entry: Subscription, packets: Iterator[Packet]) -> None:
        while turn := list(itertools.islice(packets, PACKETS_A_TURN)):
            self._around.send(entry, turn)
            await asyncio.sleep(TURN_S)
            while self._around.is_busy(entry):  # else the next part would take the place of this one
                await asyncio.sleep(TURN_S)
        self._sending.pop(entry.id, None)


def _shipped_with(model: Path) -> Path:
    """Where the layout may lie that travels with a network. model: its YAML."""
    return model.parent / "layouts" / f"{model.stem}.npy"
