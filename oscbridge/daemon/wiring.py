"""What the parts of the daemon need of each other, as each of them declares it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..osc.clips import progress
from ..osc.streams import DREAM, LAYOUT
from . import ableton_desk, clip_desk, dreams, layouts, listening, midi_desk

if TYPE_CHECKING:
    from .control import Daemon


def around_listening(d: Daemon) -> listening.Surroundings:
    return listening.Surroundings(
        d.model, d.plan.hop_s, lambda: d.live.now.listen, lambda: _deck(d), d.on_frame,
        d.became_ready, lambda message: d.live.answer(message), lambda: d.live.worker_down(),
        d.session.tell_all, d.say,
    )  # fmt: skip


def around_layouts(d: Daemon) -> layouts.Surroundings:
    return layouts.Surroundings(
        d.model, d.plan, d.model_id, lambda: d.live.now,
        lambda: d.session.subscriptions.to(LAYOUT),
        lambda entry, packets: d.delivery.send_frame(entry.id, packets, entry.address),
        lambda entry: d.delivery.is_busy(entry.id), d.web.url_of, d.say,
    )  # fmt: skip


def around_clips(d: Daemon) -> clip_desk.Surroundings:
    return clip_desk.Surroundings(
        lambda: d.live.now, lambda: d.plan.rate, d.session.subscriptions.to, d.delivery.send, d.web.url_of,
        lambda next_id: _hand_over(d, next_id), lambda order: _play(d, order), lambda: d.dreams.changed(),
        d.routes.beat, d.say,
    )  # fmt: skip


def around_dreams(d: Daemon) -> dreams.Surroundings:
    return dreams.Surroundings(
        d.model, d.selection, d.plan.neurons, lambda: d.live.now, lambda: d.clips.frames, d.clips.file_of,
        lambda: str(d.clips.running.path) if d.clips.running else "", lambda *told: _show_step(d, *told),
        d.clips.take, lambda *told: d.session.tell_all("/ear/fail", *told), d.say,
    )  # fmt: skip


def around_ableton(d: Daemon) -> ableton_desk.Surroundings:
    return ableton_desk.Surroundings(
        lambda: d.live.now.ableton, d.allows, d.session.space.parameters["/ear/transport/bpm"].from_wire,
        lambda bpm: d.live.put({"transport.bpm": bpm}), d.clips.transport.follow, d.session.tell_all, d.say,
    )  # fmt: skip


def around_midi(d: Daemon) -> midi_desk.Surroundings:
    return midi_desk.Surroundings(
        lambda: d.live.now, lambda values: d.live.put(values), lambda values: d.live.apply(values), d.session.fire,
        d.session.tell_all, d.say,
    )  # fmt: skip


def _deck(d: Daemon) -> dict[str, Any] | None:
    deck = d.clips.deck
    return {**deck, "crossfade_ms": d.live.now.player.crossfade_ms} if deck else None


def _play(d: Daemon, order: dict[str, Any]) -> None:
    d.player.play(order)
    d.ableton.clip(order["clip"])
    d.listening.play(order, d.live.now.player.crossfade_ms)


def _hand_over(d: Daemon, next_id: Callable[[], int]) -> bool:
    is_fresh = d.dreams.is_fresh
    if is_fresh:
        d.dreams.hand_over(next_id(), d.clips.folder, d.live.now.clips.format)
    return is_fresh


def _show_step(d: Daemon, *told: Any) -> None:
    packet, now = progress(*told), time.monotonic()
    for entry in d.session.subscriptions.to(DREAM):
        if entry.due(now):
            d.delivery.send(packet, entry.address)
