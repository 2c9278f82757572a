"""The web page in a browser, beside a client that talks to the same daemon over UDP."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.daemon.looping import STEP_S, held, select
from tests.wire import Running, Wire

from .conftest import Daemon
from .visit import PHONE, Visit, hidden

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DARK = 40  # of 255: what the ground and faint glow stay below

TOO_WIDE = (
    "[...document.querySelectorAll('#sheet *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1)"
    ".map((e) => e.id || e.className)"
)
LIT_SHARE = (
    "(e) => { const copy = new OffscreenCanvas(e.width, e.height).getContext('2d', {willReadFrequently: true});"
    " copy.drawImage(e, 0, 0); const {data} = copy.getImageData(0, 0, e.width, e.height);"
    " return data.filter((v, i) => i % 4 < 3 && v > 120).length / data.length }"
)
WITHOUT_WEBGL = (
    "HTMLCanvasElement.prototype.getContext = new Proxy(HTMLCanvasElement.prototype.getContext, "
    "{apply: (f, self, [kind, ...rest]) => kind === 'webgl2' ? null : f.call(self, kind, ...rest)})"
)


def brightness(picture: np.ndarray) -> np.ndarray:
    return picture.max(axis=2).astype(np.float32)


def regions(wire: Wire) -> list[tuple[Any, ...]]:
    wire.send("/ear/select")
    found = []
    for message in wire.messages(15):
        if message[0] == "/ear/selected":
            found.append(message[1:])
        elif message[:2] == ("/ear/done", "/ear/select"):
            return found
    raise AssertionError("no answer")


def test_every_neuron_of_the_large_ear_is_drawn_and_lives(browser: Browser, server: Running) -> None:
    with Visit(browser, f"http://127.0.0.1:{server.facts['http_port']}/ui/") as visit:
        visit.until_drawn()
        assert visit.tell("neurons") == server.facts["neurons"] == 76_959
        first = brightness(visit.picture())
        visit.drawn(4)
        second = brightness(visit.picture())
        assert 0.01 < (first > DARK).mean() < 0.8, "points of light on a dark ground"
        assert np.abs(first - second).max() > 60, "neurons flicker"
        assert "28" in visit.say("#layers-count") and "76,959" in visit.say("#layers-count")
        visit.assert_quiet()


def test_it_says_that_it_is_connected_and_how_the_daemon_is(visit: Visit) -> None:
    visit.until("document.getElementById('stat-frames').textContent !== '–'")
    assert visit.tell("connection") == "connected" and visit.tell("malformed") == 0
    assert visit.say("#connection-words") == "connected"
    assert re.fullmatch(r"\d+%", visit.say("#stat-load"))
    visit.until(
        "document.querySelectorAll('#lamps i').length === 4 && document.getElementById('bpm').textContent === '240 bpm'"
    )
    assert visit.page.locator("#layer-list li").count() == len(visit.page.locator("#layer-list .bar").all())


def test_it_is_moved_by_drag_wheel_and_keys(visit: Visit) -> None:
    before = visit.tell("view")
    visit.drag((400, 200), (440, 220))
    after = visit.tell("view")
    assert math.isclose((before["x"] - after["x"]) * after["zoom"], 40, abs_tol=0.5)
    assert math.isclose((after["y"] - before["y"]) * after["zoom"], 20, abs_tol=0.5)
    visit.page.mouse.wheel(0, -200)
    visit.until("(zoom) => oscbridge.view.zoom > zoom * 1.2", after["zoom"])
    visit.press("-", "-", "ArrowLeft", "ArrowUp", "0")
    visit.until(
        "(v) => Math.abs(oscbridge.view.zoom / v.zoom - 1) < 1e-6 && Math.abs(oscbridge.view.x - v.x) < 1e-6", before
    )


def test_the_pointer_tells_what_it_is_on(visit: Visit, wire: Wire) -> None:
    visit.press("b")  # so that neurons stay where they rest
    try:
        visit.until("document.getElementById('breathe').getAttribute('aria-pressed') === 'false'")
        visit.page.mouse.move(*visit.on_screen(30))
        visit.page.locator("#hover").wait_for()
        name, place, hears = (visit.say(f"#hover {part}") for part in ("b", "span", "small"))
        assert re.match(r"\d+ \S+", name) and place and hears.startswith("hears the last"), (name, place, hears)
    finally:
        visit.page.mouse.move(5, 5)
        visit.press("b")


def test_a_circle_that_is_drawn_is_selected_for_everybody(visit: Visit, wire: Wire) -> None:
    x, y = visit.on_screen(30)
    visit.press("s")
    assert visit.tell("view")["mode"] == "select"
    visit.drag((x, y), (x + 30, y + 40))
    visit.until("oscbridge.selectedNeurons > 0")
    ((layer, _, _, cx, cy, weight, name, neurons),) = regions(wire)
    assert (layer, weight, name) == (-1, 1.0, "circle 1") and neurons == visit.tell("selectedNeurons")
    view = visit.tell("view")
    box = visit.page.locator("#overlay").bounding_box()
    assert box
    assert math.isclose(cx, view["x"] + (x - box["width"] / 2) / view["zoom"], abs_tol=1e-4)
    assert math.isclose(cy, view["y"] - (y - box["height"] / 2) / view["zoom"], abs_tol=1e-4), "y is up"

    x, y = visit.on_screen(300)
    visit.drag((x, y), (x + 20, y))
    visit.until("document.querySelectorAll('#regions li').length === 2")
    first = visit.page.locator("#regions li", has_text="circle 1")
    first.locator("input").evaluate("(e) => { e.value = -50; e.dispatchEvent(new Event('input', {bubbles: true})) }")
    visit.until("oscbridge.selectedNeurons > 0")
    wire.ask("/ear/sync", 1, answer="/ear/synced")
    visit.until("document.querySelector('#regions li .count').textContent.endsWith('× −0.5')")
    assert sorted((r[6], round(r[5], 2)) for r in regions(wire)) == [("circle 1", -0.5), ("circle 2", 1.0)]

    visit.page.locator("#regions li", has_text="circle 2").get_by_role("button").click()
    visit.until("document.querySelectorAll('#regions li').length === 1")
    assert [(r[6], r[7]) for r in regions(wire)] == [("circle 1", neurons)], "the other one is as it was"
    visit.press("s", "Escape")
    visit.until("oscbridge.selectedNeurons === 0")
    assert regions(wire) == []


def test_what_others_select_is_shown_too(visit: Visit, wire: Wire) -> None:
    select(wire, 3, 0, 1)
    visit.until("oscbridge.selectedNeurons > 0")
    assert visit.say("#regions .name") == "here"
    wire.ask("/ear/select/clear")
    visit.until("oscbridge.selectedNeurons === 0")


def test_sliders_switches_and_choices_go_both_ways(visit: Visit, wire: Wire) -> None:
    wire.subscribe("state")
    slider = visit.control("/ear/dream/noise_db").locator("input[type=range]")
    slider.focus()
    visit.press("End")
    assert wire.wait_for(lambda m: m[0] == "/ear/dream/noise_db" and m[1] == 0)
    wire.ask("/ear/dream/noise_db", -50.0)
    number = visit.control("/ear/dream/noise_db").locator(".value")
    visit.until("(e) => e.value === '−50'", number.element_handle())
    assert slider.input_value() == "500"
    assert "Level of the noise" in (visit.control("/ear/dream/noise_db").get_attribute("title") or "")

    number.fill("-200")
    number.press("Enter")
    assert wire.wait_for(lambda m: m[0] == "/ear/dream/noise_db" and m[1] != -50)[1] == -100, "the daemon clamps"
    visit.until("(e) => e.value === '−100'", number.element_handle())
    visit.control("/ear/dream/noise_db").locator("label").dblclick()
    assert wire.wait_for(lambda m: m[0] == "/ear/dream/noise_db" and m[1] != -100)[1] == -40, "its default"

    choice = visit.control("/ear/dream/optimizer").locator("select")
    choice.select_option("plain")
    assert wire.wait_for(lambda m: m[0] == "/ear/dream/optimizer")[1] == "plain"
    wire.ask("/ear/dream/optimizer", "adam")
    visit.until("(e) => e.value === 'adam'", choice.element_handle())

    switch = visit.control("/ear/player/blackout").locator("input")
    wire.ask("/ear/player/blackout", 1)
    visit.until("(e) => e.checked", switch.element_handle())
    wire.ask("/ear/player/blackout", 0)
    visit.until("(e) => !e.checked", switch.element_handle())
    assert visit.control("/ear/dream/farm").locator("input").count() == 0, "set at start only"


def test_a_slider_in_the_hand_is_not_moved_by_echoes(visit: Visit, wire: Wire) -> None:
    slider = visit.control("/ear/dream/emphasis").locator("input[type=range]")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    visit.page.mouse.move(*middle)
    visit.page.mouse.down()
    held_at = slider.input_value()
    wire.ask("/ear/dream/emphasis", 1.25)
    wire.ask("/ear/sync", 1, answer="/ear/synced")
    visit.drawn(3)
    assert slider.input_value() == held_at
    visit.page.mouse.up()
    number = visit.control("/ear/dream/emphasis").locator(".value")
    visit.until("(e) => e.value === '1.25'", number.element_handle())
    wire.ask("/ear/dream/emphasis", 1.0)


def test_it_dreams_and_clips_are_kept_played_and_heard(visit: Visit, wire: Wire) -> None:
    wire.subscribe("clips")
    select(wire)
    wire.subscribe("dream")
    visit.press("1", "d")
    with hidden(visit):
        wire.wait_for(lambda m: m[0] == "/ear/dream/progress" and m[2] > 1, STEP_S)
    visit.until("/steps\\/s · step/.test(document.getElementById('dream-state').textContent)")
    visit.press("2")
    row = visit.page.locator("#clip-list .clip").first
    row.wait_for()
    clip = int(row.get_attribute("data-clip") or 0)
    visit.until("document.getElementById('wave-words').textContent.includes('score')")
    row = visit.page.locator(f"#clip-list .clip[data-clip='{clip}']")
    row.get_by_role("button", name="Play").click()
    visit.page.locator(f".clip.pinned[data-clip='{clip}']").wait_for()
    row.get_by_role("button", name="Keep").click()
    row.get_by_role("textbox").fill("glass")
    row.get_by_role("textbox").press("Enter")
    visit.page.locator(".clip.kept .name", has_text="glass").wait_for()
    assert [m[1] for m in held(wire).values() if m[1]] == ["glass"]

    visit.page.locator("#play-newest").click()
    visit.press("m")
    visit.until("oscbridge.playing > 0")
    visit.press("m", "d")
    visit.until("document.getElementById('dream-state').textContent.startsWith('at rest')")
    assert wire.ask("/ear/dream/stop")[2] == 409, "it has stopped already"
    wire.ask("/ear/select/clear")
    visit.press("1")


def test_what_the_daemon_refuses_is_said(visit: Visit) -> None:
    visit.press("3")
    visit.page.locator("#preset-name").fill("no such preset")
    visit.page.locator("#preset-load").click()
    visit.page.locator("#toasts .toast").first.wait_for()
    visit.page.locator("#toasts .toast").first.click()
    visit.press("1")


def test_keys_help_isolate_and_panels(visit: Visit) -> None:
    visit.press("?")
    assert visit.page.locator("#help[open] kbd").count() > 15
    visit.press("Escape")
    visit.until("!document.querySelector('dialog[open]')")
    visit.press("]")
    visit.until("document.querySelectorAll('.layer[aria-pressed=true]').length === 1")
    visit.press("[")
    visit.until("document.querySelectorAll('.layer[aria-pressed=true]').length === 0")
    visit.press("3")
    assert visit.page.locator("#settings").is_visible() and not visit.page.locator("#dream").is_visible()
    visit.press("ArrowLeft")
    assert visit.page.locator("#clips").is_visible(), "arrows go from tab to tab"
    visit.press("1", "Tab")
    ring = visit.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert ring == "solid", "where the keyboard is can be seen"


def test_maps_are_seen_and_asked_for_while_their_panel_is_open(visit: Visit) -> None:
    assert visit.tell("mapsReceived") == 0, "the panel was not open yet"
    visit.press("4")
    visit.until("oscbridge.mapsReceived > 64")
    visit.until(f"({LIT_SHARE})(document.getElementById('maps-pictures')) > 0.01")  # more than the numbers on them
    shape, words = visit.say("#maps-shape"), visit.say("#maps-words")
    steps, positions, channels = map(int, shape.split(" × "))
    assert (steps, visit.page.locator("#maps-layer option").count()) == (64, visit.page.locator(".layer").count())
    assert f"{positions} position" in words and f"{channels} channel" in words
    assert visit.page.locator("#maps-logits").is_hidden() and "numbers" in visit.say("#maps-flatten-words")
    before = visit.page.locator("#maps-layer").input_value()
    visit.press(".")
    assert visit.page.locator("#maps-layer").input_value() != before
    visit.press(",", "1")
    assert visit.page.locator("#maps-layer").input_value() == before
    visit.drawn(3)
    received = visit.tell("mapsReceived")
    visit.drawn(6)
    assert visit.tell("mapsReceived") == received


def test_a_hidden_page_costs_nothing(visit: Visit, wire: Wire) -> None:
    wire.subscribe("levels")
    with hidden(visit):
        visit.until("oscbridge.bytesPerSecond > 0 && oscbridge.bytesPerSecond < 1500")
        drawn, received = visit.tell("framesDrawn"), visit.tell("framesReceived")
        for _ in range(20):
            wire.wait_for(lambda m: m[0] == "/ear/level/mean")
        assert visit.tell("framesReceived") == received, "frames go on, but not to it"
        assert visit.tell("connection") == "connected"
    visit.until("(n) => oscbridge.framesDrawn > n && oscbridge.framesPerSecond > 5", drawn)


def test_a_phone_without_webgl_has_all_else_and_no_sideways_scroll(
    browser: Browser, daemon: Daemon, shared: Visit
) -> None:
    phone = {"has_touch": True, "is_mobile": True, "reduced_motion": "reduce"}
    with hidden(shared), Visit(browser, daemon.url, PHONE, WITHOUT_WEBGL, **phone) as visit:
        visit.until("window.oscbridge?.connection === 'connected' && oscbridge.framesReceived > 5")
        visit.control("/ear/dream/step_size").wait_for(state="attached")
        assert "WebGL 2" in visit.say("#notice")
        for name in ("Layers", "Sound", "Clips", "Settings", "Maps", "Dream"):
            visit.page.get_by_role("tab", name=name).tap()
            assert visit.page.locator(f"#{name.lower()}").is_visible()
            assert visit.page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"), name
            assert visit.page.evaluate(TOO_WIDE) == [], name
        assert visit.page.locator("#layer-list li").count() > 5
        assert visit.page.locator("#breathe").get_attribute("aria-pressed") == "false", "less motion was asked for"
        before = visit.tell("view")["zoom"]
        _pinch(visit)
        visit.until("(zoom) => oscbridge.view.zoom > 1.5 * zoom", before)
        visit.assert_quiet()


def _pinch(visit: Visit) -> None:
    """Two fingers, from 40 pixels apart to 120."""
    touch = visit.page.context.new_cdp_session(visit.page)
    for kind, apart in (("touchStart", 20), ("touchMove", 40), ("touchMove", 60), ("touchEnd", 0)):
        points = [{"x": 190 + side * apart, "y": 200, "id": i} for i, side in enumerate((-1, 1))] if apart else []
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def test_it_comes_back_with_the_daemon(visit: Visit, daemon: Daemon) -> None:
    epoch = visit.tell("epoch")
    daemon.running.end()
    visit.until("oscbridge.connection === 'lost'")
    assert "lost" in visit.say("#connection-words")
    with hidden(visit):
        daemon.start_again()
    visit.until("(epoch) => oscbridge.connection === 'connected' && oscbridge.epoch !== epoch", epoch)
    received = visit.tell("framesReceived")
    visit.until("(n) => oscbridge.framesReceived > n + 5 && oscbridge.neurons > 0", received)
    visit.forget_troubles()  # a browser tells in its console that a connection was refused
    with daemon.wire() as wire:
        wire.ask("/ear/dream/emphasis", 2.0)
        number = visit.control("/ear/dream/emphasis").locator(".value")
        visit.until("(e) => e.value === '2'", number.element_handle())


def test_another_network_is_chosen_and_the_page_follows(visit: Visit) -> None:
    menu = visit.page.locator("#model")
    assert menu.locator("option:checked").inner_text().startswith("small"), "it was started by its path"
    menu.select_option("ear-half")
    visit.until("oscbridge.neurons === 38591 && document.getElementById('model').value === 'ear-half'")
    visit.until_drawn()
    assert visit.page.locator(".layer").count() == 28 and menu.is_enabled()
