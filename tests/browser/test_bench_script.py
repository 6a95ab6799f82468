"""The benchmark panel, both halves on real runs: plan, run, look at a record, compare, repeat."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from snnlab.bench.spec import load_spec
from snnlab.bench.store import Store
from snnlab_widgets import BenchPanel
from tests.bench.commands import sleepy
from tests.browser.bare_page import BarePage

pytestmark = pytest.mark.browser

POINT = ".snnlab-bench-point"
TRAITS = ("plan", "lines", "line", "record", "comparison", "status")


def git(folder: Path, *words: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *words],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip


class Bench:
    """The panel in a page; what its script asks for, the Python half answers."""

    def __init__(self, chromium: Any, panel: BenchPanel) -> None:
        self.panel = panel
        self.bare = BarePage(chromium, panel, width=900)
        self.page = self.bare.page
        self.answered = 0

    def answer(self, *, wait: bool = False) -> None:
        messages = self.page.evaluate("() => window.sent")
        for message in messages[self.answered :]:
            self.panel._answer(self.panel, message, [])
        self.answered = len(messages)
        if wait:
            self.panel.wait(60)
        for trait in TRAITS:
            self.bare.set(trait, getattr(self.panel, trait))

    def text(self, part: str) -> str:
        return str(self.page.inner_text(f".snnlab-bench{part}"))


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("code")
    git(folder, "init", "-b", "main")
    sleepy(folder)
    git(folder, "add", "-A")
    git(folder, "commit", "-m", "one")
    return folder


@pytest.fixture(scope="module")
def bench(chromium: Any, code: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    spec = load_spec(code / "sleepy.yaml").override({"repeats": 2})
    store = Store(tmp_path_factory.mktemp("store"))
    panel = BenchPanel(spec, store, repository=code)
    yield (found := Bench(chromium, panel))
    found.bare.close()
    panel.close()


def test_plan_says_what_is_missing(bench: Bench) -> None:
    assert "run what is missing" in bench.text("")
    assert bench.page.inner_text(".snnlab-bench tbody tr").split()[-3:] == ["0", "2", "2"]
    assert bench.page.is_hidden(".snnlab-bench-again")


def test_a_run_fills_the_plan_and_the_history(bench: Bench) -> None:
    bench.page.click(".snnlab-bench-run")
    bench.answer(wait=True)
    assert bench.panel.status["error"] == ""
    assert bench.page.locator(POINT).count() == 1
    assert bench.page.inner_text(".snnlab-bench tbody tr").split()[2:5] == ["2", "2", "0"]
    assert bench.page.is_disabled(".snnlab-bench-run")
    assert "wall time of simulate [s]" in str(bench.page.text_content(".snnlab-bench svg"))


def test_a_new_version_is_another_point(bench: Bench, code: Path) -> None:
    source = (code / "program.py").read_text()
    (code / "program.py").write_text(source.replace("time.sleep(seconds)", "time.sleep(0.05)"))
    git(code, "commit", "-a", "-m", "slower")
    bench.panel.refresh()
    bench.answer()
    bench.page.click(".snnlab-bench-run")
    bench.answer(wait=True)
    assert bench.page.locator(POINT).count() == 2


def test_a_key_on_a_point_opens_its_record(bench: Bench) -> None:
    bench.page.focus(f"{POINT} >> nth=1")
    bench.page.keyboard.press("Enter")
    bench.answer()
    name = bench.page.get_attribute(f"{POINT} >> nth=1", "data-id")
    assert str(name) in bench.text("-record")
    assert "simulate" in bench.text("-record")
    assert "energy" in bench.text("-record").partition("Unavailable:")[2]
    assert bench.page.get_attribute(f"{POINT} >> nth=1", "aria-pressed") == "true"
    assert bench.page.get_attribute(f"{POINT} >> nth=0", "aria-pressed") == "false"


def test_comparison_shows_first_what_differs(bench: Bench, artifacts: Path) -> None:
    first = str(bench.page.get_attribute(f"{POINT} >> nth=0", "data-id"))
    bench.page.select_option("[aria-label='record to compare with']", first)
    bench.page.click(".snnlab-bench-compare")
    bench.answer()
    said = bench.text("-comparison")
    assert said.index("commit") < said.index("b / a =")
    assert "no regression shown" in said
    assert float(said.split("b / a = ")[1].split(".")[0]) >= 1
    bench.page.locator(".snnlab-bench").screenshot(path=str(artifacts / "bench_panel.png"))


def test_a_record_is_made_again(bench: Bench) -> None:
    bench.page.click(f"{POINT} >> nth=0")
    bench.answer()
    bench.page.click(".snnlab-bench-again")
    bench.answer(wait=True)
    assert bench.panel.status["error"] == ""
    assert bench.page.locator(POINT).count() == 3
    assert "This is called: repetition" in bench.text("-comparison")
    commits = [p["version"] for p in bench.panel.line["points"]]
    assert commits[0] == commits[1] != commits[2]


def test_errors_are_told_and_are_no_markup(bench: Bench) -> None:
    bench.page.evaluate("() => window.sent.push({ do: 'open', name: '<b>x</b>' })")
    bench.answer()
    assert "got <b>x</b>" in bench.page.inner_text("[role=alert]")
    assert bench.page.query_selector("[role=alert] b") is None
    bench.panel.status = {**bench.panel.status, "error": ""}
    bench.answer()
    assert bench.page.is_hidden("[role=alert]")


def test_every_control_has_a_name(bench: Bench) -> None:
    nameless = bench.page.eval_on_selector_all(
        ".snnlab-bench :is(button, input, select, progress, circle, svg)",
        "nodes => nodes.filter(n => !n.textContent.trim() && !n.getAttribute('aria-label')).length",
    )
    assert nameless == 0
