"""The same notebook on four ranks: seen, edited live, one killed, and on from the checkpoint.

The tests are the steps of one visit, in order, on one page. Two ranks are tested at length in
`test_scale_out`.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from benchmarks.browser.lab_page import WAIT_MS, LabPage
from benchmarks.browser.visit import Server
from tests.browser.journey import visiting
from tests.browser.stop_watch import StopWatch

pytestmark = [pytest.mark.browser, pytest.mark.mpi, pytest.mark.slow]

OPEN = """\
import snnlab
from snnlab_widgets import ClusterPanel, Lab
session = snnlab.open("brunel", N=1000, ranks=4, name="four ranks")
session.speed = 0.2
Lab(session)"""

ROW = ".snnlab-ranks tbody tr"
ALERT = ".snnlab-ranks [role=alert]"
SLIDER = ".snnlab-row[data-name=g] input[type=range]"


@pytest.fixture(scope="module")
def watch(artifacts: Path) -> Iterator[StopWatch]:
    watch = StopWatch("hpc_user", artifacts)
    yield watch
    watch.stop()


@pytest.fixture(scope="module")
def visit(chromium: Any, journeys: Server, watch: StopWatch) -> Iterator[LabPage]:
    cells = OPEN, "ClusterPanel(session)"
    with visiting(chromium, journeys, "hpc", *cells, watch=watch) as visit:
        visit.page.wait_for_selector(ROW, timeout=WAIT_MS)
        yield visit


def test_the_panel_shows_four_ranks_that_run(
    visit: LabPage, watch: StopWatch, artifacts: Path
) -> None:
    expect(visit.page.locator(ROW)).to_have_count(4)
    with watch.step("all four run"):
        visit.page.click(".snnlab-run")
        expect(visit.page.locator(f"{ROW}[data-state=running]")).to_have_count(4, timeout=WAIT_MS)
        visit.wait_for("session.t > 100")
    visit.scroll_to(".snnlab-ranks")
    visit.page.locator(".snnlab-ranks").screenshot(path=str(artifacts / "journey_hpc_panel.png"))


def test_a_slider_is_felt_by_all_of_them(visit: LabPage, watch: StopWatch) -> None:
    with watch.step("edited live"):
        visit.page.focus(SLIDER)
        for _ in range(10):
            visit.page.keyboard.press("ArrowLeft")
        visit.wait_for("session.network.knob('g').value < 5.5")
        visit.wait_for("session.t > session.edits[-1].step * session.dt + 50")


def test_a_rank_that_is_killed_is_named_and_the_run_goes_on_from_its_checkpoint(
    visit: LabPage, watch: StopWatch, artifacts: Path
) -> None:
    victim = int(visit.execute("print(session.ranks[2].pid)"))
    with watch.step("death told"):
        os.kill(victim, signal.SIGKILL)
        visit.page.wait_for_selector(ALERT, timeout=30_000)
        expect(visit.page.locator(ALERT)).to_contain_text("rank 2 on", timeout=WAIT_MS)
    expect(visit.page.locator(ALERT)).to_contain_text("killed by SIGKILL")
    visit.scroll_to(".snnlab-ranks")
    visit.page.locator(".snnlab-ranks").screenshot(path=str(artifacts / "journey_hpc_death.png"))
    t = float(visit.execute("print(session.t)"))
    with watch.step("mended by the button"):
        visit.page.click(".snnlab-ranks-mend")
        expect(visit.page.locator(f"{ROW}[data-state=paused]")).to_have_count(4, timeout=WAIT_MS)
    assert float(visit.execute("print(session.t)")) == t
    visit.page.click(".snnlab-run")
    visit.wait_for(f"session.t > {t + 50}")
    visit.page.click(".snnlab-pause")
    visit.wait_for("session.state.value == 'paused'")
    visit.screenshot(artifacts / "journey_hpc_end.png")


def test_the_spikes_are_those_of_one_process_that_nobody_killed(
    visit: LabPage, watch: StopWatch
) -> None:
    with watch.step("held against one process"):
        found = visit.execute(
            "run = session.run_so_far()\n"
            "with snnlab.open(run.network, name='alone', threads=1) as alone:\n"
            "    alone.repeat(run).wait(120)\n"
            "    pairs = list(zip(alone.spikes(), session.spikes()))\n"
            "    print(alone.t == session.t, all((a == b).all() for a, b in pairs),\n"
            "          pairs[0][0].size > 1000)"
        )
    assert found.split() == ["True"] * 3
    assert visit.console == []
