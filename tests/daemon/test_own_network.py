"""The README's network of one's own, as it stands there, in a running daemon."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.ear import own
from tests.wire import Running, Wire

README = Path(__file__).parents[2] / "README.md"


def block(language: str) -> str:
    """The first block in that language of the section on networks of one's own."""
    section = README.read_text().split("### Your own network")[1]
    found = re.search(rf"```{language}\n(.*?)```", section, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("own")
    (folder / "drums.py").write_text(block("python"))
    (folder / "drums.yaml").write_text(block("yaml"))
    with Running(folder, [f"model.name={folder / 'drums.yaml'}"]) as daemon:
        yield daemon


@pytest.fixture
def wire(running: Running) -> Iterator[Wire]:
    with running.wire() as client:
        yield client


def test_it_is_short() -> None:
    assert len(block("python").splitlines()) + len(block("yaml").splitlines()) <= 36


def test_it_hears_the_hits_of_the_bundled_loop(wire: Wire) -> None:
    wire.subscribe("classes")
    said = {"kick": [], "snare": [], "hat": []}
    for message in wire.messages(4):
        if message[0] == "/ear/classes":
            for word, value in zip(message[1::2], message[2::2], strict=True):
                said[word].append(value)
    for word, values in said.items():
        assert max(values) > 0.5, f"no {word} in four seconds"
        assert sum(value > 0.5 for value in values) < 0.5 * len(values), f"{word} all the time"


def test_how_often_it_answers_and_how_is_told(wire: Wire) -> None:
    told = wire.ask("/ear/model/rate", answer="/ear/model/rate")
    assert told[1:3] == pytest.approx((43.07, 43.07), abs=0.01) and told[3] == "streamed, hop by hop"


def test_its_neurons_are_on_the_wire(wire: Wire, running: Running) -> None:
    assert running.facts["model"].startswith("drums-") and running.facts["neurons"] == 216 + 216 + 3 + 3
    wire.send("/ear/layers")
    names = [wire.wait_for(lambda m: m[0] == "/ear/layer")[2] for _ in range(4)]
    assert names == ["scalogram", "rise", "bands", "classes"]


def test_it_dreams_and_is_laid_out(wire: Wire) -> None:
    wire.ask("/ear/select/add", 2, 0, 0, 0.0, 1.0, 1.0)
    wire.subscribe("dream")
    assert wire.ask("/ear/dream/start", timeout_s=60)[0] == "/ear/done"
    first = wire.wait_for(lambda m: m[0] == "/ear/dream/progress")[4]
    assert any(wire.wait_for(lambda m: m[0] == "/ear/dream/progress")[4] > first for _ in range(60))
    wire.ask("/ear/dream/stop")
    wire.ask("/ear/layout/snapshots", 0)
    wire.subscribe("layout")
    assert wire.ask("/ear/layout/start", timeout_s=60)[0] == "/ear/done"
    ready = wire.wait_for(lambda m: m[0] == "/ear/layout/ready", timeout_s=60)
    assert ready[4] == 438
    assert wire.ask("/ear/select/circle", 0.0, 0.0, 1.0, 1.0)[0] == "/ear/done"


def test_a_network_that_sees_watches_a_folder_of_pictures(tmp_path: Path) -> None:
    """A black and a white picture in turn, thirty of each: what the first layer holds is what is shown."""
    frames = tmp_path / "frames"
    frames.mkdir()
    for n in range(60):
        Image.new("RGB", (24, 32), "white" if n >= 30 else "black").save(frames / f"{n}.png")
    network = own.write(tmp_path, "picture")
    listen = ["listen.source=file", f"listen.file={frames}", "stream.normalize=none"]
    with Running(tmp_path, [f"model.name={network}", *listen]) as daemon, daemon.wire() as wire:
        wire.subscribe("levels")
        seen = [m[1] for m in wire.messages(4) if m[0] == "/ear/level/mean"]
        assert min(seen) == 0.0 and max(seen) == 1.0
        looks = wire.ask("/ear/model/rate", answer="/ear/model/rate")
        assert 5 < looks[1] <= 63 and looks[3].startswith("in windows")
        assert wire.ask("/ear/listen/source", "clip") == ("/ear/listen/source", "clip")
        heard = [m[1] for m in wire.messages(2) if m[0] == "/ear/level/mean"]
        assert any(0.0 < value < 1.0 for value in heard[5:]), "the scalogram of the sound is a picture too"
