"""A run that goes wrong in a notebook: the page says whose trouble it is, and the run can go on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.browser.lab_page import WAIT_MS, LabPage
from benchmarks.browser.lab_server import lab_server

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CODE = """import snnlab
from snnlab_widgets import Lab

name = "<b>loud</b>"
network = snnlab.Network([
    snnlab.Population("quiet", 40, "LIFExp", {"I_e": 400.0}),
    snnlab.Population(name, 40, "Izhikevich", {"V_th": 1e6, "I_e": 200.0}),
])
session = snnlab.open(network, name="trouble")
session.speed = 1.0
Lab(session)"""

NOTEBOOK = {
    "cells": [
        {"cell_type": "code", "metadata": {}, "source": CODE, "outputs": [],
         "execution_count": None, "id": "one"},
    ],
    "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python",
                                "name": "python3"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}  # fmt: skip

MESSAGE = ".snnlab-messages li[data-trouble][data-level=error]"


@pytest.fixture(scope="module")
def visit(
    chromium: Any, tmp_path_factory: pytest.TempPathFactory, artifacts: Path
) -> Iterator[LabPage]:
    """The notebook after its run has been paused by trouble."""
    root = tmp_path_factory.mktemp("notebooks")
    (root / "trouble.ipynb").write_text(json.dumps(NOTEBOOK))
    with lab_server(root, tmp_path_factory.mktemp("home")) as server:
        visit = LabPage(chromium, server)
        visit.open("trouble.ipynb")
        visit.run_cell(0)
        visit.page.click(".snnlab-run", timeout=WAIT_MS)
        visit.page.wait_for_selector(MESSAGE, timeout=WAIT_MS)
        visit.page.wait_for_selector(".snnlab-statistics .snnlab-trouble", timeout=WAIT_MS)
        visit.scroll_to(".snnlab-statistics")
        visit.screenshot(artifacts / "trouble.png")
        yield visit


def test_the_message_names_place_value_time_and_remedy_as_text(visit: LabPage) -> None:
    said = visit.page.inner_text(MESSAGE)
    assert "Population '<b>loud</b>', neuron 0: V_m" in said
    for words in ("must be >= -1000 mV and <= 1000 mV", "Between t = ", "Make dt (now 0.1 ms)"):
        assert words in said
    assert visit.page.query_selector(f"{MESSAGE} span b") is None


def test_each_field_of_the_message_is_on_a_line_of_its_own(visit: LabPage) -> None:
    heights = visit.page.eval_on_selector_all(
        f"{MESSAGE} dt", "nodes => nodes.map(node => node.getBoundingClientRect().height)"
    )
    assert len(heights) == 4
    assert max(heights) < 40
    overhang = visit.page.eval_on_selector_all(
        f"{MESSAGE} dd",
        "nodes => nodes.map(node => node.getBoundingClientRect().right "
        "- node.closest('li').getBoundingClientRect().right)",
    )
    assert max(overhang) <= 0


def test_the_population_is_marked(visit: LabPage) -> None:
    rows = visit.page.query_selector_all(".snnlab-statistics tbody tr")
    marked = [row.inner_text() for row in rows if row.query_selector(".snnlab-trouble")]
    assert len(rows) == 2
    assert len(marked) == 1
    assert "out of bounds" in marked[0]


def test_the_session_is_paused_at_a_good_moment_and_goes_on_once_mended(visit: LabPage) -> None:
    assert visit.execute("print(session.state.value, session.step <= session.trouble.t_start)") == (
        "paused True"
    )
    visit.execute("session.set(name, 'V_th', 30.0).result(20)")
    visit.page.click(".snnlab-run")
    visit.wait_for("session.t > 200")
    visit.wait_for("session.trouble is None")
    visit.page.wait_for_selector(
        ".snnlab-statistics .snnlab-trouble", state="detached", timeout=WAIT_MS
    )
    assert visit.console == []
