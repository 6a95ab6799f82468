"""An author edits a run with the widgets; its script, run alone, gives the same spikes.

The tests are the steps of one visit, in order, on one page.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from benchmarks.browser.lab_page import WAIT_MS, LabPage
from benchmarks.browser.visit import Server
from snnlab.record import dataset
from tests.browser.journey import visiting
from tests.browser.stop_watch import StopWatch

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OPEN = """\
import snnlab
from snnlab_widgets import Lab
session = snnlab.open("brunel", N=500, name="paper", threads=1)
session.speed = 2.0
Lab(session)"""

SLIDER = ".snnlab-row[data-name=g] input[type=range]"


@pytest.fixture(scope="module")
def watch(artifacts: Path) -> Iterator[StopWatch]:
    watch = StopWatch("author", artifacts)
    yield watch
    watch.stop()


@pytest.fixture(scope="module")
def visit(chromium: Any, journeys: Server, watch: StopWatch) -> Iterator[LabPage]:
    with visiting(chromium, journeys, "author", OPEN, watch=watch) as visit:
        yield visit


@pytest.fixture(scope="module")
def folder(journeys: Server) -> Path:
    """Where the kernel works."""
    return journeys[1] / "author"


def test_a_run_is_edited_with_slider_field_poke_drawing_and_undo(
    visit: LabPage, watch: StopWatch, artifacts: Path
) -> None:
    with watch.step("run, edited by the widgets"):
        visit.page.click(".snnlab-run")
        visit.wait_for("session.t > 200")
        visit.page.focus(SLIDER)
        for _ in range(10):
            visit.page.keyboard.press("ArrowLeft")
        visit.wait_for("session.network.knob('g').value < 5.5")
        entry = visit.page.locator(".snnlab-row[data-name=eta] input[type=text]")
        entry.fill("2.5")
        entry.press("Enter")
        visit.wait_for("session.network.knob('eta').value == 2.5")
        visit.page.click('.snnlab-network [data-name="exc"] .snnlab-body')
        visit.page.click(".snnlab-network [data-tool=poke]")
        visit.wait_for("any(s.name.startswith('poke') for s in session.network.stimuli)")
        n = int(visit.execute("print(len(session.edits))"))
        visit.page.locator(".snnlab-history").get_by_role("button", name="Undo").click()
        visit.wait_for(f"len(session.edits) > {n}")
        visit.wait_for("session.t > session.edits[-1].step * session.dt + 100")
        visit.page.click(".snnlab-pause")
        visit.wait_for("session.state.value == 'paused'")
    assert int(visit.execute("print(len(session.edits))")) >= 4
    visit.screenshot(artifacts / "journey_author_edited.png")


def test_the_script_alone_gives_the_spikes_of_the_run(
    visit: LabPage, watch: StopWatch, folder: Path
) -> None:
    visit.page.click(".snnlab-keep-script")
    note = visit.page.locator(".snnlab-history [role=status]")
    expect(note).to_contain_text("Wrote the Python script: paper.py", timeout=WAIT_MS)
    with watch.step("script run alone"):
        said = subprocess.run(
            [sys.executable, str(folder / "paper.py")], cwd=folder, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
    assert said.returncode == 0, said.stderr
    saved = visit.execute("import numpy as np\nnp.save('spikes.npy', np.array(session.spikes()))")
    assert saved == ""
    interactive = np.load(folder / "spikes.npy")
    alone = dataset.open(folder / "paper.nc")
    np.testing.assert_array_equal(interactive[0], alone.step.values)
    np.testing.assert_array_equal(interactive[1], alone.neuron.values)
    assert interactive.shape[1] > 1000
    # The switch: without its edits the same script gives other spikes.
    lines = (folder / "paper.py").read_text().splitlines()
    plain = [line for line in lines if "session.set(" not in line and ".undo()" not in line]
    assert len(plain) < len(lines)
    (folder / "plain.py").write_text("\n".join(plain))
    subprocess.run([sys.executable, str(folder / "plain.py")], cwd=folder, check=True, timeout=120)
    other = dataset.open(folder / "plain.nc")
    assert not np.array_equal(interactive[0], other.step.values)


def test_the_methods_section_tells_network_seed_and_edits(
    visit: LabPage, watch: StopWatch, folder: Path, artifacts: Path
) -> None:
    with watch.step("methods section written"):
        visit.page.click(".snnlab-keep-methods")
        note = visit.page.locator(".snnlab-history [role=status]")
        expect(note).to_contain_text("Wrote the methods section: paper.md", timeout=WAIT_MS)
    text = (folder / "paper.md").read_text()
    (artifacts / "journey_author_methods.md").write_text(text)
    for word in ("400", "100", "seed", "0.1 ms", "eta", "2.5"):
        assert word in text
    assert visit.console == []
