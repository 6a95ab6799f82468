"""A sceptic presses "prove" and "break": ticks on threads and ranks, and what a network bears.

The tests are the steps of one visit, in order, on one page; a stop-watch runs.
"""

from __future__ import annotations

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
from snnlab_widgets import Lab
session = snnlab.open("brunel", N=1000, threads=1)
page = Lab(session)
page"""

EXPLODES = """\
class FitzHughNagumo(snnlab.Neuron):
    \"\"\"FitzHugh and Nagumo's oscillator by Euler's scheme.\"\"\"

    v = snnlab.State(-1.0, "1", "voltage", low=-1000.0, high=1000.0)
    w = snnlab.State(-0.5, "1", "recovery", low=-1000.0, high=1000.0)
    is_up = snnlab.State(0.0, "1", "whether v has just come above 1", low=0.0, high=1.0)

    @staticmethod
    def derive(p, dt):
        return {"dt": dt}

    @staticmethod
    def update(state, p, input):
        v = state.v
        state.v = v + p.dt * (v - v * v * v / 3.0 - state.w + 0.5)
        state.w += p.dt * 0.08 * (v + 0.7 - 0.8 * state.w)
        state.is_up = 1.0 if state.v >= 1.0 and v < 1.0 else 0.0

    @staticmethod
    def threshold(state, p):
        return state.is_up >= 0.5

stiff = snnlab.Network([snnlab.Population("oscillators", 50, FitzHughNagumo)], dt=2.0)
other = snnlab.open(stiff, name="explodes", threads=1)
Lab(other)"""

LIAR = """\
place = session._simulation.place
honest = place.engines

def engines(network, device):
    engine = honest(network, "1 thread" if device == "liar" else device)
    restore = engine.restore

    def lie(checkpoint):
        restore(checkpoint)
        engine.apply(snnlab.SetParameter("", "g", 4.50001).apply(engine.network))

    if device == "liar":
        engine.restore = lie
    return engine

place.engines = engines
page.parts["trust"]._begin(session.prove(["1 thread", "liar", "2 threads"]))"""

TRUST = ".snnlab-trust"


@pytest.fixture(scope="module")
def watch(artifacts: Path) -> Iterator[StopWatch]:
    watch = StopWatch("sceptic", artifacts)
    yield watch
    watch.stop()


@pytest.fixture(scope="module")
def visit(chromium: Any, journeys: Server, watch: StopWatch) -> Iterator[LabPage]:
    """A page of a balanced network, and below it one of a network that explodes."""
    with visiting(chromium, journeys, "sceptic", OPEN, EXPLODES, watch=watch) as visit:
        yield visit


def row(visit: LabPage, place: str, page: int = 0) -> Any:
    return visit.page.locator(TRUST).nth(page).locator(f'tr[data-place="{place}"]')


def verdict(visit: LabPage, place: str) -> str:
    text: str = row(visit, place).locator("td[data-verdict]").inner_text()
    return text


def press(visit: LabPage, name: str, page: int = 0) -> None:
    visit.page.locator(TRUST).nth(page).locator(f".snnlab-trust-{name}").click()


def test_the_run_is_proved_on_threads_and_ranks_while_it_goes_on(
    visit: LabPage, watch: StopWatch, artifacts: Path
) -> None:
    visit.page.click(".snnlab-run >> nth=0")
    visit.wait_for("session.t > 400")
    visit.execute("session.set('g', 4.5).result(20)")
    with watch.step("proved on threads and ranks"):
        press(visit, "prove")
        row(visit, "1 thread").wait_for(timeout=WAIT_MS)
        visit.scroll_to(TRUST)
        visit.screenshot(artifacts / "journey_sceptic_proving.png")
        t = float(visit.execute("print(session.t)"))
        summary = visit.page.locator(f"{TRUST} .snnlab-summary").first
        expect(summary).to_have_text("The same to the bit: 5 of 5.", timeout=WAIT_MS)
    places = ["this run, as recorded", "1 thread", "2 threads", "1 rank", "2 ranks", "4 ranks"]
    expected = ["equal", "reference", "equal", "equal", "equal", "equal"]
    assert [verdict(visit, place) for place in places] == expected
    assert float(visit.execute("print(session.t)")) > t
    assert visit.execute("print(session.state.value)") == "running"
    visit.page.click(".snnlab-pause >> nth=0")
    visit.page.locator(TRUST).first.screenshot(path=str(artifacts / "journey_sceptic_proof.png"))


def test_a_copy_that_differs_is_named_with_its_first_spike(
    visit: LabPage, watch: StopWatch, artifacts: Path
) -> None:
    """The switch: one place computes with a g that is larger by 0.00001."""
    visit.execute(LIAR)
    with watch.step("a copy that differs is found"):
        expect(row(visit, "2 threads").locator("td[data-verdict]")).to_have_text(
            "equal", timeout=WAIT_MS
        )
        expect(row(visit, "liar").locator("td[data-verdict]")).to_have_text("different")
    visit.execute("place.engines = honest")
    text = row(visit, "liar").locator("td").nth(1).inner_text()
    assert "first at t = " in text
    assert "neuron" in text
    expect(visit.page.locator(f"{TRUST} .snnlab-summary").first).to_contain_text("Not the same: 1")
    visit.page.locator(TRUST).first.screenshot(path=str(artifacts / "journey_sceptic_liar.png"))


def test_weights_are_made_stronger_until_it_breaks(
    visit: LabPage, watch: StopWatch, artifacts: Path
) -> None:
    with watch.step("broken by weights"):
        press(visit, "break-weights")
        trust = visit.page.locator(TRUST).first
        keep = "Keep the weights of all projections"
        expect(trust.locator(".snnlab-advice")).to_contain_text(keep, timeout=WAIT_MS)
    expect(trust.locator("tbody tr").last.locator("td[data-verdict]")).to_have_text("stopped")
    trust.screenshot(path=str(artifacts / "journey_sceptic_weights.png"))
    assert visit.execute("print(session.trouble)") == "None"


def test_a_time_step_that_is_too_large_stops_the_run_which_is_told_a_better_one(
    visit: LabPage, watch: StopWatch, artifacts: Path
) -> None:
    with watch.step("stopped, explained, better dt advised"):
        visit.page.locator(".snnlab-lab").nth(1).locator(".snnlab-run").click()
        alert = visit.page.locator(TRUST).nth(1).locator(".snnlab-alert")
        expect(alert).to_contain_text("The run was stopped.", timeout=WAIT_MS)
        expect(alert).to_contain_text("v: must be")
        press(visit, "mend", page=1)
        advice = visit.page.locator(f"{TRUST} .snnlab-advice").nth(1)
        keep = "Keep dt at 0.5 ms or less: snnlab.open(..., dt=0.5)"
        expect(advice).to_contain_text(keep, timeout=WAIT_MS)
    visit.page.locator(TRUST).nth(1).scroll_into_view_if_needed()
    visit.page.locator(TRUST).nth(1).screenshot(path=str(artifacts / "journey_sceptic_dt.png"))
    visit.screenshot(artifacts / "journey_sceptic_end.png")
    found = visit.execute(
        "with snnlab.open(stiff, name='mended', dt=0.5, threads=1) as mended:\n"
        "    mended.run(300).wait(60)\n    print(mended.trouble, mended.spikes()[0].size > 0)"
    )
    assert found == "None True"
    assert visit.console == []
