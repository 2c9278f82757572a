"""A page that is open in the browser: what it shows, what it asked for, what it complained of."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

ARGUMENTS = [
    "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-quic",
    "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip
DESKTOP, PHONE = (960, 660), (390, 844)  # the software that draws in CI pays by the pixel
PATIENCE_S = 20.0
POLL_MS = 40


class Visit:
    """Asks for the page on entering. size: of the window; script: run before the page's own."""

    def __init__(
        self, browser: Browser, url: str, size: tuple[int, int] = DESKTOP, script: str = "", **context: Any
    ) -> None:
        self._context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **context)
        self._context.add_init_script(script)
        self._context.set_default_timeout(1000 * PATIENCE_S)
        self.page = self._context.new_page()
        self.url = url
        self.requests: list[str] = []
        self.troubles: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("websocket", lambda socket: self.requests.append(socket.url))
        self.page.on("console", lambda m: self.troubles.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))

    def __enter__(self) -> Visit:
        self.page.goto(self.url)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._context.close()

    def forget_troubles(self) -> None:
        self.troubles.clear()

    def assert_quiet(self) -> None:
        """Nothing was complained of, and nothing was asked of anybody else."""
        told = [text for text in self.troubles if "GPU stall due to ReadPixels" not in text]  # of the screenshot
        assert told == []
        hosts = {urlsplit(url).netloc for url in self.requests if not url.startswith(("data:", "blob:"))}
        assert hosts <= {urlsplit(self.url).netloc}, hosts

    def tell(self, name: str) -> Any:
        """What window.oscbridge says."""
        return self.page.evaluate(f"window.oscbridge.{name}")

    def until(self, condition: str, argument: Any = None) -> None:
        """Waits for an expression in JavaScript, or a function of the argument, to be true. playwright's own wait would
        compile the text in the page, which the page's policy forbids."""
        end = time.monotonic() + PATIENCE_S
        while not self.page.evaluate(condition, argument):
            assert time.monotonic() < end, f"it did not come to be: {condition}; complaints: {self.troubles}"
            self.page.wait_for_timeout(POLL_MS)

    def hide(self, value: bool) -> None:
        self.page.evaluate(
            "(value) => { Object.defineProperty(document, 'hidden', {value, configurable: true}); "
            "document.dispatchEvent(new Event('visibilitychange')) }",
            value,
        )

    def until_drawn(self) -> None:
        self.until("window.oscbridge?.neurons > 0 && oscbridge.framesReceived > 5")
        self.drawn(3)
        self.page.locator("[data-address='/ear/dream/step_size']").wait_for(state="attached")

    def drawn(self, pictures: int = 2) -> None:
        """Waits for so many more pictures."""
        self.until("(n) => oscbridge.framesDrawn >= n", self.tell("framesDrawn") + pictures)

    def picture(self) -> NDArray[np.uint8]:
        """(height, width, 3): the creature alone, without what lies over it."""
        png = self.page.locator("#free").screenshot()
        return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))

    def say(self, selector: str) -> str:
        return (self.page.locator(selector).text_content() or "").strip()

    def control(self, address: str) -> Locator:
        return self.page.locator(f"[data-address='{address}']")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        mouse = self.page.mouse
        mouse.move(*start)
        mouse.down()
        mouse.move(*end, steps=3)
        mouse.up()

    def on_screen(self, neuron: int) -> tuple[float, float]:
        """Where a neuron rests, in the window."""
        x, y = self.page.evaluate("(i) => oscbridge.screenOf(i)", neuron)
        box = self.page.locator("#overlay").bounding_box()
        assert box is not None
        return box["x"] + x, box["y"] + y


@contextmanager
def hidden(visit: Visit) -> Iterator[None]:
    """As if another tab were in front of it: it draws nothing, which leaves the processor to others."""
    visit.hide(True)
    yield
    visit.hide(False)
