"""The one table of parameters, read from YAML, from --set and from the wire."""

from __future__ import annotations

from pathlib import Path

import pytest

from oscbridge import settings
from oscbridge.errors import BridgeError
from oscbridge.sections import Settings
from oscbridge.settings import Parameter, load, parameters
from oscbridge.validation import Mistakes

ROOT = Path(__file__).parent.parent
BY_PATH = {p.path: p for p in parameters()}

FIXED_NAMES = {
    "server.host": "127.0.0.1", "server.port": 9870, "server.http_port": 9871, "server.allow": None,
    "server.subscribers": [], "model.name": "ear", "listen.source": "file", "listen.file": "", "listen.device": "",
    "listen.channel": 0, "listen.gain_db": 0.0, "stream.normalize": "neuron", "stream.gamma": 1.0, "stream.floor": 0.0,
    "dream.objective": "activate", "dream.origin": "noise", "dream.step_size": None, "dream.mix_original": 0.0,
    "dream.time_shift_s": None, "dream.pitch_shift_bins": None, "dream.time_mask": None, "dream.pitch_mask": None,
    "dream.gradient_noise": None, "dream.denoise": None, "dream.loudness": None, "dream.views": None, "dream.seed": 0,
    "clips.folder": "", "clips.keep": None, "clips.format": "wav", "transport.mode": "internal",
    "transport.bpm": 120.0, "transport.beats_per_clip": 8, "transport.lookahead_ms": None, "player.enabled": False,
    "player.device": "", "player.volume_db": 0.0, "player.crossfade_ms": 45.0, "player.blackout": False,
}  # fmt: skip


@pytest.mark.parametrize(("path", "default"), FIXED_NAMES.items())
def test_names_that_scripts_count_on_exist_with_their_defaults(path: str, default: object) -> None:
    value = BY_PATH[path].of(Settings())
    assert default is None or value == default


def test_the_default_yaml_is_what_the_table_says() -> None:
    text = (ROOT / "config" / "default.yaml").read_text()
    assert text == settings.default_yaml(), "run `make docs`"


def test_the_default_yaml_loads_as_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "default.yaml"
    path.write_text(settings.default_yaml())
    assert load(path, []) == Settings()


@pytest.mark.parametrize("parameter", list(parameters()), ids=lambda p: p.path)
def test_every_parameter_says_what_it_does_in_a_sentence(parameter: Parameter) -> None:
    assert parameter.doc[0].isupper()
    assert parameter.doc.endswith(".")
    assert parameter.address == "/ear/" + parameter.path.replace(".", "/")
    assert parameter.on_wire or parameter.name in ("allow", "subscribers")


def test_all_mistakes_of_a_yaml_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "show.yaml"
    path.write_text(
        "listen: {sorce: file, gain_db: loud, source: devise, channel: 1.5}\n"
        "server: {port: 99999, allow: [home], subscribers: [{port: 9000, stream: levels, hz: 3}]}\n"
        "stream: 3\nlisen: {}\n"
    )
    with pytest.raises(Mistakes) as caught:
        load(path, ["stream.gama=2", "stream.gamma=99", "nonsense"])
    text = str(caught.value)
    for words in (
        f"{path}: listen.sorce: no such setting",
        "Did you mean source?",
        "listen.gain_db is 'loud'; expected a number from -60 to 60 dB",
        "listen.source is 'devise'; expected one of file, device, clip. Did you mean device?",
        "listen.channel is 1.5; expected a whole number from 0 to 256",
        "server.port is 99999; expected a whole number from 0 to 65535",
        "'home' is not a network",
        "server.subscribers.0.hz: no such setting",
        "stream is 3; expected a section",
        "lisen: no such setting. It takes server, model, listen, stream, ",
        "Did you mean listen?",
        "--set stream.gama=2: no such setting 'stream.gama'. Did you mean stream.gamma?",
        "--set stream.gamma=99: stream.gamma is 99; expected a number from 0.1 to 10",
        "--set nonsense: expected section.name=value",
    ):
        assert words in text
    assert len(caught.value.lines) == 12


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a: [", "not YAML"),
        (b"- 1\n- 2", "expected 'section:' lines"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"stream: {gamma: .nan}", "stream.gamma is nan"),
        (b"stream: {gamma: true}", "stream.gamma is True"),
        (b"!!python/object/apply:os.system ['true']", "not YAML"),
    ],
)
def test_a_file_that_is_no_settings_file_is_refused_in_words(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "broken.yaml"
    path.write_bytes(content)
    with pytest.raises(BridgeError, match=words.replace("(", r"\(")) as caught:
        load(path, [])
    assert "broken.yaml" in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BridgeError, match=r"none\.yaml cannot be read"):
        load(tmp_path / "none.yaml", [])


def test_set_wins_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / "show.yaml"
    path.write_text("stream: {gamma: 2.0, floor: 0.5}\nlisten: {device: 3}\n")
    loaded = load(path, ["stream.gamma=3", "listen.file=true"])
    assert (loaded.stream.gamma, loaded.stream.floor) == (3.0, 0.5)
    assert loaded.listen.device == "3", "a device may be named by its number"
    assert loaded.listen.file == "true", "text stays text"


@pytest.mark.parametrize(
    ("path", "given", "taken"),
    [
        ("stream.gamma", 99.0, 10.0),
        ("stream.gamma", 2, 2.0),
        ("listen.gain_db", -100, -60.0),
        ("listen.channel", 3.0, 3),
        ("listen.channel", 1e9, 256),
        ("listen.device", 5, "5"),
        ("stream.normalize", "layer", "layer"),
    ],
)
def test_a_wire_value_is_clamped_or_converted(path: str, given: float | str, taken: object) -> None:
    value = BY_PATH[path].from_wire(given)
    assert value == taken
    assert type(value) is type(taken)


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("stream.gamma", "2"), ("stream.gamma", True), ("stream.gamma", float("inf")), ("stream.gamma", b"\0"),
        ("listen.channel", 0.5), ("listen.channel", "1"), ("stream.normalize", "nueron"), ("listen.file", b"x"),
        ("listen.file", True), ("stream.normalize", 1),
    ],
)  # fmt: skip
def test_a_wire_value_of_another_kind_is_refused(path: str, given: float | str) -> None:
    with pytest.raises(BridgeError, match=f"{path} got .*; expected"):
        BY_PATH[path].from_wire(given)
