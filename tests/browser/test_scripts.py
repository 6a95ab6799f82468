"""The scripts of the widgets alone: what they draw, pixel by pixel, and what they answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import snnlab
from snnlab.errors import SpecError
from snnlab.plots.recent import RecentFrames
from snnlab.session import Holds, Session
from snnlab_widgets.branching import Branching
from snnlab_widgets.breakpoints import Breakpoints
from snnlab_widgets.credit import STRIDE
from snnlab_widgets.inspector import Inspector
from snnlab_widgets.messages import Messages
from snnlab_widgets.raster import Raster
from snnlab_widgets.selection import Selection
from snnlab_widgets.statistics import Statistics
from snnlab_widgets.transport import Transport
from tests.activity import frame_of, two_populations
from tests.browser.bare_page import BarePage
from tests.features.session_bench import eventually

pytestmark = pytest.mark.browser

MARGIN_LEFT, MARGIN_TOP = 66, 6
BLUE, RED = (0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)
SKY_BLUE = (0x56, 0xB4, 0xE9)
WHITE = (255, 255, 255)


class RasterPage:
    """A raster of 100 neurons in a bare page, connected to its Python half."""

    def __init__(self, chromium: Any, n_exc: int = 80, **options: Any) -> None:
        self.recent = RecentFrames()
        self.sizes = (n_exc, 20)
        self.raster = Raster(two_populations(n_exc), self.recent, height=100)
        self.page = BarePage(chromium, self.raster, **options)
        self.raster.send = self._send
        self._answered = 0
        self.answer()

    def _send(self, message: dict[str, Any], buffers: Any = ()) -> None:
        self.page.receive(message, list(buffers))
        self.page.page.wait_for_timeout(60)

    def answer(self) -> None:
        """Hand what the page has sent to the Python half."""
        everything = self.page.page.evaluate("() => window.sent")
        for message in everything[self._answered :]:
            self.raster._answer(self.raster, message, [])
        self._answered = len(everything)

    def show(self, spikes: list[tuple[int, int]], t_start: int, t_stop: int) -> None:
        """Let these (step, neuron) pairs happen and be painted."""
        self.recent.append(frame_of(spikes, t_start, t_stop, sizes=self.sizes))
        self.raster.refresh()
        self.answer()

    def inked(self, n_columns: int) -> np.ndarray:
        """Which pixels of the first columns are not of the paper's colour, (columns, neurons)."""
        data = self.page.page.evaluate(
            "([x, y, n]) => [...document.querySelector('canvas').getContext('2d')"
            ".getImageData(x, y, n, 100).data]",
            [MARGIN_LEFT, MARGIN_TOP, n_columns],
        )
        pixels = np.array(data).reshape(100, n_columns, 4)[::-1, :, :3]
        return (pixels != WHITE).any(axis=2).T

    def colour(self, t: float, neuron: int) -> tuple[int, ...]:
        """Colour of the pixel of a neuron at the time `t` [ms] after the left edge."""
        x, y = MARGIN_LEFT + int(t), MARGIN_TOP + 99 - neuron
        pixel = self.page.page.evaluate(
            "([x, y]) => [...document.querySelector('canvas').getContext('2d')"
            ".getImageData(x, y, 1, 1).data]",
            [x, y],
        )
        return tuple(pixel[:3])


@pytest.fixture
def raster(chromium: Any) -> Iterator[RasterPage]:
    page = RasterPage(chromium)
    yield page
    page.page.close()


def test_every_spike_is_where_it_belongs(raster: RasterPage) -> None:
    raster.show([(0, 0), (105, 50), (1990, 99)], 0, 2000)
    assert raster.colour(0, 0) == BLUE
    assert raster.colour(10, 50) == BLUE
    assert raster.colour(199, 99) == RED
    assert raster.colour(20, 50) == WHITE


def test_picture_scrolls_by_what_is_new(raster: RasterPage) -> None:
    columns = raster.page.sent("ready")[-1]["columns"]
    raster.show([(10 * columns - 5, 7)], 0, 10 * columns)
    assert raster.colour(columns - 1, 7) == BLUE
    raster.show([], 10 * columns, 10 * columns + 500)
    assert raster.colour(columns - 51, 7) == BLUE
    assert raster.colour(columns - 1, 7) == WHITE


@pytest.mark.parametrize("share", [0.02, 0.2, 0.7])
def test_no_form_of_a_frame_loses_a_spike(raster: RasterPage, share: float) -> None:
    """Few or many: the inked pixels are those where somebody has fired, and no others."""
    rng = np.random.default_rng(3)
    for stop in range(0, 1500, 500):
        fired = np.argwhere(rng.random((50, 100)) < share) * [10, 1] + [stop, 0]
        raster.show([(int(k), int(n)) for k, n in fired], stop, stop + 500)
    expected = np.zeros((150, 100), bool)
    for frame in raster.recent.since(0):
        expected[frame.step // 10, frame.neuron] = True
    assert (raster.inked(150) == expected).all()


@pytest.mark.parametrize(("n_exc", "n_each", "rows"), [(80, 40, 100), (2000, 1000, 97)])
def test_line_is_at_the_rate(chromium: Any, n_exc: int, n_each: int, rows: int) -> None:
    """Half of the neurons fire in each millisecond, at 500 Hz: told in one byte, and in two."""
    raster = RasterPage(chromium, n_exc)
    raster.show([(10 * k, n) for k in range(100) for n in range(n_each)], 0, 1000)
    top, height, highest = MARGIN_TOP + rows + 22, 110, 600
    column = raster.page.page.evaluate(
        "([x, y, n]) => [...document.querySelector('canvas').getContext('2d')"
        ".getImageData(x, y, 1, n).data]",
        [MARGIN_LEFT + 50, top, height],
    )
    blue = np.array(column).reshape(height, 4)[:, :3] @ [-1, 0, 1] > 60
    assert np.flatnonzero(blue).mean() == pytest.approx(height * (1 - 500 / highest), abs=1.0)
    raster.page.close()


def test_painted_frames_are_answered_when_that_is_asked_for(raster: RasterPage) -> None:
    for k in range(2 + STRIDE):
        raster.show([(k * 100, 1)], k * 100, k * 100 + 100)
    assert [message["k"] for message in raster.page.sent("painted")] == [1, 1 + STRIDE]
    assert raster.page.page.get_attribute("canvas", "data-frame") == str(2 + STRIDE)


def test_frames_that_a_reset_overtakes_are_answered_too(raster: RasterPage) -> None:
    """They are painted no more; without an answer nothing would ever come again."""
    raster.page.page.evaluate(
        "() => { window.requestAnimationFrame = () => 0; }"  # nothing is painted any more
    )
    raster.show([(0, 1)], 0, 100)
    raster.recent.clear()
    raster.raster.refresh()
    raster.answer()
    assert [message["k"] for message in raster.page.sent("painted")] == [1]


def test_hidden_raster_does_not_answer(raster: RasterPage) -> None:
    raster.show([(0, 0)], 0, 100)
    raster.page.page.evaluate("() => { document.querySelector('main').style.display = 'none'; }")
    raster.page.page.wait_for_timeout(100)
    for k in range(1, 6):
        raster.show([(k * 100, 1)], k * 100, k * 100 + 100)
    assert [message["k"] for message in raster.page.sent("painted")] == [1]
    raster.page.page.evaluate("() => { document.querySelector('main').style.display = ''; }")
    raster.page.page.wait_for_timeout(200)
    raster.answer()
    raster.raster.refresh()
    assert raster.colour(50, 1) == BLUE


def test_empty_raster_says_what_to_press(raster: RasterPage) -> None:
    assert raster.page.page.get_by_text("press Run").is_visible()
    raster.show([(0, 0)], 0, 100)
    assert not raster.page.page.get_by_text("press Run").is_visible()


def test_caption_names_populations_and_what_a_pixel_is(raster: RasterPage) -> None:
    caption = raster.page.page.inner_text("figcaption")
    for words in ("exc (80)", "inh (20)", "every spike drawn", "1 ms / px"):
        assert words in caption


def test_screen_reader_is_told(raster: RasterPage) -> None:
    raster.show([(0, 0)], 0, 1000)
    label = raster.page.page.get_attribute("canvas", "aria-label")
    assert label.startswith("Raster of 100 neurons and rates of 2 populations, 0 to ")


def test_dark_theme_has_colours_of_its_own(chromium: Any) -> None:
    raster = RasterPage(chromium, dark=True)
    raster.show([(0, 0)], 0, 1000)
    assert raster.colour(0, 0) == SKY_BLUE
    raster.page.close()


@pytest.fixture
def session() -> Iterator[Session]:
    with snnlab.open(two_populations(), threads=1, name="scripts") as session:
        yield session


def test_bar_shows_device_memory_and_speed(chromium: Any, session: Session) -> None:
    page = BarePage(chromium, transport := Transport(session))
    page.set("device", "NVIDIA H100 80GB HBM3 (cuda:0), 1.24 GiB")
    page.set("status", {**transport.status, "t": 1234.5, "real_time_factor": 0.4567})
    assert page.page.inner_text(".snnlab-about") == "two: 100 neurons, 0 synapses"
    assert page.page.inner_text(".snnlab-device") == "NVIDIA H100 80GB HBM3 (cuda:0), 1.24 GiB"
    readout = page.page.inner_text(".snnlab-readout")
    for words in ("1\N{NARROW NO-BREAK SPACE}234.5 ms", "lower is faster", "0.46"):
        assert words in readout
    page.close()


def test_device_is_chosen_by_keys(
    chromium: Any, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snnlab.launch.devices", lambda: {"cpu": "CPU", "cuda:0": "NVIDIA H100"})
    page = BarePage(chromium, transport := Transport(session))
    chooser = page.page.get_by_role("combobox", name="device")
    assert chooser.input_value() == "cpu"
    assert chooser.inner_text().split("\n") == ["CPU", "NVIDIA H100"]
    chooser.focus()
    page.page.keyboard.press("ArrowDown")
    assert [m["device"] for m in page.sent("move")] == ["cuda:0"]
    (asked,) = page.sent("move")
    answered = {asked["page"]: asked["request"]}
    page.set("status", {**transport.status, "device": "cpu", "answered": answered})
    assert chooser.input_value() == "cpu"
    page.close()


def test_no_device_is_offered_without_a_gpu(
    chromium: Any, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snnlab.launch.devices", lambda: {"cpu": "CPU"})
    page = BarePage(chromium, Transport(session))
    assert page.page.get_by_role("combobox", name="device").count() == 0
    assert page.page.inner_text(".snnlab-device").startswith("CPU, 1 thread, ")
    page.close()


def test_message_cannot_become_markup(chromium: Any, session: Session) -> None:
    messages = Messages(session.messages)
    session.messages.error(SpecError("<b>tau</b>", "must be > 0 ms", got="<img src=x>"))
    page = BarePage(chromium, messages)
    assert "<b>tau</b>" in page.page.inner_text("[role=log]")
    assert page.page.locator("[role=log] img").count() == 0
    page.close()


def test_statistics_say_where_the_time_went(chromium: Any) -> None:
    recent = RecentFrames()
    statistics = Statistics(two_populations(), recent)
    page = BarePage(chromium, statistics)
    assert page.page.inner_text(".snnlab-cost") == ""
    frame = frame_of([(5, 1)], 0, 500)
    recent.append(replace(frame, timings={"update": 0.3, "other": 0.1}))
    statistics.refresh()
    page.set("table", statistics.table)
    assert page.page.inner_text(".snnlab-cost") == "computing: update 75%, other 25%"
    page.close()


def test_slider_sends_values_with_few_digits(chromium: Any, session: Session) -> None:
    page = BarePage(chromium, Inspector(session))
    page.page.focus("input[type=range]")
    for _ in range(3):
        page.page.keyboard.press("ArrowRight")
        page.page.wait_for_timeout(40)
    assert [m["text"] for m in page.sent("set")] == ["5.1", "5.2", "5.3"]
    assert page.page.get_attribute("input[type=range]", "aria-valuetext") == "5.3"
    page.close()


def test_what_is_being_typed_is_not_overwritten(chromium: Any, session: Session) -> None:
    inspector = Inspector(session)
    page = BarePage(chromium, inspector)
    page.page.focus("input[type=text]")
    page.page.keyboard.type("7.2")
    session.set("g", 6).result(20)
    inspector.refresh()
    page.set("form", inspector.form)
    assert page.page.input_value("input[type=text]").endswith("7.2")
    page.page.keyboard.press("Escape")
    assert page.page.input_value("input[type=text]") == "6"
    page.close()


def test_undone_value_can_be_dragged_to_again(chromium: Any, session: Session) -> None:
    inspector = Inspector(session)
    page = BarePage(chromium, inspector)
    page.page.focus("input[type=range]")
    page.page.keyboard.press("ArrowRight")
    page.page.wait_for_timeout(1000)
    page.set("form", inspector.form | answer(page))  # still 5: the edit was undone
    page.page.keyboard.press("ArrowRight")
    assert [m["text"] for m in page.sent("set")] == ["5.1", "5.1"]
    page.close()


ENTRY, RANGE = "input[type=text]", "input[type=range]"

_HOLD_PAINTS = "() => { window.paints = []; window.requestAnimationFrame = f => paints.push(f); }"
_PAINT = "() => window.paints.splice(0).forEach(f => f())"


def answer(page: BarePage) -> dict[str, Any]:
    """What a form has in it when all that the page has sent is done."""
    (last,) = page.sent("set")[-1:]
    return {"answered": {last["page"]: last["request"]}}


def with_g(inspector: Inspector, g: float, page: BarePage) -> dict[str, Any]:
    """The form of the kernel after an edit of code, and after all that the page has sent."""
    inspector._session.set("g", g).result(20)
    inspector.refresh()
    return inspector.form | answer(page)


def test_no_key_is_lost_when_an_older_one_is_answered_before_the_next_paint(
    chromium: Any, session: Session
) -> None:
    """A loaded machine paints seldom: many keys then lie between two values that are sent."""
    inspector = Inspector(session)
    page = BarePage(chromium, inspector)
    page.page.evaluate(_HOLD_PAINTS)
    page.page.focus(RANGE)
    for _ in range(3):
        page.page.keyboard.press("ArrowRight")
    assert [m["text"] for m in page.sent("set")] == ["5.1"]
    page.set("form", with_g(inspector, 5.1, page))
    assert page.page.input_value(ENTRY) == "5.3"
    page.page.keyboard.press("ArrowRight")
    page.page.evaluate(_PAINT)
    assert [m["text"] for m in page.sent("set")] == ["5.1", "5.4"]
    page.page.evaluate(_PAINT)
    page.set("form", with_g(inspector, 5.0, page))  # undone
    assert page.page.input_value(ENTRY) == "5"
    page.close()


def test_the_slider_stays_under_the_hand_and_follows_when_it_is_off(
    chromium: Any, session: Session
) -> None:
    inspector = Inspector(session)
    page = BarePage(chromium, inspector)
    box = page.page.locator(RANGE).bounding_box()
    page.page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + box["height"] / 2)
    page.page.mouse.down()
    page.page.wait_for_timeout(60)
    held = page.page.input_value(ENTRY)
    assert held != "5"
    page.set("form", with_g(inspector, 4.0, page))
    assert page.page.input_value(ENTRY) == held
    page.page.mouse.up()
    assert page.page.input_value(ENTRY) == "4"
    page.close()


def test_a_range_that_grows_takes_neither_focus_nor_keys(chromium: Any, session: Session) -> None:
    inspector = Inspector(session)
    page = BarePage(chromium, inspector)
    page.page.focus(RANGE)
    page.page.keyboard.press("ArrowRight")
    form = with_g(inspector, 3000.0, page)
    assert form["rows"][0]["high"] == 3000
    page.page.keyboard.press("ArrowRight")
    page.page.wait_for_timeout(60)
    page.set("form", form)  # older than the second key
    assert page.page.evaluate("() => document.activeElement.type") == "range"
    assert page.page.input_value(ENTRY) == "5.2"
    page.set("form", form | answer(page))
    assert page.page.input_value(ENTRY) == "3000"
    assert page.page.evaluate("() => document.activeElement.type") == "range"
    page.close()


def test_a_chosen_speed_stays_until_it_is_answered(chromium: Any, session: Session) -> None:
    transport = Transport(session)
    page = BarePage(chromium, transport)
    page.page.select_option("[aria-label=speed]", "0.1\u00d7")
    page.set("status", {**transport.status, "t": 1.0})  # older than the choice
    assert page.page.input_value("[aria-label=speed]") == "0.1\u00d7"
    (message,) = page.sent("speed")
    transport._answer(transport, message, [])
    transport.refresh()
    assert session.speed == 0.1
    session.speed = 1.0
    transport.refresh()
    page.set("status", transport.status)
    assert page.page.input_value("[aria-label=speed]") == "1\u00d7"
    page.close()


def test_what_is_half_typed_stays_while_a_selection_follows(chromium: Any) -> None:
    selection = Selection(two_populations(), RecentFrames())
    page = BarePage(chromium, selection)
    chosen = {"first": 0, "last": 9, "t_start": 0.0, "t_stop": 50.0}
    page.set("selection", chosen)
    page.page.fill("[data-name=last]", "1")
    page.set("selection", chosen | {"t_start": 10.0, "t_stop": 60.0})
    assert page.page.input_value("[data-name=last]") == "1"
    assert page.page.input_value("[data-name=t_stop]") == "60"
    page.page.keyboard.type("9")
    page.page.keyboard.press("Enter")
    assert [m["last"] for m in page.sent("select")] == [19]
    page.set("selection", chosen | {"last": 19})
    assert page.page.input_value("[data-name=last]") == "19"
    page.close()


def test_a_breakpoint_may_be_a_formula(chromium: Any, session: Session) -> None:
    part = Breakpoints(session)
    page = BarePage(chromium, part)
    form = page.page.locator("form")
    assert not form.get_by_label("formula").is_visible()
    form.locator("select").first.select_option("formula")
    assert not form.get_by_label("number").is_visible()
    form.get_by_label("formula").fill("rate(exc) > 50 and cv(exc) < 0.5")
    form.locator("button").click()
    (message,) = page.sent("add")
    part._answer(part, message, [])
    assert session.breakpoints == (Holds("rate(exc) > 50 and cv(exc) < 0.5"),)
    page.set("placed", part.placed)
    assert page.page.locator("li span").inner_text() == "rate(exc) > 50 and cv(exc) < 0.5"
    form.locator("select").first.select_option("CV of exc")
    assert form.get_by_label("number").is_visible()
    page.close()


SECURE, INSECURE = "http://localhost/", "http://example.test/"
"""Addresses at which a browser lets a page use the clipboard, and does not."""


@pytest.mark.parametrize("address", [SECURE, INSECURE])
def test_methods_go_to_the_clipboard(chromium: Any, session: Session, address: str) -> None:
    """Without a secure address in the old way."""
    part = Branching(session)
    page = BarePage(chromium, part, address=address)
    page.page.evaluate(
        "() => document.addEventListener('copy', () => {"
        " window.copied = document.activeElement.value; })"
    )
    page.page.context.grant_permissions(["clipboard-read"])
    page.page.click(".snnlab-copy-methods")
    assert page.sent("copy") == [{"do": "copy"}]
    sent: list[dict[str, Any]] = []
    part.send = sent.append
    part.do_copy()
    assert eventually(lambda: bool(sent))
    page.receive(sent[0])
    page.page.get_by_text("is on the clipboard").wait_for()
    found = "navigator.clipboard.readText()" if address == SECURE else "window.copied"
    assert page.page.evaluate(f"() => {found}") == session.methods()
    page.close()


def test_a_long_value_is_told_and_has_room_while_it_is_edited(
    chromium: Any, session: Session
) -> None:
    inspector = Inspector(session)
    page = BarePage(chromium, inspector, width=280)
    entry = page.page.locator(ENTRY)
    narrow = entry.bounding_box()["width"]
    session.set("g", 5.123456789).result(20)
    inspector.refresh()
    page.set("form", inspector.form)
    assert entry.get_attribute("title").startswith("5.123456789 (")
    entry.focus()
    assert entry.bounding_box()["width"] > narrow + 40
    assert entry.evaluate("node => node.scrollWidth <= node.clientWidth")
    page.close()


def test_every_control_has_a_name(chromium: Any, session: Session) -> None:
    page = BarePage(chromium, Inspector(session))
    nameless = page.page.evaluate(
        "() => [...document.querySelectorAll('button, input, select')].filter(node =>"
        " !node.getAttribute('aria-label') && !node.labels?.length).length"
    )
    assert nameless == 0
    page.close()
