"""The address space: every command once, with its arguments and answer. The reference is generated from here."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import BridgeError
from ..settings import Parameter, parameters
from .packets import Argument

DONE, FAIL = "/ear/done", "/ear/fail"


@dataclass(frozen=True)
class Command:
    """arguments: words like "s:name"; one in brackets may be left out."""

    address: str
    arguments: tuple[str, ...]
    answer: str
    doc: str

    @property
    def method(self) -> str:
        """The name of what carries it out."""
        return self.address.removeprefix("/ear/").replace("/", "_")

    @property
    def signature(self) -> str:
        return " ".join(self.arguments) or "no arguments"

    def check(self, args: Sequence[Argument]) -> list[Argument]:
        """The arguments in their declared types. A float with no fraction is taken for an int, and the other way round.

        Raises BridgeError 400 with what came and what is expected.
        """
        needed = sum(not a.startswith("[") for a in self.arguments)
        if not needed <= len(args) <= len(self.arguments):
            raise BridgeError(f"takes {self.signature}; {len(args)} arguments came", 400)
        return [self._convert(word.strip("[]"), value) for word, value in zip(self.arguments, args, strict=False)]

    def _convert(self, word: str, value: Argument) -> Argument:
        tag, name = word.split(":")
        number = isinstance(value, (int, float))
        if tag == "s" and isinstance(value, str):
            return value
        if tag == "i" and number and math.isfinite(value) and value == int(value):  # type: ignore[arg-type]
            return int(value)
        if tag == "f" and number and math.isfinite(value):  # type: ignore[arg-type]
            return float(value)
        raise BridgeError(f"{name} is {str(value)[:40]!r}; takes {self.signature}", 400)


COMMANDS = [
    Command(
        "/ear/hello", ("s:name", "i:reply_port"),
        "/ear/welcome s:server i:major i:minor i:epoch s:http_url s:model i:layers i:neurons",
        "Says who you are and on which port you listen (0: the one you send from). Streams need it first.",
    ),
    Command("/ear/sync", ("i:token",), "/ear/synced i:token", "Answered when all that you sent before is done."),
    Command(
        "/ear/status", (),
        "/ear/status i:epoch i:frame f:uptime_s f:listen_load f:dream_steps_per_s i:subscribers i:dropped_frames "
        "i:worker_restarts s:state",
        "How the daemon is: `starting`, `running` or `degraded`.",
    ),
    Command(
        "/ear/clock", ("i:token",), "/ear/clock i:token i:unix_s i:microseconds",
        "The daemon's clock, to estimate the offset of yours: half the difference of the one-way times.",
    ),
    Command(
        "/ear/layers", (),
        "/ear/layer i:layer s:name i:first_neuron i:channels i:positions i:frames_per_step f:receptive_field_s "
        "f:receptive_field_octaves, one a layer",
        "The network's layers. Neurons are numbered layer by layer, channel by channel, from low to high frequency.",
    ),
    Command(
        "/ear/model/list", (), "/ear/model s:name i:is_on, one a network, then /ear/done /ear/model/list i:networks",
        "The networks that can be loaded: those that travel with oscbridge, and the YAMLs in the folder `models` of "
        "the user's folder.",
    ),
    Command(
        "/ear/model/rate", (), "/ear/model/rate f:answers_per_s f:frames_per_s s:how",
        "How often the network answers anew, how many frames that is sent in, and how it is evaluated: streamed, hop "
        "by hop, or in windows, as often as half a core allows, and why.",
    ),
    Command(
        "/ear/model/load", ("s:name",), "/ear/done /ear/model/load s:name s:model",
        "Changes to another network, or to the one that is on with its weights read anew. It loads beside the one that "
        "is on, which listens on meanwhile, and for good if the other cannot be loaded (`/ear/fail`). Then all changes "
        "at once: everybody who has said hello is sent an `/ear/welcome` with another epoch, nothing is selected, a "
        "dream ends, a layout that is being solved is kept as it stands. Subscriptions go on; one with a filter that "
        "the network cannot satisfy ends, with `/ear/fail /ear/subscribe`. `classes`, and routes from what the network "
        "does not have, rest until another has it. Clips play on. Names only, no paths; 404 lists them.",
    ),
    Command(
        "/ear/subscribe", ("s:stream", "s:packing", "i:port", "f:max_hz", "f:lease_s", "[s:filter]"),
        "/ear/done /ear/subscribe i:id f:lease_s, then the stream as it is now",
        'Packing "" or - is the default, port 0 your reply port, max_hz 0 every frame, lease_s 0 ten seconds. '
        "Any message of yours renews all your leases. A filter names layers and channels: 3, 3-5, 3:0-15, 3,7:2.",
    ),
    Command("/ear/renew", ("i:id",), "/ear/done /ear/renew i:id", "Renews a lease; any other message does too."),
    Command("/ear/unsubscribe", ("i:id",), "/ear/done /ear/unsubscribe i:id", "Ends a subscription."),
    Command(
        "/ear/select", (),
        "/ear/selected i:layer i:first_channel i:last_channel f:low f:high f:weight s:name i:neurons, one a region, "
        "then /ear/done /ear/select i:regions i:neurons",
        "What is selected. A circle comes with -1 as layer and channels, and its x and y in the place of low and high. "
        "The last message counts every neuron once; one whose weights add up to 0 is not selected.",
    ),
    Command("/ear/select/clear", (), "/ear/done /ear/select/clear", "Selects nothing."),
    Command(
        "/ear/select/remove", ("s:name",), "/ear/done /ear/select/remove s:name", "Takes the region of that name out."
    ),
    Command(
        "/ear/select/add",
        ("i:layer", "i:first_channel", "i:last_channel", "f:low", "f:high", "f:weight", "[s:name]"),
        "/ear/done /ear/select/add i:neurons",
        "Selects channels of a layer (last_channel -1: all from the first on) between low and high, 0 to 1, of its "
        "frequencies. Weights are -1 to 1, and those of overlapping regions add up. The name of a region that is there "
        "replaces it; those without a name pile up, to at most 256 regions. Everybody shares one selection; it lasts "
        "until the daemon ends or has another network.",
    ),
    Command(
        "/ear/select/circle", ("f:x", "f:y", "f:radius", "f:weight", "[s:name]"),
        "/ear/done /ear/select/circle i:neurons",
        "Selects the neurons that lie in a circle in the layout's first snapshot. They stay selected where a later "
        "layout puts them. 409 while there is no layout, 404 if no neuron lies there.",
    ),
    Command(
        "/ear/layout/start", (), "/ear/done /ear/layout/start i:rev",
        "Solves a layout, in a process of its own; answered when it has begun. The stream `layout` shows it grow, and "
        "`/ear/layout/ready` tells its end. Its parameters act at once. The ear does not wait for it.",
    ),
    Command(
        "/ear/layout/stop", (), "/ear/done /ear/layout/stop",
        "Ends solving and keeps the layout as it stands; answered when that is written.",
    ),
    Command(
        "/ear/layout/load", ("s:name",), "/ear/done /ear/layout/load s:name",
        "Brings back a layout that was solved before; `shipped` is the one that came with the network. 404 lists all.",
    ),
    Command(
        "/ear/dream/start", (), "/ear/done /ear/dream/start",
        "Dreams on from where it stopped, at first from the origin; answered when the first step is done. The stream "
        "`dream` shows every step, and a clip is handed over once a loop.",
    ),
    Command("/ear/dream/stop", (), "/ear/done /ear/dream/stop", "Stops dreaming; the newest clip loops on."),
    Command(
        "/ear/dream/restart", (), "/ear/done /ear/dream/restart", "Goes back to the origin, and dreams on from there."
    ),
    Command(
        "/ear/clip/loaded", ("i:clip",), "/ear/done /ear/clip/loaded i:clip",
        "You have it, and can play it when it is activated.",
    ),
    Command(
        "/ear/clip/failed", ("i:clip", "s:why"), "/ear/done /ear/clip/failed i:clip",
        "You could not load it: it is not activated for you, and your clip loops on. Others go on.",
    ),
    Command("/ear/clip/started", ("i:clip",), "/ear/done /ear/clip/started i:clip", "You play it now."),
    Command(
        "/ear/clip/ended", ("i:clip",), "/ear/done /ear/clip/ended i:clip, and the next /ear/clip/activate",
        "With transport.mode client: your loop ends now, and all change to the newest clip that they have loaded.",
    ),
    Command(
        "/ear/clip/list", (),
        "/ear/clip/held i:clip s:name s:sha256 s:url s:path i:rate i:frames i:channels f:score i:made_unix_s, one a "
        "clip, then /ear/done /ear/clip/list i:clips",
        "The clips that are kept, oldest first.",
    ),
    Command(
        "/ear/clip/keep", ("i:clip", "s:name"), "/ear/done /ear/clip/keep i:clip s:file",
        "Keeps a clip under a name, for good.",
    ),
    Command(
        "/ear/clip/play", ("i:clip",), "/ear/done /ear/clip/play i:clip",
        "Goes back to a clip, from the end of the running loop on. It loops, while dreaming goes on, until another is "
        "played; 0 lets the newest play again.",
    ),
    Command(
        "/ear/clip/import", ("s:name",), "/ear/done /ear/clip/import i:clip",
        "Takes a sound file of the clips folder as a clip, and as the origin of dreams (dream.origin clip): mono, at "
        "the ear's rate, cut or looped to the length of a clip.",
    ),
    Command(
        "/ear/route/add",
        (
            "s:name", "s:from", "s:to", "[s:args]", "[f:low]", "[f:high]", "[f:curve]", "[f:attack_ms]",
            "[f:release_ms]", "[f:max_hz]", "[f:threshold]",
        ),
        "/ear/done /ear/route/add s:name",
        "Sends a level to any OSC address of any host in server.allow. from: layer.3.mean, layer.3.peak, "
        "channel.3.7, neuron.1234, region.name, class.guitar, selection, selection.peak or beat; "
        "to: udp://host:port/address; args: what is sent, as one text, with $value where the value goes. 0 to 1 become "
        "low to high, bent by the exponent curve; the level rises and falls with time constants. A threshold above 0 "
        "makes it a trigger: it is sent once each time the level rises to that. The name of a route that is there "
        "replaces it.",
    ),
    Command(
        "/ear/route/remove", ("s:name",), "/ear/done /ear/route/remove s:name", "Ends a route; all of them with *."
    ),
    Command(
        "/ear/route/list", (),
        "/ear/route s:name s:from s:to s:args f:low f:high f:curve f:attack_ms f:release_ms f:max_hz f:threshold "
        "f:level, one a route, then /ear/done /ear/route/list i:routes",
        "The routes with how high their levels are now. A threshold of -1 means none.",
    ),
    Command(
        "/ear/route/learn", ("s:name", "i:on"), "/ear/done /ear/route/learn s:name i:on",
        "For a host that learns which address moves a control of its: while on, this route alone is sent, from low to "
        "high and back every two seconds. 0 ends it.",
    ),
    Command(
        "/ear/route/load", ("s:set",), "/ear/done /ear/route/load s:set i:routes",
        "Adds a set of routes: one of yours, or ableton, resolume, madmapper, supercollider.",
    ),
    Command(
        "/ear/route/save", ("s:set",), "/ear/done /ear/route/save s:set i:routes", "Keeps the routes under a name."
    ),
    Command(
        "/ear/midi/learn", ("s:address",), "/ear/done /ear/midi/learn s:address i:channel i:number s:kind",
        "The next control of the MIDI controller that is moved or pressed gets this: the address of a live parameter, "
        'or of a command; arguments follow it in the same text, as in "/ear/dream/origin silence", which a button then '
        "sends. Answered when it is learned, and /ear/sync does not wait for it. It takes the place of what that "
        "control did, and of what did that before. Another learn takes the place of one that still waits, which is "
        'answered with 409; "" ends it.',
    ),
    Command(
        "/ear/midi/forget", ("s:address",), "/ear/done /ear/midi/forget s:address i:controls",
        "Takes it off the controls that have it; * takes all off.",
    ),
    Command(
        "/ear/midi/list", (),
        "/ear/midi i:channel i:number s:kind s:address f:low f:high, one a control, then /ear/done /ear/midi/list "
        "i:controls",
        "What the controls do. Channel 0 is any. Kinds: cc or note, and after it toggle, fine (14 bits) or relative. "
        "Low and high are what the ends of a fader are; both are 0 where it has none.",
    ),
    Command(
        "/ear/midi/save", ("s:map",), "/ear/done /ear/midi/save s:map i:controls",
        "Keeps what the controls do under a name.",
    ),
    Command(
        "/ear/midi/load", ("s:map",), "/ear/done /ear/midi/load s:map i:controls",
        "Puts a map in place of what the controls did: one of yours, or nanokontrol2, immersions.",
    ),
    Command("/ear/save", ("s:preset",), "/ear/done /ear/save s:preset", "Keeps all live parameters under a name."),
    Command("/ear/load", ("s:preset",), "/ear/done /ear/load s:preset", "Brings a preset back, whole or not at all."),
]  # fmt: skip


class AddressSpace:
    """Finds the command or parameter that an address names."""

    def __init__(self) -> None:
        self.commands = {c.address: c for c in COMMANDS}
        self.parameters = {p.address: p for p in parameters() if p.on_wire}

    def command(self, address: str) -> Command | None:
        return self.commands.get(address)

    def matching(self, address: str) -> list[Parameter]:
        """The parameters that an address, or an OSC 1.0 pattern, names. Raises BridgeError 404, with the nearest."""
        if address in self.parameters:
            return [self.parameters[address]]
        found = [p for a, p in self.parameters.items() if matches(address, a)] if set(address) & set("*?[{") else []
        if not found:
            known = [*self.commands, *self.parameters]
            near = difflib.get_close_matches(address[:80], known, n=1, cutoff=0.6)
            hint = f"did you mean {near[0]}?" if near else "ADDRESSES.md beside the patches lists all"
            raise BridgeError(f"no such address; {hint}", 404)
        return found


def matches(pattern: str, address: str) -> bool:
    """OSC 1.0 address patterns: * ? [a-z] [!a] {one,two}, each within one part of the address."""
    parts, names = pattern.split("/"), address.split("/")
    return len(parts) == len(names) and all(_part_matches(p, n) for p, n in zip(parts, names, strict=True))


def _part_matches(pattern: str, name: str) -> bool:
    if pattern.count("*") > 4 or len(pattern) > 64:  # keeps the match linear enough for whatever is sent
        return False
    expression = re.escape(pattern)
    for osc, regex in ((r"\*", ".*"), (r"\?", "."), (r"\[!", "[^"), (r"\[", "["), (r"\]", "]"), (r"\-", "-")):
        expression = expression.replace(osc, regex)
    expression = re.sub(r"\\\{([^{}]*)\\\}", lambda m: "(?:" + m.group(1).replace(",", "|") + ")", expression)
    try:
        return re.fullmatch(expression, name) is not None
    except re.error:
        return False
