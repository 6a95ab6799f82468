"""A student draws a network, runs it, pokes it, branches it and takes it along; a stop-watch runs.

The tests are the steps of one visit, in order, on one page. Nothing is typed but names and numbers.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from benchmarks.browser.lab_page import WAIT_MS, LabPage
from benchmarks.browser.lab_server import lab_server
from benchmarks.browser.visit import notebook
from snnlab.plots.palette import colours
from tests.browser.contrast import WEAK_TEXTS

CELL = """\
import snnlab
from snnlab_widgets import Lab
session = snnlab.open(snnlab.Network(name="drawing"), threads=1)
Lab(session)
"""

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NETWORK = ".snnlab-network"

_UNNAMED = """() => {
  const nodes = document.querySelectorAll(
    '.snnlab :is(button, input, select, [tabindex], [role=img])');
  const isNamed = node => node.getAttribute('aria-label') || node.labels?.length
    || node.textContent.trim() || node.title;
  return [...nodes].filter(n => !n.closest('[hidden]') && !isNamed(n))
    .map(n => n.outerHTML.slice(0, 120));
}"""


@pytest.fixture(scope="module")
def report(artifacts: Path) -> Iterator[dict[str, Any]]:
    """What was measured; printed and kept, never judged."""
    measured: dict[str, Any] = {}
    yield measured
    text = json.dumps(measured, indent=2)
    (artifacts / "workbench.json").write_text(text)
    print(text)


@pytest.fixture(scope="module")
def visit(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabPage]:
    """An empty page of a session in JupyterLab."""
    root = tmp_path_factory.mktemp("notebooks")
    (root / "drawing.ipynb").write_text(notebook(CELL))
    with lab_server(root, tmp_path_factory.mktemp("home")) as server:
        visit = LabPage(chromium, server)
        visit.page.set_viewport_size({"width": 1600, "height": 1100})
        visit.open("drawing.ipynb")
        visit.run_all()
        visit.wait_until_run()
        visit.page.wait_for_selector(f"{NETWORK} svg", timeout=WAIT_MS)
        visit.scroll_to(".snnlab-lab")
        yield visit


def tool(visit: LabPage, name: str) -> None:
    visit.page.click(f"{NETWORK} [data-tool={name}]")


def fill(visit: LabPage, **fields: str) -> None:
    """Fill in the open form, by its labels."""
    form = visit.page.locator(f"{NETWORK} form")
    for label, value in fields.items():
        control = form.get_by_label(label.replace("_", " "), exact=True)
        if control.evaluate("node => node.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)


def add(visit: LabPage) -> None:
    visit.page.click(f"{NETWORK} .snnlab-add")


def middle(visit: LabPage, name: str, part: str = "") -> tuple[float, float]:
    box = visit.resting_box(f'{NETWORK} [data-name="{name}"] {part or ".snnlab-body"}')
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_five_parts_are_drawn_from_an_empty_page(
    visit: LabPage, artifacts: Path, report: dict[str, Any]
) -> None:
    expect(visit.page.locator(".snnlab-weights")).to_be_hidden()  # there are no projections
    assert visit.errors() == []
    started = time.monotonic()
    tool(visit, "population")
    box = visit.resting_box(f"{NETWORK} svg")
    visit.page.mouse.click(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.55)
    visit.wait_for("[p.name for p in session.network.populations] == ['exc']")
    expect(visit.page.get_by_label("name", exact=True)).to_have_value("inh")
    visit.page.mouse.click(box["x"] + box["width"] * 0.72, box["y"] + box["height"] * 0.55)
    visit.wait_for("len(session.network.populations) == 2")
    tool(visit, "stimulus")
    add(visit)
    visit.wait_for("len(session.network.stimuli) == 1")
    # A projection is pulled from the ring of one population to the other.
    visit.page.hover(f'{NETWORK} [data-name="exc"] .snnlab-body')
    x, y = middle(visit, "exc", ".snnlab-handle")
    visit.page.mouse.move(x, y)
    visit.page.mouse.down()
    visit.page.mouse.move(*middle(visit, "inh"), steps=8)
    visit.page.mouse.up()
    visit.wait_for("[p.name for p in session.network.projections] == ['exc->inh']")
    tool(visit, "projection")
    fill(visit, **{"from": "inh", "to": "exc"})
    add(visit)
    visit.wait_for("len(session.network.projections) == 2")
    report["five parts drawn (s)"] = time.monotonic() - started
    assert visit.execute("print(len(session.edits))") == "5"
    assert (
        visit.execute("print(session.network.receptor_of(session.network.projections[1]))") == "inh"
    )
    assert "Adds" in visit.page.inner_text(f"{NETWORK} .snnlab-preview")
    visit.screenshot(artifacts / "workbench_drawn.png")


def test_it_runs_and_a_poke_is_seen(
    visit: LabPage, artifacts: Path, report: dict[str, Any]
) -> None:
    tool(visit, "projection")  # the form goes away
    visit.page.click(".snnlab-run")
    visit.wait_for("session.t > 300 and session.spikes()[0].size > 100")
    visit.page.click(f'{NETWORK} [data-name="exc"] .snnlab-body')
    expect(visit.page.locator(".snnlab-inspector select")).to_have_value("exc")
    started = time.monotonic()
    tool(visit, "poke")
    visit.wait_for("any(s.name.startswith('poke') for s in session.network.stimuli)")
    report["poke to edit (s)"] = time.monotonic() - started
    visit.wait_for("session.t > session.edits[-1].step * session.dt + 200")
    visit.page.click(".snnlab-pause")
    visit.wait_for("session.state.value == 'paused'")
    found = visit.execute(
        "import numpy as np; s, n = session.spikes(); k = session.edits[-1].step\n"
        "print(np.unique(n[(s >= k) & (s < k + 50) & (n < 80)]).size)"
    )
    assert int(found) == 80
    assert int(visit.execute("print((session.spikes()[1] >= 80).sum())")) > 10
    visit.screenshot(artifacts / "workbench_running.png")


def test_drawing_follows_code(visit: LabPage) -> None:
    visit.execute("session.apply(snnlab.AddPopulation(snnlab.Population('code', 5, 'LIFExp')))")
    node = visit.page.locator(f'{NETWORK} [data-name="code"]')
    node.wait_for(timeout=WAIT_MS)
    node.focus()
    visit.page.keyboard.press("Delete")
    node.wait_for(state="detached", timeout=WAIT_MS)
    visit.wait_for("len(session.network.populations) == 2")


def test_undo_in_the_history(visit: LabPage) -> None:
    history = visit.page.locator(".snnlab-history")
    before = int(visit.execute("print(len(session.edits))"))
    expect(history.locator("ol li").first).to_contain_text("remove code")
    history.get_by_role("button", name="Undo").click()
    visit.wait_for(f"len(session.edits) == {before + 1}")
    visit.page.locator(f'{NETWORK} [data-name="code"]').wait_for(timeout=WAIT_MS)
    expect(history.locator("ol li").first).to_contain_text("undo")


def test_branch_is_changed_and_laid_over(
    visit: LabPage, artifacts: Path, report: dict[str, Any]
) -> None:
    history = visit.page.locator(".snnlab-history")
    history.get_by_label("name of the branch").fill("stronger")
    started = time.monotonic()
    history.get_by_role("button", name="Branch from here").click()
    row = history.locator("[data-branch=stronger]")
    row.wait_for(timeout=WAIT_MS)
    report["branch (s)"] = time.monotonic() - started
    row.get_by_label("change stronger").fill("drive of exc.rate = 16000")
    row.get_by_label("change stronger").press("Enter")
    visit.wait_for("session.branches[0].network.stimulus('drive of exc').rate == 16000")
    visit.execute("session.run(200).wait(60)")
    row.locator(".snnlab-catch-up").click()
    visit.wait_for("abs(session.branches[0].t - session.t) < 1e-9")
    expect(history.locator(".snnlab-curve-key")).to_contain_text("first different spike")
    visit.page.wait_for_timeout(700)
    visit.screenshot(artifacts / "workbench_branch.png")


def test_run_is_taken_along(visit: LabPage, report: dict[str, Any]) -> None:
    visit.page.click(".snnlab-keep-share")
    visit.page.get_by_text("Wrote the session file: drawing.json").wait_for(timeout=WAIT_MS)
    text = visit.execute(
        "import pathlib\n"
        "with snnlab.open(pathlib.Path('drawing.json'), name='again', threads=1) as again:\n"
        "    again.wait(60)\n"
        "    print(again.network == session.network, again.t == session.t,\n"
        "          all((a == b).all() for a, b in zip(again.spikes(), session.spikes())))"
    )
    assert text.split() == ["True"] * 3
    report["session file (bytes)"] = int(
        visit.execute("print(pathlib.Path('drawing.json').stat().st_size)")
    )


def test_what_is_refused_is_said_in_place(visit: LabPage) -> None:
    tool(visit, "population")
    fill(visit, name="exc", neurons="-3")
    add(visit)
    error = visit.page.locator(f"{NETWORK} .snnlab-error")
    expect(error).to_contain_text("must be a whole number >= 1")
    tool(visit, "population")


def test_a_breakpoint_stops_the_run(visit: LabPage, artifacts: Path) -> None:
    form = visit.page.locator(".snnlab-breakpoints form")
    form.locator("select").first.select_option("rate of exc")
    form.locator("input[type=number]").fill("0.5")
    form.locator("button").click()
    item = visit.page.locator(".snnlab-breakpoints li")
    expect(item).to_contain_text("rate of exc above 0.5 Hz")
    visit.page.click(".snnlab-run")
    expect(visit.page.locator(".snnlab-hit")).to_contain_text(
        "Stopped: the rate of 'exc' is", timeout=WAIT_MS
    )
    expect(item).to_have_attribute("data-hit", "true")
    assert (
        visit.execute("print(session.state.value, session.hit.step == session.step)")
        == "paused True"
    )
    visit.page.locator(".snnlab-breakpoints").screenshot(path=str(artifacts / "breakpoints.png"))
    item.locator("button").click()
    expect(item).to_have_count(0)


def test_weights_are_seen(visit: LabPage, artifacts: Path) -> None:
    part = visit.page.locator(".snnlab-weights")
    part.scroll_into_view_if_needed()
    name = visit.execute("print(session.network.projections[0].name)")
    part.locator("select").select_option(name)
    n = int(visit.execute(f"print(session.synapses({name!r}).sizes['synapse'])"))
    expect(part.locator("figcaption")).to_contain_text(f"{n} synapses, t = ")
    expect(part.locator("canvas")).to_have_count(2)
    part.screenshot(path=str(artifacts / "weights.png"))


def test_everything_has_a_name_for_screen_readers_and_takes_the_keyboard(visit: LabPage) -> None:
    unnamed = visit.page.evaluate(_UNNAMED)
    assert unnamed == []
    visit.page.focus(f'{NETWORK} [data-name="inh"]')
    visit.page.keyboard.press("Enter")
    expect(visit.page.locator(".snnlab-inspector select")).to_have_value("inh")
    x = float(visit.execute("print(session.view['positions']['inh'][0])"))
    visit.page.keyboard.press("ArrowLeft")
    visit.wait_for(f"session.view['positions']['inh'][0] < {x}")
    focused = "document.activeElement.dataset.name"
    assert visit.page.evaluate(focused) == "inh"


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_texts_can_be_read_in_either_theme(visit: LabPage, theme: str, artifacts: Path) -> None:
    visit.page.evaluate(
        "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", theme
    )
    is_light = str(theme.endswith("Light")).lower()
    visit.page.wait_for_function(
        "light => document.body.dataset.jpThemeLight === light", arg=is_light
    )
    visit.page.wait_for_timeout(500)  # style sheets are exchanged
    weak = visit.page.evaluate(WEAK_TEXTS, ".snnlab-lab")
    assert weak == [], "\n".join(weak)
    key = "document.querySelector('.snnlab-raster .snnlab-key i')"
    shown = f"getComputedStyle({key}).backgroundColor"
    red, green, blue = (int(v) for v in re.findall("[0-9]+", visit.page.evaluate(shown)))
    assert f"#{red:02X}{green:02X}{blue:02X}" == colours(1, dark=is_light == "false")[0]
    visit.screenshot(artifacts / f"workbench_{theme.split()[1].lower()}.png")


def test_console_is_clean(visit: LabPage, artifacts: Path) -> None:
    visit.screenshot(artifacts / "workbench_end.png")
    assert visit.console == []
    logged = visit.execute("print([m.text for m in session.messages if m.level == 'error'])")
    assert "must be a whole number" in logged or logged == "[]"
