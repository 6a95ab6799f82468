"""The script of the cluster panel alone: what it shows of ranks, and what keys ask for."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import snnlab
from snnlab_widgets import ClusterPanel
from snnlab_widgets.rank_rows import balance, rank_rows
from tests.activity import two_populations
from tests.browser.bare_page import BarePage
from tests.browser.contrast import WEAK_TEXTS
from tests.ranks import load, status

pytestmark = pytest.mark.browser

ROW = ".snnlab-ranks tbody tr"

THEMES = Path(sys.prefix) / "share/jupyter/lab/themes/@jupyterlab"


@pytest.fixture
def panel() -> Iterator[ClusterPanel]:
    """Of a session that one process computes."""
    with snnlab.open(two_populations(), threads=1, name="panel") as session:
        panel = ClusterPanel(session)
        yield panel
        panel.close()


@pytest.fixture
def page(chromium: Any, panel: ClusterPanel) -> Iterator[BarePage]:
    """The panel in a page of its own."""
    page = BarePage(chromium, panel, width=1100)
    yield page
    page.close()


def show(page: BarePage, panel: ClusterPanel, *, has_died: bool = False, **told: Any) -> None:
    """Show two ranks, of which the first has twice as much to do."""
    end = "killed by SIGKILL" if has_died else ""
    other = "because of rank 1" if has_died else ""
    ranks = [status(0, load(0.29, 0.05), end=other),
             status(1, load(0.09, 0.25), end=end, has_died=has_died)]  # fmt: skip
    page.set("rows", rank_rows(ranks, "failed" if has_died else "running"))
    spread = {"n": 2, "balance": balance(ranks), "can_stop": True, "can_restart": True}
    page.set("status", {**panel.status, **spread, **told})


def test_one_process_is_told_how_to_be_spread(page: BarePage) -> None:
    assert "press Start" in page.page.inner_text(".snnlab-none")
    assert page.page.is_hidden(".snnlab-ranks table")
    assert page.page.is_disabled(".snnlab-ranks-stop")
    page.page.fill("[aria-label='number of ranks']", "3")
    page.page.press("[aria-label='number of ranks']", "Enter")
    assert page.sent("start") == [{"do": "start", "n": 3, "device": "cpu"}]


def test_ranks_with_gpus_can_be_chosen_where_there_are_any(
    page: BarePage, panel: ClusterPanel
) -> None:
    select = "[aria-label='device of each rank']"
    page.set("status", {**panel.status, "no_gpu": "NVIDIA driver: no driver. Install it."})
    assert page.page.is_disabled(f"{select} option[value=cuda]")
    assert "no driver" in (page.page.get_attribute(select, "title") or "")
    page.set("status", {**panel.status, "no_gpu": ""})
    assert page.page.is_enabled(f"{select} option[value=cuda]")
    page.page.select_option(select, "cuda")
    page.page.click(".snnlab-ranks-start")
    assert page.sent("start") == [{"do": "start", "n": 2, "device": "cuda"}]


def test_every_rank_has_a_line_with_parts_of_its_time(page: BarePage, panel: ClusterPanel) -> None:
    show(page, panel)
    assert page.page.locator(ROW).count() == 2
    first = page.page.inner_text(f"{ROW}[data-rank='0']")
    for words in ("running", "node7, 4000", "cpu, 2 threads", "200 MiB", "80"):
        assert words in first
    widths = page.page.eval_on_selector_all(
        f"{ROW}[data-rank='1'] .snnlab-times i",
        "nodes => nodes.map(n => n.getBoundingClientRect().width / n.parentElement.clientWidth)",
    )
    assert widths == pytest.approx([0.18, 0.2, 0.02, 0.1, 0.4], abs=0.01)
    label = page.page.get_attribute(f"{ROW}[data-rank='1'] .snnlab-times", "aria-label")
    assert "waiting 40 %" in (label or "")


def test_work_is_divided_in_one_bar(page: BarePage, panel: ClusterPanel) -> None:
    show(page, panel)
    assert page.page.get_attribute(".snnlab-work", "aria-label") == "rank 0: 67 %, rank 1: 33 %"
    assert "1.33 times the mean" in page.page.inner_text(".snnlab-balance")


def test_a_death_is_an_alert_with_a_button_that_keys_reach(
    page: BarePage, panel: ClusterPanel
) -> None:
    error = {"title": "rank 1: killed by SIGKILL", "text": "", "restart": "Nothing is lost."}
    show(page, panel, has_died=True, state="failed", error=error)
    assert "killed by SIGKILL" in page.page.inner_text("[role=alert]")
    assert "died" in page.page.inner_text(f"{ROW}[data-rank='1']")
    assert page.page.is_hidden(".snnlab-ranks-restart")
    page.page.focus(".snnlab-ranks-mend")
    page.page.keyboard.press("Enter")
    assert page.sent("restart") == [{"do": "restart"}]
    show(page, panel)
    assert page.page.is_hidden("[role=alert]")


def test_nothing_can_be_pressed_while_ranks_start(page: BarePage, panel: ClusterPanel) -> None:
    show(page, panel, doing="starting 2 ranks", can_start=False, can_stop=False, can_restart=False)
    assert "starting 2 ranks" in page.page.inner_text(".snnlab-doing")
    assert page.page.is_disabled(".snnlab-ranks-start")
    page.page.press("[aria-label='number of ranks']", "Enter")
    assert page.sent("start") == []


def test_a_message_cannot_become_markup(page: BarePage, panel: ClusterPanel) -> None:
    show(page, panel, error={"title": "<b>bold</b>", "text": "<i>x</i>", "restart": ""})
    assert page.page.inner_text("[role=alert] strong") == "<b>bold</b>"
    assert page.page.query_selector("[role=alert] b") is None


def test_every_control_has_a_name(chromium: Any, panel: ClusterPanel) -> None:
    for dark in (False, True):
        page = BarePage(chromium, panel, width=1100, dark=dark)
        show(page, panel)
        nameless = page.page.eval_on_selector_all(
            ".snnlab-ranks :is(button, input, option)",
            "nodes => nodes.filter(n => !n.textContent && !n.getAttribute('aria-label')).length",
        )
        assert nameless == 0
        page.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everything_is_legible_in_the_colours_of_jupyterlab(
    chromium: Any, panel: ClusterPanel, theme: str, artifacts: Path
) -> None:
    page = BarePage(chromium, panel, width=1100, dark=theme == "dark")
    page.page.add_style_tag(path=str(THEMES / f"theme-{theme}-extension" / "index.css"))
    death = {"title": "rank 1: killed by SIGKILL", "text": "", "restart": "Nothing is lost."}
    refusal = {"title": "ranks: -1", "text": "Write a number from 1 to 1024.", "restart": ""}
    states: dict[str, dict[str, Any]] = {
        "running": {},
        "death": {"has_died": True, "state": "failed", "error": death},
        "refusal": {"error": refusal},
        "doing": {"doing": "starting 2 ranks", "can_start": False},
    }
    weak = page.page.evaluate(WEAK_TEXTS, ".snnlab-ranks")  # nobody has spread the session
    for name, told in states.items():
        show(page, panel, **{"window": "exchange: collective", **told})
        weak += page.page.evaluate(WEAK_TEXTS, ".snnlab-ranks")
        page.page.locator(".snnlab-ranks").screenshot(
            path=str(artifacts / f"cluster_{name}_{theme}.png")
        )
    page.close()
    assert weak == []


def test_a_narrow_page_scrolls_the_table_and_not_the_page(
    chromium: Any, panel: ClusterPanel
) -> None:
    page = BarePage(chromium, panel, width=480)
    show(page, panel)
    assert page.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    page.close()
