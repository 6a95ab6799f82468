"""A newcomer's first minutes: open the notebook, press run, turn g, see the spikes turn irregular.

The tests are the steps of one visit, in order, on one page; each is a promise of its own.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from benchmarks.browser.lab_page import WAIT_MS, LabPage
from benchmarks.browser.lab_server import lab_server

NOTEBOOK = Path(__file__).parents[2] / "notebooks/01_first_spikes.ipynb"
CANVAS = ".snnlab-raster-canvas"
SLIDER = ".snnlab-row[data-name=g] input[type=range]"
ENTRY = ".snnlab-row[data-name=g] input[type=text]"

FIRST_CELL = 1
"""Index of the cell that opens the page; before it is only text."""

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_HAS_SPIKES = "selector => Number(document.querySelector(selector)?.dataset.step) > 0"

_WATCH = """selector => {
  window.painted = [];
  const canvas = document.querySelector(selector);
  const note = () => painted.push([performance.now(), Number(canvas.dataset.step)]);
  new MutationObserver(note).observe(canvas, { attributeFilter: ['data-step'] });
}"""
"""Notes when each frame was painted, and the last step in it."""

_KEEP_BUSY = """seconds => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  kernel.requestExecute({ code: `__import__('time').sleep(${seconds})`, store_history: false });
}"""

_NOTE_KEY = """() => document.activeElement.addEventListener(
  'keydown', () => { window.pressed = performance.now(); }, { once: true })"""


@pytest.fixture(scope="module")
def report(artifacts: Path) -> Iterator[dict[str, Any]]:
    """What was measured; printed and kept, never judged."""
    measured: dict[str, Any] = {}
    yield measured
    text = json.dumps(measured, indent=2)
    (artifacts / "first_spikes.json").write_text(text)
    print(text)


@pytest.fixture(scope="module")
def visit(
    chromium: Any,
    tmp_path_factory: pytest.TempPathFactory,
    artifacts: Path,
    report: dict[str, Any],
) -> Iterator[LabPage]:
    """The notebook, run from top to bottom, with the page of the session in view."""
    root = tmp_path_factory.mktemp("notebooks")
    shutil.copy(NOTEBOOK, root)
    with lab_server(root, tmp_path_factory.mktemp("home")) as server:
        visit = LabPage(chromium, server)
        visit.open(NOTEBOOK.name)
        started = time.monotonic()
        visit.run_cell(FIRST_CELL)
        visit.page.click(".snnlab-run", timeout=WAIT_MS)
        visit.page.wait_for_function(_HAS_SPIKES, arg=CANVAS, timeout=WAIT_MS)
        report["kernel ready to first spikes on screen (s)"] = time.monotonic() - started
        visit.run_all()
        visit.wait_until_run()
        visit.scroll_to(".snnlab-lab")
        yield visit
        visit.screenshot(artifacts / "first_spikes_end.png")


def frame(visit: LabPage) -> int:
    """Number of the last frame that was painted."""
    return int(visit.page.get_attribute(CANVAS, "data-frame") or 0)


def picture(visit: LabPage) -> str:
    """What the raster shows, as data."""
    shown: str = visit.page.evaluate(f"() => document.querySelector('{CANVAS}').toDataURL()")
    return shown


def shown_cv(visit: LabPage) -> float:
    """CV of the excitatory population as the table shows it."""
    return float(visit.page.inner_text("[data-population=exc] td:last-child"))


def g_now(visit: LabPage) -> float:
    """Value of g in the kernel."""
    return float(visit.execute("print(session.network.knob('g').value)"))


def press_button(visit: LabPage, name: str) -> None:
    visit.page.click(f".snnlab-{name}")


def test_every_cell_runs(visit: LabPage) -> None:
    assert visit.errors() == []


def test_run_moves_the_picture(visit: LabPage, report: dict[str, Any]) -> None:
    before = picture(visit)
    press_button(visit, "run")
    visit.page.wait_for_timeout(1500)
    assert picture(visit) != before
    assert "running" in visit.page.inner_text(".snnlab-state")
    report["raster at 1x"] = visit.frame_rate(CANVAS)
    assert report["raster at 1x"]["frames_per_s"] > 3


def test_slider_turns_the_knob_and_the_picture(
    visit: LabPage, artifacts: Path, report: dict[str, Any]
) -> None:
    visit.page.wait_for_timeout(1500)
    regular = shown_cv(visit)
    visit.screenshot(artifacts / "first_spikes_g4.png")
    visit.page.focus(SLIDER)
    for _ in range(20):
        visit.page.keyboard.press("ArrowRight")
    visit.wait_for("abs(session.network.knob('g').value - 6) < 1e-9")
    visit.page.wait_for_timeout(2500)
    irregular = shown_cv(visit)
    visit.screenshot(artifacts / "first_spikes_g6.png")
    report["CV at g = 4, at g = 6"] = [regular, irregular]
    assert regular < 0.7
    assert irregular > 0.9


def test_keys_are_not_lost_while_the_kernel_is_busy(visit: LabPage) -> None:
    """Nor does the slider jump back to what is older than the keys."""
    g, shown = g_now(visit), []
    visit.page.focus(SLIDER)
    visit.page.evaluate(_KEEP_BUSY, 4)
    for _ in range(4):
        visit.page.keyboard.press("ArrowLeft")
        visit.page.wait_for_timeout(800)
        shown.append(float(visit.page.input_value(ENTRY)))
    assert shown == pytest.approx([g - 0.1 * k for k in (1, 2, 3, 4)])
    visit.wait_for(f"abs(session.network.knob('g').value - {g - 0.4}) < 1e-9")
    for _ in range(4):
        visit.page.keyboard.press("ArrowRight")
    visit.wait_for(f"abs(session.network.knob('g').value - {g}) < 1e-9")


def test_a_key_is_soon_in_the_picture(visit: LabPage, report: dict[str, Any]) -> None:
    visit.page.evaluate(_WATCH, CANVAS)
    visit.page.focus(SLIDER)
    delays = []
    for key in ["ArrowLeft", "ArrowRight"] * 5:
        g, edits = g_now(visit), visit.execute("print(len(session.history.log))")
        visit.page.evaluate(_NOTE_KEY)
        visit.page.keyboard.press(key)
        visit.wait_for(f"len(session.history.log) > {edits}")
        step = int(visit.execute("print(session.history.log[-1].step)"))
        visit.page.wait_for_function(f"() => painted.at(-1)?.[1] > {step}")
        delays.append(
            visit.page.evaluate("step => painted.find(p => p[1] > step)[0] - pressed", step)
        )
        assert g_now(visit) != g
    report["key to picture (ms), median and worst"] = [sorted(delays)[5], max(delays)]
    assert sorted(delays)[5] < 2000


def test_pause_stops_the_picture(visit: LabPage) -> None:
    press_button(visit, "pause")
    visit.wait_for("session.state.value == 'paused'")
    visit.page.wait_for_timeout(1000)
    last, before = frame(visit), picture(visit)
    visit.page.wait_for_timeout(1000)
    assert (frame(visit), picture(visit)) == (last, before)


def test_steps_are_exact(visit: LabPage) -> None:
    step = int(visit.execute("print(session.step)"))
    visit.page.click("[aria-label='Advance by one time step']")
    visit.wait_for(f"session.step == {step + 1}")
    visit.page.click("[aria-label='Advance by this model time']")
    visit.wait_for(f"session.step == {step + 101}")


BACK = "[aria-label^='Go back by this model time']"


def test_back_cuts_the_picture_and_the_keyboard_reaches_it(
    visit: LabPage, artifacts: Path, report: dict[str, Any]
) -> None:
    step, before = int(visit.execute("print(session.step)")), picture(visit)
    visit.page.fill("[aria-label='length of the way back in ms']", "50")
    started = time.monotonic()
    visit.page.focus(BACK)
    visit.page.keyboard.press("Enter")
    visit.wait_for(f"session.step == {step - 500}")
    visit.page.wait_for_function(
        f"() => document.querySelector('{CANVAS}').dataset.step === '{step - 500}'"
    )
    report["back by 50 ms (s)"] = time.monotonic() - started
    assert picture(visit) != before
    visit.screenshot(artifacts / "first_spikes_back.png")
    visit.execute(f"session.run_until({step} * session.dt).wait(60)")
    visit.page.wait_for_function(
        f"() => document.querySelector('{CANVAS}').dataset.step === '{step}'"
    )


def test_undo_takes_the_last_edit_back(visit: LabPage) -> None:
    g = g_now(visit)
    press_button(visit, "undo")
    visit.wait_for(f"session.network.knob('g').value != {g}")
    press_button(visit, "redo")
    visit.wait_for(f"session.network.knob('g').value == {g}")


def test_bad_value_is_refused_in_place(visit: LabPage, artifacts: Path) -> None:
    g = g_now(visit)
    visit.page.fill(ENTRY, "20 mV")
    visit.page.press(ENTRY, "Enter")
    error = visit.page.locator(".snnlab-row[data-name=g] .snnlab-error")
    error.wait_for(state="visible")
    assert "must be" in error.inner_text()
    assert "20 mV" in visit.page.inner_text(".snnlab-messages")
    visit.screenshot(artifacts / "first_spikes_error.png")
    assert g_now(visit) == g
    visit.page.fill(ENTRY, "5.5")
    visit.page.press(ENTRY, "Enter")
    visit.wait_for("session.network.knob('g').value == 5.5")
    error.wait_for(state="hidden")


def test_reset_empties_the_picture(visit: LabPage) -> None:
    visit.page.click("[aria-label^='Reset']")
    visit.wait_for("session.step == 0")
    visit.page.get_by_text("No spikes yet: press Run.").wait_for(state="visible")
    expect(visit.page.locator(BACK)).to_be_disabled()


def test_holoviews_plot_follows_the_run(visit: LabPage, report: dict[str, Any]) -> None:
    visit.scroll_to(".snnlab-pacer")
    press_button(visit, "run")
    visit.scroll_to(".snnlab-pacer")
    visit.page.wait_for_timeout(1000)
    before = visit.pictures()
    visit.page.wait_for_timeout(1500)
    assert visit.pictures() != before
    report["HoloViews rates"] = visit.frame_rate(".snnlab-pacer")


def test_raster_off_screen_costs_nothing(visit: LabPage) -> None:
    visit.page.wait_for_timeout(500)
    last = frame(visit)
    visit.page.wait_for_timeout(1000)
    assert frame(visit) == last


def test_rerun_leaves_one_page(visit: LabPage) -> None:
    count = "print(sum(t.name == 'snnlab display' for t in __import__('threading').enumerate()))"
    threads = visit.execute(count)
    visit.run_all()
    visit.page.wait_for_timeout(300)
    visit.wait_until_run()
    visit.wait_for("True")
    assert visit.execute(count) == threads
    visit.scroll_to(".snnlab-lab")
    assert visit.page.locator(".snnlab-lab").count() == 1


def test_console_is_clean(visit: LabPage) -> None:
    assert visit.console == []
    assert visit.execute("print([m for m in session.messages if m.level == 'error'])") == "[]"
