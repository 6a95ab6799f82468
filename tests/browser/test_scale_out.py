"""A network on two MPI ranks in a notebook: watch them, turn g, lose a rank, go on, press stop.

The tests are the steps of one visit, in order, on one page; each is a promise of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from benchmarks.browser.lab_page import WAIT_MS, LabPage
from benchmarks.browser.lab_server import lab_server

NOTEBOOK = Path(__file__).parents[2] / "notebooks/05_scale_out.ipynb"
CANVAS = ".snnlab-raster-canvas"
SLIDER = ".snnlab-row[data-name=g] input[type=range]"
ROW = ".snnlab-ranks tbody tr"
ALERT = ".snnlab-ranks [role=alert]"

N_TRIES = int(os.environ.get("SNNLAB_TRIES", "20"))
"""How often a latency is measured; a figure worth telling takes more than a test."""

pytestmark = [pytest.mark.browser, pytest.mark.mpi, pytest.mark.slow]

_WATCH = """canvas => {
  window.painted = [];
  const node = document.querySelector(canvas);
  const note = () => painted.push([performance.now(), Number(node.dataset.step)]);
  new MutationObserver(note).observe(node, { attributeFilter: ['data-step'] });
  const state = document.querySelector('.snnlab-state');
  window.states = [];
  const told = () => states.push([performance.now(), state.dataset.state]);
  new MutationObserver(told).observe(state, { attributeFilter: ['data-state'] });
  for (const kind of ['keydown', 'click'])
    document.addEventListener(kind, () => { window.pressed = performance.now(); }, true);
}"""
"""Notes when each frame was painted and each state shown, and when somebody pressed something."""

_START = """code => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const future = kernel.requestExecute({ code, store_history: false });
  window.told = '';
  future.onIOPub = ({ content, header }) => {
    if (header.msg_type === 'error') window.told += content.ename;
  };
}"""
"""Runs code in the kernel and does not wait for it."""


@pytest.fixture(scope="module")
def report(artifacts: Path) -> Iterator[dict[str, Any]]:
    """What was measured; printed and kept."""
    measured: dict[str, Any] = {}
    yield measured
    text = json.dumps(measured, indent=2)
    (artifacts / "scale_out.json").write_text(text)
    print(text)


@pytest.fixture(scope="module")
def visit(
    chromium: Any,
    mpi_library: str,
    tmp_path_factory: pytest.TempPathFactory,
    artifacts: Path,
    report: dict[str, Any],
) -> Iterator[LabPage]:
    """The notebook from its live part on, with page and panel in view."""
    root = tmp_path_factory.mktemp("notebooks")
    shutil.copy(NOTEBOOK, root)
    with lab_server(root, tmp_path_factory.mktemp("home")) as server:
        visit = LabPage(chromium, server)
        visit.open(NOTEBOOK.name)
        visit.execute("import snnlab")
        started = time.monotonic()
        visit.run_cell(_cell("Lab(session)"))
        visit.page.wait_for_selector(".snnlab-run", timeout=WAIT_MS)
        report["two ranks started and page open (s)"] = time.monotonic() - started
        visit.run_cell(_cell("ClusterPanel(session)"))
        visit.page.wait_for_selector(ROW, timeout=WAIT_MS)
        yield visit
        visit.screenshot(artifacts / "scale_out_end.png")


def _cell(code: str) -> int:
    """Index of the cell that ends with this line."""
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    return next(k for k, cell in enumerate(cells) if "".join(cell["source"]).endswith(code))


def press_button(visit: LabPage, name: str) -> None:
    visit.page.click(f".snnlab-{name}")


def picture(visit: LabPage) -> str:
    """What the raster shows, as data."""
    shown: str = visit.page.evaluate(f"() => document.querySelector('{CANVAS}').toDataURL()")
    return shown


def numbers(visit: LabPage, column: int) -> list[float]:
    """A column of the panel."""
    texts = visit.page.locator(f"{ROW} > :nth-child({column})").all_inner_texts()
    return [float(text.replace("\u202f", "")) for text in texts]


def pids(visit: LabPage) -> list[int]:
    """Processes of the ranks, as the panel shows them."""
    texts = visit.page.locator(f"{ROW} > :nth-child(3)").all_inner_texts()
    return [int(text.rsplit(", ", 1)[1]) for text in texts]


def p95(values: list[float]) -> float:
    return sorted(values)[max(0, round(0.95 * len(values)) - 1)]


def test_each_rank_has_a_line(visit: LabPage) -> None:
    assert visit.page.locator(ROW).count() == 2
    known = visit.execute("print([rank.pid for rank in session.ranks])")
    assert json.loads(known) == pids(visit)
    assert sum(numbers(visit, 5)) == 2500


def test_a_run_fills_the_lines_and_moves_the_picture(
    visit: LabPage, artifacts: Path, report: dict[str, Any]
) -> None:
    before = picture(visit)
    press_button(visit, "run")
    expect(visit.page.locator(f"{ROW}[data-state=running]")).to_have_count(2, timeout=WAIT_MS)
    visit.page.wait_for_timeout(2500)
    assert picture(visit) != before
    report["raster at 1x on two ranks"] = visit.frame_rate(CANVAS)
    visit.scroll_to(".snnlab-ranks")
    visit.screenshot(artifacts / "scale_out_panel.png")
    visit.page.locator(".snnlab-ranks").screenshot(path=str(artifacts / "cluster_panel.png"))
    assert min(numbers(visit, 8)) > 0
    assert all(0 < busy <= 100 for busy in numbers(visit, 9))


def test_a_key_on_the_slider_is_soon_in_the_picture(visit: LabPage, report: dict[str, Any]) -> None:
    visit.scroll_to(".snnlab-lab")
    visit.page.evaluate(_WATCH, CANVAS)
    visit.page.focus(SLIDER)
    delays = []
    for key in ["ArrowRight", "ArrowLeft"] * (N_TRIES // 2):
        edits = int(visit.execute("print(len(session.history.log))"))
        visit.page.keyboard.press(key)
        visit.page.wait_for_timeout(700)  # nothing else is asked of the kernel meanwhile
        visit.wait_for(f"len(session.history.log) > {edits}")
        step = int(visit.execute("print(session.history.log[-1].step)"))
        visit.page.wait_for_function(f"() => painted.at(-1)?.[1] > {step}")
        delays.append(
            visit.page.evaluate("step => painted.find(p => p[1] > step)[0] - pressed", step)
        )
    report["key to raster on two ranks (ms): median, p95, worst"] = [
        statistics.median(delays), p95(delays), max(delays),
    ]  # fmt: skip
    assert statistics.median(delays) < 2000


def test_the_slider_changes_what_the_ranks_compute(visit: LabPage) -> None:
    visit.page.wait_for_timeout(1000)
    before = sum(numbers(visit, 8))
    visit.page.focus(SLIDER)
    for _ in range(20):
        visit.page.keyboard.press("ArrowRight")
    visit.wait_for("session.network.knob('g').value > 5.9")
    visit.page.wait_for_timeout(2000)
    assert sum(numbers(visit, 8)) < 0.7 * before


def test_pause_stops_all_ranks(visit: LabPage, report: dict[str, Any]) -> None:
    delays = []
    for _ in range(N_TRIES):
        visit.page.wait_for_timeout(300)
        press_button(visit, "pause")
        visit.page.wait_for_function("() => states.at(-1)?.[1] === 'paused'")
        delays.append(visit.page.evaluate("() => states.at(-1)[0] - pressed"))
        press_button(visit, "run")
        visit.page.wait_for_function("() => states.at(-1)?.[1] === 'running'")
    report["click to paused on two ranks (ms): median, p95, worst"] = [
        statistics.median(delays), p95(delays), max(delays),
    ]  # fmt: skip
    assert statistics.median(delays) < 2000
    press_button(visit, "pause")
    expect(visit.page.locator(f"{ROW}[data-state=paused]")).to_have_count(2)
    visit.page.wait_for_timeout(1000)  # what came last is painted
    shown, step = picture(visit), visit.execute("print(session.step)")
    visit.page.wait_for_timeout(1000)
    assert (picture(visit), visit.execute("print(session.step)")) == (shown, step)


def test_a_death_is_told_while_nothing_runs(
    visit: LabPage, artifacts: Path, report: dict[str, Any]
) -> None:
    visit.scroll_to(".snnlab-ranks")
    died = time.monotonic()
    os.kill(pids(visit)[1], signal.SIGKILL)
    visit.page.wait_for_selector(ALERT, timeout=20_000)
    report["death to alert while idle (s)"] = time.monotonic() - died
    said = visit.page.inner_text(ALERT)
    assert "rank 1 on" in said
    assert "killed by SIGKILL" in said
    assert "nothing is lost" in said
    assert "died" in visit.page.inner_text(f"{ROW}[data-rank='1']")
    assert "because of rank 1" in visit.page.inner_text(f"{ROW}[data-rank='0']")
    assert visit.execute("print([m.text for m in session.messages if 'view' in m.text])") == "[]"
    visit.screenshot(artifacts / "scale_out_death.png")
    visit.page.locator(".snnlab-ranks").screenshot(path=str(artifacts / "cluster_death.png"))


def test_a_restart_goes_on_where_the_rank_died(visit: LabPage, report: dict[str, Any]) -> None:
    before, step = pids(visit), visit.execute("print(session.step)")
    began = time.monotonic()
    visit.page.focus(".snnlab-ranks-mend")
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_selector(f"{ROW}[data-state=paused]", timeout=WAIT_MS)
    report["restart of two ranks (s)"] = time.monotonic() - began
    expect(visit.page.locator(ALERT)).to_be_hidden()
    assert visit.execute("print(session.step)") == step
    assert set(before).isdisjoint(pids(visit))
    press_button(visit, "run")
    visit.wait_for(f"session.step > {step}")


def test_the_stop_button_pauses_all_ranks(visit: LabPage) -> None:
    before = pids(visit)
    visit.page.evaluate(_START, "session.wait()")
    visit.page.wait_for_timeout(700)
    visit.page.click(
        "[data-jp-item-name=interrupt] button, [data-jp-item-name=interrupt] jp-button"
    )
    visit.page.wait_for_function("() => window.told === 'KeyboardInterrupt'", timeout=20_000)
    visit.wait_for("session.state.value == 'paused'")
    assert pids(visit) == before
    step = visit.execute("print(session.step)")
    visit.execute("session.run(10.0).wait(60)")
    assert int(visit.execute("print(session.step)")) == int(step) + 100


def test_ranks_are_taken_back_and_started_from_the_panel(visit: LabPage, artifacts: Path) -> None:
    visit.page.click(".snnlab-ranks-stop")
    visit.page.wait_for_selector(".snnlab-none", timeout=WAIT_MS)
    assert visit.execute("print(session.device, session.ranks)") == "cpu ()"
    visit.page.locator(".snnlab-ranks").screenshot(path=str(artifacts / "cluster_empty.png"))
    visit.page.fill(".snnlab-ranks input", "3")
    visit.page.press(".snnlab-ranks input", "Enter")
    visit.page.wait_for_selector(f"{ROW}[data-rank='2']", timeout=WAIT_MS)
    assert visit.execute("print(session.device)") == "3 ranks"


def test_console_is_clean(visit: LabPage) -> None:
    assert visit.console == []
