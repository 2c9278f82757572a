"""The table of parameters: every one of them once, with its default, range, unit and what it does."""

from __future__ import annotations

import ipaddress
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def param(default: Any, *, doc: str, unit: str = "", scale: str = "linear", live: bool = True, **limits: Any) -> Any:
    """A parameter. live: may be changed over OSC while the daemon runs; scale: how a fader moves ("linear", "log")."""
    extra: dict[str, Any] = {"unit": unit, "scale": scale, "live": live}
    return Field(default, description=doc, json_schema_extra=extra, **limits)


class Subscriber(Section):
    """A subscription that never expires, for a patch that only listens."""

    host: str = "127.0.0.1"
    port: int = Field(ge=1, le=65535)
    stream: str
    packing: str = ""
    max_hz: float = Field(0.0, ge=0, le=1000)
    filter: str = ""


LONGEST_LOOP_S = 30.0

PRIVATE = ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"]
PRIVATE += ["::1/128", "fe80::/10", "fc00::/7"]


class Server(Section):
    host: str = param("127.0.0.1", live=False, doc="Address to listen on; 0.0.0.0 opens the daemon to the network.")
    port: int = param(9870, ge=0, le=65535, live=False, doc="UDP port for OSC; 0 takes a free one.")
    http_port: int = param(
        9871,
        ge=0,
        le=65535,
        live=False,
        doc="TCP port for the page, OSCQuery, WebSockets and files; 0 takes a free one.",
    )
    allow: list[str] = param(PRIVATE, live=False, doc="Networks (CIDR) that may talk to the daemon.")
    subscribers: list[Subscriber] = param(
        [], live=False, doc="Subscriptions that never expire: a list of {host, port, stream, packing, max_hz, filter}."
    )
    discovery: bool = param(True, live=False, doc="Let hosts find the daemon by themselves (zeroconf).")
    folder: str = param("", live=False, doc='Where presets are kept; "" is the user\'s data folder.')

    @field_validator("allow")
    @classmethod
    def _are_networks(cls, value: list[str]) -> list[str]:
        for item in value:
            try:
                ipaddress.ip_network(item)
            except ValueError:
                raise ValueError(f"{item!r} is not a network; write it as 192.168.0.0/16") from None
        return value


class ModelSection(Section):
    name: str = param(
        "ear",
        live=False,
        doc="The network: one that travels with oscbridge, one in the folder `models` of the user's folder, or the "
        "path of a YAML; /ear/model/load changes it.",
    )


def number_is_a_name(value: Any) -> Any:
    """A device may be named by its number."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class Listen(Section):
    source: Literal["file", "device", "clip"] = param("file", doc="What the ear listens to.")
    file: str = param(
        "",
        doc="A sound file, played in a loop, or, for a network that sees, a folder of pictures or a .npy file; "
        '"" is the bundled guitar over drums.',
    )
    device: str = param("", doc='A sound input, by number or a part of its name; "" is the system\'s default.')
    channel: int = param(0, ge=0, le=256, doc="The channel to hear, from 1; 0 is the mean of all.")
    gain_db: float = param(0.0, ge=-60, le=60, unit="dB", doc="Gain before the ear; of pictures, their brightness.")

    _device = field_validator("device", mode="before")(number_is_a_name)


class Stream(Section):
    normalize: Literal["neuron", "layer", "none"] = param(
        "neuron", doc="What counts as dark and bright: each neuron's own statistics, its layer's, or the raw value."
    )
    gamma: float = param(1.0, ge=0.1, le=10, scale="log", doc="Exponent of the brightness; above 1 is darker.")
    floor: float = param(0.0, ge=0, le=0.99, doc="Brightness below this is dark, and the rest is stretched.")


class Layout(Section):
    k: float = param(
        2.5, ge=2, le=3, doc="Exponent of the repulsion: low gathers neurons in clusters, high spreads them."
    )
    charge: Literal["variance", "uniform"] = param(
        "variance", doc="How strongly a neuron pushes: as much as its activation varies, or all alike."
    )
    weights: Literal["weight", "uniform"] = param(
        "weight", doc="How strongly a connection pulls: as much as it weighs in the network, or all alike."
    )
    prediction: bool = param(False, doc="Also connect c, the ear's summary, with the encodings that it predicts.")
    gravity: float = param(0.01, ge=0, le=1, doc="Pull to the middle, as a share of what a neuron's connections pull.")
    snapshots: int = param(8, ge=0, le=64, doc="Layouts for moments of the loop, beside the one at rest.")
    seed: int = param(2, ge=0, le=999_999, doc="Of the start; another one may unfold another way, or not quite.")


class Dream(Section):
    objective: Literal["activate", "match", "style", "classify", "predict"] = param(
        "activate",
        doc="What the sound is to do: excite the selected neurons, answer as a given clip does, share its channel "
        "correlations, be taken for a class, or be predictable to the ear.",
    )
    target: int = param(0, ge=0, le=999_999_999, doc="The clip that match and style aim at; 0 is the bundled loop.")
    class_name: str = param("guitar", doc="The class that classify aims at.")
    emphasis: float = param(
        1.0, ge=1, le=4, doc="Exponent of the activations: above 1 a few bright neurons count more than many dim ones."
    )
    position: float = param(0.0, ge=0, le=1, doc="Where in the loop the neurons are to be excited: its middle.")
    width: float = param(1.0, ge=0.01, le=1, doc="How much of the loop around that position; 1 is all of it.")
    origin: Literal["noise", "silence", "clip", "live", "running"] = param(
        "noise", doc="What a dream starts from: noise, silence, a clip, what the ear heard last, or what plays now."
    )
    origin_clip: int = param(0, ge=0, le=999_999_999, doc="The clip of the origin `clip`; 0 is the bundled loop.")
    noise_db: float = param(-40.0, ge=-100, le=0, unit="dB", doc="Level of the noise that a dream starts from.")
    mix_original: float = param(0.0, ge=0, le=1, doc="Share of the origin that every step mixes back in.")
    optimizer: Literal["adam", "plain"] = param("adam", doc="How steps are made: Adam, or straight up the gradient.")
    step_size: float = param(
        4.0, ge=0, le=40, unit="dB", scale="log", doc="How far a step moves each part of the sound; 0 freezes it."
    )
    views: int = param(1, ge=1, le=16, doc="Varied versions of the sound that a step looks at.")
    seed: int = param(0, ge=0, le=999_999, doc="Of noise and variations: the same seed dreams the same.")
    time_shift_s: float = param(0.2, ge=0, le=4, unit="s", doc="A step hears the loop begin up to so much off.")
    pitch_shift_bins: float = param(
        1.0, ge=0, le=24, unit="bins", doc="A step hears the loop up to so much higher or lower; 24 bins an octave."
    )
    time_mask: float = param(0.0, ge=0, le=0.9, doc="Share of the loop that a step does not hear, elsewhere each time.")
    pitch_mask: float = param(0.0, ge=0, le=0.9, doc="Share of the spectrum that a step does not hear.")
    gradient_noise: float = param(0.0, ge=0, le=10, doc="Noise in each step, by the gradient's own level.")
    denoise: float = param(0.0, ge=0, le=1, doc="Takes what is faint out of the sound, step by step.")
    denoise_gradient: float = param(0.0, ge=0, le=1, doc="Takes what is faint out of each step.")
    loudness: float = param(0.0, ge=0, le=10, doc="Price of loud sound: of the scalogram's mean.")
    activation: float = param(0.0, ge=0, le=10, doc="Price of exciting the whole network instead of the selection.")
    high_frequencies: float = param(0.0, ge=0, le=10, doc="Price of sound above 2.5 kHz, the ear's upper third.")
    low_db: float = param(0.0, ge=-60, le=12, unit="dB", doc="Equaliser between dream and clip: below 250 Hz.")
    mid_db: float = param(0.0, ge=-60, le=12, unit="dB", doc="Equaliser: 250 Hz to 2.5 kHz.")
    high_db: float = param(0.0, ge=-60, le=12, unit="dB", doc="Equaliser: above 2.5 kHz.")
    farm: str = param("", live=False, doc='A Dask scheduler, as tcp://host:8786, whose workers dream; "" dreams here.')


class Clips(Section):
    folder: str = param("", live=False, doc='Where clips are kept; "" is in the user\'s data folder.')
    keep: int = param(32, ge=2, le=10_000, doc="How many of the newest clips are kept, beside those with a name.")
    format: Literal["wav", "flac"] = param("wav", doc="Of new clips: 32-bit float WAV, or 24-bit FLAC.")


class TransportSection(Section):
    mode: Literal["internal", "link", "client"] = param(
        "internal", doc="Who says when a loop ends: our own clock, Ableton Link, or a client with /ear/clip/ended."
    )
    bpm: float = param(120.0, ge=20, le=400, unit="bpm", doc="Tempo of our own clock.")
    beats_per_clip: int = param(8, ge=1, le=64, unit="beats", doc="Length of a clip.")
    ready_ms: float = param(
        1000.0, ge=50, le=10_000, unit="ms", doc="The newest clip is handed over so long before the loop ends."
    )
    lookahead_ms: float = param(
        200.0, ge=5, le=5_000, unit="ms", doc="A clip is activated so long before the loop ends."
    )

    @property
    def loop_s(self) -> float:
        return self.beats_per_clip * 60 / self.bpm

    @model_validator(mode="after")
    def _loop_is_short(self) -> TransportSection:
        if self.loop_s > LONGEST_LOOP_S:
            raise ValueError(
                f"{self.beats_per_clip} beats at {self.bpm:g} bpm are {self.loop_s:.0f} s; a clip is at most "
                f"{LONGEST_LOOP_S:.0f} s long: take fewer beats or a higher tempo"
            )
        return self


class Player(Section):
    enabled: bool = param(False, doc="Play the clips on this machine's sound output.")
    device: str = param("", doc='A sound output, by number or a part of its name; "" is the system\'s default.')
    volume_db: float = param(0.0, ge=-60, le=12, unit="dB", doc="Volume of the player.")
    crossfade_ms: float = param(45.0, ge=0, le=1_000, unit="ms", doc="How long one clip fades into the next.")
    blackout: bool = param(False, doc="Silence, at once; the loop runs on unheard.")

    _device = field_validator("device", mode="before")(number_is_a_name)


class Ableton(Section):
    enabled: bool = param(False, doc="Talk with Ableton Live, which needs the remote script AbletonOSC.")
    host: str = param("127.0.0.1", doc="Where Live runs.")
    port: int = param(11_000, ge=1, le=65535, doc="Where AbletonOSC listens.")
    reply_port: int = param(11_001, ge=0, le=65535, doc="Where AbletonOSC answers: it knows no other.")
    follow: bool = param(True, doc="Go by Live's tempo and beat, with transport.mode internal.")
    track: int = param(0, ge=0, le=999, doc="The track, from 0 on, of which slots are fired as clips are activated.")
    slots: int = param(0, ge=0, le=999, doc="How many of its slots are fired in turn, from the first on; 0: none.")


class Midi(Section):
    enabled: bool = param(False, doc="Take a MIDI controller; needs the extra oscbridge[midi].")
    device: str = param("", doc='A MIDI input, by a part of its name; "" is the first.')
    map: str = param(
        "",
        live=False,
        doc='What its controls do at the start: nanokontrol2, immersions, or a map of yours; "" is none.',
    )
    pickup: bool = param(
        True, doc="A knob takes hold once it passes the parameter's value, so nothing jumps; off for motor faders."
    )
    feedback: bool = param(True, doc="Send values back, to motor faders, LED rings and lights of buttons.")

    _device = field_validator("device", mode="before")(number_is_a_name)


class Route(Section):
    """A level of the network on its way to an OSC address of any host."""

    model_config = ConfigDict(populate_by_name=True)

    name: str = param("", max_length=64, doc="Of the route; a number if it has none.")
    from_: str = param(
        ..., alias="from", max_length=100,
        doc="layer.3.mean, layer.3.peak, channel.3.7, neuron.1234, region.name, class.guitar, selection, "
        "selection.peak or beat.",
    )  # fmt: skip
    to: str = param(..., max_length=300, doc="udp://host:port/address")
    args: list[int | float | str] = param(
        ["$value"], max_length=32, doc="What is sent; $value stands where the value goes."
    )
    range: tuple[float, float] = param((0.0, 1.0), doc="The values that 0 and 1 become.")
    curve: float = param(1.0, ge=0.05, le=20, doc="Exponent: above 1 only what is bright comes through.")
    attack_ms: float = param(0.0, ge=0, le=60_000, doc="Time constant of the rise.")
    release_ms: float = param(0.0, ge=0, le=60_000, doc="Time constant of the fall.")
    max_hz: float = param(30.0, ge=0.01, le=1_000, doc="Messages a second at most; what does not change comes once.")
    threshold: float | None = param(
        None, gt=0, le=1, doc="Sends once each time the level rises to it, instead of all the time."
    )

    @field_validator("range", mode="before")
    @classmethod
    def _is_a_pair(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value


class Settings(Section):
    server: Server = Server()
    model: ModelSection = ModelSection()
    listen: Listen = Listen()
    stream: Stream = Stream()
    layout: Layout = Layout()
    dream: Dream = Dream()
    clips: Clips = Clips()
    transport: TransportSection = TransportSection()
    player: Player = Player()
    ableton: Ableton = Ableton()
    midi: Midi = Midi()
    routes: list[Route] = []
