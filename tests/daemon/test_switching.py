"""Another network on its way in, without a network: what stands in for its process is here."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import shutil
import socket
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from oscbridge import resources
from oscbridge.daemon import candidate, layouts, simulated_layout, switching
from oscbridge.daemon.candidate import Candidate
from oscbridge.daemon.clip_desk import ClipDesk
from oscbridge.daemon.clip_desk import Surroundings as AroundClips
from oscbridge.daemon.layouts import LayoutDesk, layout_folders
from oscbridge.daemon.switching import Switching, _review_subscriptions
from oscbridge.daemon.worker_process import lines_of, tell
from oscbridge.ear.plan import plan_of
from oscbridge.errors import BridgeError
from oscbridge.osc.clients import Client
from oscbridge.osc.streams import CLASSES, Wish
from oscbridge.osc.subscriptions import Subscriptions
from oscbridge.sections import Settings

from .clips import dream

PATH = resources.model_file("ear-half")
PLAN = plan_of(PATH)
TAGGER = resources.model_file("vgg-tagger")
CONTEXT = multiprocessing.get_context("spawn")


# ---- names


def test_the_users_networks_have_names_too_and_the_packages_come_first(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    for name in ("mine", "ear"):
        (tmp_path / "models" / f"{name}.yaml").touch()
    found = resources.models(tmp_path)
    assert found["mine"] == tmp_path / "models" / "mine.yaml" == resources.model_file("mine", tmp_path)
    assert found["ear"] == resources.folder("models") / "ear.yaml"
    with pytest.raises(BridgeError, match=r"there are ear, ear-half, mine, .*Did you mean mine\?"):
        resources.model_file("mien", tmp_path)


# ---- the candidate


def loads(sock: socket.socket, parent: int, *_: Any) -> None:
    tell(sock, {"loaded": "other-1", "trained": True, "how": "at once"})
    for _order in lines_of(sock):
        pass


def refuses(sock: socket.socket, parent: int, *_: Any) -> None:
    tell(sock, {"fatal": "no weights", "code": 422})


def dies(sock: socket.socket, parent: int, *_: Any) -> None:
    os._exit(3)


def is_silent(sock: socket.socket, parent: int, *_: Any) -> None:
    time.sleep(60)


async def load(run: Callable[..., None]) -> Candidate:
    new = Candidate(CONTEXT, PATH, PLAN, run)
    try:
        await new.load()
    except BridgeError as error:
        await new.worker.stop_beside(0.0)
        assert new.worker.pid is None
        raise error
    return new


def test_a_candidate_that_has_loaded_waits_and_is_gone_when_it_is_stopped() -> None:
    async def steps() -> None:
        new = await load(loads)
        new.check()
        assert (new.id, new.trained) == ("other-1", True)
        process = new.worker._process
        assert process is not None and process.is_alive()
        gone = new.worker.stop_beside()
        assert new.worker.pid is None and not new.worker.tell({}), "nothing is heard from it any more"
        await gone
        with pytest.raises(ValueError, match="closed"):
            process.is_alive()

    asyncio.run(steps())


@pytest.mark.parametrize("run, code, words", [(refuses, 422, "no weights"), (dies, 500, "ended while it loaded")])
def test_a_candidate_that_cannot_load_says_why_and_is_not_tried_again(
    run: Callable[..., None], code: int, words: str
) -> None:
    with pytest.raises(BridgeError, match=words) as caught:
        asyncio.run(load(run))
    assert caught.value.code == code


def test_a_candidate_that_does_not_load_in_time_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidate, "LOADED_S", 0.2)
    with pytest.raises(BridgeError, match="did not load within") as caught:
        asyncio.run(load(is_silent))
    assert caught.value.code == 503


def test_one_that_dies_while_it_waits_is_found_out_and_stays_dead() -> None:
    async def steps() -> None:
        new = await load(loads)
        assert new.worker.pid is not None
        os.kill(new.worker.pid, 9)
        while not new.is_lost:
            await asyncio.sleep(0.01)
        with pytest.raises(BridgeError, match="ended before it could listen"):
            new.check()
        await asyncio.sleep(0.05)
        assert new.worker.pid is None

    asyncio.run(steps())


# ---- the change


@pytest.mark.parametrize("source", ["device", "file"])
def test_the_old_worker_is_gone_before_a_device_is_opened_and_no_source_changes_meanwhile(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str
) -> None:
    async def steps() -> None:
        done: list[str] = []
        gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def note(what: str) -> None:
            done.append(what)

        def stop_beside() -> asyncio.Future[None]:
            done.append("old worker stopped")
            asyncio.get_running_loop().call_later(0.05, gone.set_result, None)
            return gone

        def enter(daemon: Any, new: Candidate, name: str, layout: object) -> None:
            assert gone.done() == (source == "device") and lock.locked() and name == "ear-half"
            assert new.worker.pid is not None and new.id == "other-1"
            done.append("entered")
            daemon.model_id = new.id
            new.worker.stop()

        lock, heard = asyncio.Lock(), asyncio.Event()
        heard.set()
        daemon = SimpleNamespace(
            live=SimpleNamespace(one_at_a_time=lock, now=SimpleNamespace(listen=SimpleNamespace(source=source))),
            layouts=SimpleNamespace(settle=lambda: note("layout kept"), first_of=lambda *_: None),
            dreams=SimpleNamespace(end=lambda: note("dream ended")), model_id="before-1",
            listening=SimpleNamespace(worker=SimpleNamespace(stop_beside=stop_beside), is_ready=heard),
        )  # fmt: skip
        monkeypatch.setattr(switching, "_enter", enter)
        assert await Switching(daemon, tmp_path, CONTEXT, loads).load("ear-half") == "other-1"  # type: ignore[arg-type]
        assert done == ["layout kept", "dream ended", "old worker stopped", "entered"] and not lock.locked()
        with pytest.raises(BridgeError, match="ear-half: no weights; other-1 listens on"):
            await Switching(daemon, tmp_path, CONTEXT, refuses).load("ear-half")  # type: ignore[arg-type]
        assert len(done) == 4, "the other was not touched"

    asyncio.run(steps())


# ---- what lasts


def test_filters_end_with_their_layers_and_what_lasts_rests() -> None:
    table, owner, told = Subscriptions(), Client(("127.0.0.1", 9_000), introduced=True), []
    wishes = [Wish("channels", "", "2", 8_000), Wish("channels", "", "20", 8_000), Wish(CLASSES, "", "", 8_000)]
    kept, _, classes = (table.add(owner, 0, wish, 0.0, 60.0, 0.0) for wish in wishes)
    static = table.add_static(("127.0.0.1", 7_000), wishes[1], 0.0)
    delivery = SimpleNamespace(forget=lambda key: None, send=lambda packet, address: told.append((packet, address)))
    session = SimpleNamespace(subscriptions=table)
    daemon = SimpleNamespace(session=session, delivery=delivery, plan=SimpleNamespace(layers=PLAN.layers[:4]))
    _review_subscriptions(daemon)  # type: ignore[arg-type]
    assert [(s.id, s.rests) for s in table.all()] == [(kept.id, False), (classes.id, True), (static.id, True)]
    ((packet, address),) = told
    assert address == owner.address and b"/ear/subscribe" in packet and b"layers go from 0 to 3" in packet
    daemon.plan.layers = PLAN.layers
    _review_subscriptions(daemon)  # type: ignore[arg-type]
    assert [s.rests for s in table.all()] == [False] * 3


def around_layouts(path: Path) -> layouts.Surroundings:
    plan = plan_of(path)
    return layouts.Surroundings(
        path, plan, plan.id, Settings, list, lambda *_: None, lambda _: False, lambda *_: "", lambda _: None
    )


def test_a_layout_that_is_being_solved_is_kept_and_the_new_networks_own_is_in_force(tmp_path: Path) -> None:
    async def steps() -> None:
        around = around_layouts(PATH)
        desk = LayoutDesk(around, CONTEXT, layout_folders(tmp_path, PATH), partial(simulated_layout.run, ""))
        await desk.start()
        while desk._solving is None:
            await asyncio.sleep(0.01)
        await desk.settle()
        assert not desk.is_solving and len(list((tmp_path / "layouts").glob("*.npy"))) == 1
        other = around_layouts(TAGGER)
        rev = desk.rev
        desk.follow(other, desk.first_of(TAGGER, other.plan, other.model_id))
        assert desk.rev == rev + 1
        assert desk.places is not None and desk.places.shape == (other.plan.neurons, 2)
        await desk.start()
        await desk.settle()
        assert desk.places.shape == (other.plan.neurons, 2), "and it can be solved"

    asyncio.run(steps())


def test_a_layout_begun_too_late_is_given_up_and_who_waits_is_told(tmp_path: Path) -> None:
    async def steps() -> None:
        desk = LayoutDesk(around_layouts(PATH), CONTEXT, layout_folders(tmp_path, PATH), is_silent)
        waiting = asyncio.ensure_future(desk.start())
        await asyncio.sleep(0)
        assert desk.is_solving
        desk.follow(around_layouts(TAGGER), None)
        with pytest.raises(BridgeError, match="another network has come"):
            await waiting
        assert not desk.is_solving and desk.places is None
        await desk.settle()

    asyncio.run(steps())


def test_the_layout_beside_a_network_of_the_user_is_found_and_served(tmp_path: Path) -> None:
    (tmp_path / "models" / "layouts").mkdir(parents=True)
    mine = tmp_path / "models" / "mine.yaml"
    shutil.copy(PATH, mine)
    for end in ("npy", "json"):
        shutil.copy(PATH.parent / "layouts" / f"ear-half.{end}", tmp_path / "models" / "layouts" / f"mine.{end}")
    folders = layout_folders(tmp_path, PATH)
    desk = LayoutDesk(around_layouts(PATH), CONTEXT, folders)
    layout = desk.first_of(mine, PLAN, "mine-1")
    assert layout is not None and layout.path.parent in folders.values()


@pytest.mark.parametrize("beats, frames", [(8, None), (6, 24_000)])
def test_a_clip_of_another_networks_rate_is_cut_only_if_its_length_is_another(
    tmp_path: Path, beats: int, frames: int | None
) -> None:
    """The clips of the tests are of 8,000 Hz and half a second; the network's rate is twice that."""

    async def steps() -> None:
        settings = Settings().model_copy(
            update={"transport": Settings().transport.model_copy(update={"bpm": 960.0, "beats_per_clip": beats})}
        )
        around = AroundClips(
            lambda: settings, lambda: 16_000, lambda _: [], lambda *_: None, lambda *_: "", lambda _: False,
            lambda _: None, lambda: None, lambda _: None, lambda _: None,
        )  # fmt: skip
        desk = ClipDesk(around, tmp_path)
        desk.running = dream(desk.store, tmp_path)
        desk.on_ready_due(0)
        if frames is None:
            assert desk._recutting is None
            return
        assert desk._recutting is not None
        await desk._recutting
        newest = desk.store.newest
        assert newest is not None and (newest.rate, newest.frames) == (8_000, frames // 8)
        desk.close()

    asyncio.run(steps())
