"""Another network while the daemon runs: it loads beside the one that is on, then takes its place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from multiprocessing.context import SpawnContext
from pathlib import Path
from typing import TYPE_CHECKING

from .. import resources
from ..errors import BridgeError
from ..layout.keeping import Layout
from ..osc.packets import encode
from ..osc.space import FAIL
from ..osc.streams import check_wish
from ..validation import did_you_mean
from . import wiring
from .candidate import Candidate
from .plans import plan_of

if TYPE_CHECKING:
    from .control import Daemon

HEARS_S = 15.0  # a device may take seconds to open


class Switching:
    """Carries out /ear/model/load. run: what the process of a network does."""

    def __init__(self, daemon: Daemon, user: Path, context: SpawnContext, run: Callable[..., None]) -> None:
        """user: the user's folder."""
        self._daemon, self._user, self._context, self._run = daemon, user, context, run
        self._name = ""  # of the network that is on its way
        self._candidate: Candidate | None = None

    async def names(self) -> list[str]:
        """Those that can be loaded."""
        return list(await asyncio.get_running_loop().run_in_executor(None, resources.models, self._user))

    async def load(self, name: str) -> str:
        """Returns its id when it hears. Raises BridgeError: 404 there is none of that name, 409 another is on its way,
        or what is wrong with it; then the one before listens on, and nothing has changed."""
        if self._name:
            raise BridgeError(f"{self._name} is being loaded; wait for its outcome, then ask again", 409)
        self._name = name[:80]
        try:
            await self._load(name)
        finally:
            self._name = ""
        try:
            await asyncio.wait_for(self._daemon.listening.is_ready.wait(), HEARS_S)
        except asyncio.TimeoutError:
            raise BridgeError(f"{name} is loaded, but hears nothing yet; /ear/status tells how it is", 503) from None
        return self._daemon.model_id

    def close(self) -> None:
        if self._candidate is not None:
            self._candidate.worker.stop(grace_s=0.0)

    async def _load(self, name: str) -> None:
        d, loop = self._daemon, asyncio.get_running_loop()
        path = await loop.run_in_executor(None, self._path_of, name)
        plan = await loop.run_in_executor(None, plan_of, path)
        self._candidate = new = Candidate(self._context, path, plan, self._run)
        try:
            await new.load()
            async with d.live.one_at_a_time:  # no source is opened by a worker that is about to end
                await d.layouts.settle()
                layout = await loop.run_in_executor(None, d.layouts.first_of, path, plan, new.id)
                new.check()
                await d.dreams.end()
                gone = d.listening.worker.stop_beside()
                if d.live.now.listen.source == "device":  # which may have room for one alone
                    await gone
                _enter(d, new, name, layout)
                self._candidate = None
        except BridgeError as error:
            raise BridgeError(f"{name}: {error}; {d.model_id} listens on", error.code) from error
        finally:
            if self._candidate is not None:
                self._candidate = None
                await new.worker.stop_beside(grace_s=0.0)

    def _path_of(self, name: str) -> Path:
        """Names only: no path leads out of the two folders."""
        known = resources.models(self._user)
        if name not in known:
            there = ", ".join(known)
            raise BridgeError(f"no network {name[:80]!r}; there are {there}.{did_you_mean(name, list(known))}", 404)
        return known[name]


def _enter(d: Daemon, new: Candidate, name: str, layout: Layout | None) -> None:
    """All at once, so that nobody is sent a part of either network. The old worker has ended; the new one goes."""
    d.take(new.path, new.plan, d.live.now)
    _review_subscriptions(d)  # before the welcome: clients ask for more when that comes
    d.became_ready(new.id, new.trained, new.frames.read_statistics(), is_other=True)
    d.dreams.follow(wiring.around_dreams(d), new.recent)
    resting = d.routes.follow(new.plan, d.selection)
    d.listening.follow(wiring.around_listening(d), new)
    d.layouts.follow(wiring.around_layouts(d), layout)
    d.live.put({"model.name": name})
    if resting:
        text = f"{len(resting)} of the routes rest until a network has what they are from: {', '.join(resting)}"
        d.say(text)
        d.session.tell_all(FAIL, "/ear/route/add", 422, text[:1_000])


def _review_subscriptions(d: Daemon) -> None:
    """A filter was written for the layers of one network: where it names others than there are, its subscription ends.
    One that lasts, or has no filter, rests until a network can satisfy it again."""
    for entry in d.session.subscriptions.all():
        d.delivery.forget(entry.id)  # what waits still is of the network before
        entry.rests, wish, client = False, entry.wish, entry.client
        try:
            check_wish(wish.stream, wish.packing, wish.filter, wish.max_bytes, d.plan.layers)
        except BridgeError as error:
            entry.rests = True
            if wish.filter and client is not None:
                d.session.subscriptions.remove(entry)
                text = f"subscription {entry.id} has ended with its network: {error}"
                d.delivery.send(encode(FAIL, "/ear/subscribe", error.code, text), client.address)
