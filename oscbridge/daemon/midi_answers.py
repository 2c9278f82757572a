"""What a client is answered about MIDI, and how a button's command is carried out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..osc.clients import Client
from ..osc.midi_control import Control
from ..osc.packets import Argument, Message

if TYPE_CHECKING:
    from .answers import Request
    from .control import Daemon


class Buttons(Client):
    """The client whose commands come from a MIDI controller: there is nobody to be answered."""

    def spend(self, size: int) -> bool:
        return False


class MidiAnswers:
    """The part of Answers that is about MIDI."""

    _daemon: Daemon
    buttons = Buttons(("midi", 0))

    if TYPE_CHECKING:

        def answer(self, client: Client, packet: bytes) -> None: ...

        def tell_all(self, address: str, *args: Any) -> None: ...

        def _carry_out(self, client: Client, message: Message) -> None: ...

    def fire(self, address: str, args: tuple[Argument, ...]) -> None:
        """Carries out what a button asks. If it cannot be, all clients are told /ear/fail."""
        self._carry_out(self.buttons, Message(address, args))

    def do_midi_learn(self, request: Request, to: str) -> None:
        def learned(control: Control) -> None:
            kind = "" if control.kind == "absolute" else f" {control.kind}"
            request.done(to, control.channel, control.number, f"{control.family}{kind}")

        self._daemon.midi.learn(to, learned, request.fail)
        if not to:
            request.done(to)

    def do_midi_forget(self, request: Request, to: str) -> None:
        request.done(to, self._daemon.midi.forget(to))

    def do_midi_list(self, request: Request) -> None:
        listed = self._daemon.midi.listed()
        for packet in listed:
            self.answer(request.client, packet)
        request.done(len(listed))

    async def do_midi_save(self, request: Request, name: str) -> None:
        request.done(name, await self._daemon.midi.save(name))

    async def do_midi_load(self, request: Request, name: str) -> None:
        request.done(name, await self._daemon.midi.load(name))
