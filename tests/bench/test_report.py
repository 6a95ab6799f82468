"""Pages of a store need nothing but themselves, escape all names, and say what is not known."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnlab.bench.importers.files import import_results
from snnlab.bench.record import make_record, write_record
from snnlab.bench.report.chart import ticks
from snnlab.bench.report.content import safe_name
from snnlab.bench.report.frame import COLOURS
from snnlab.bench.report.markup import Markup, element, text
from snnlab.bench.report.site import write_site
from snnlab.bench.store import Store
from snnlab.errors import FormatError, StorageError
from tests.bench.records import record

FILES = Path(__file__).parent / "files"
HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)>&amp;'\u202e"


class Page(HTMLParser):
    """Everything on a page: elements with attributes, and the text between them."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.in_style = False
        self.path = path
        self.feed(path.read_text(encoding="utf-8"))

    def handle_endtag(self, tag: str) -> None:
        self.in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.in_style = tag == "style"

    def handle_data(self, data: str) -> None:
        if not self.in_style:
            self.words.append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self) -> str:
        return " ".join(self.words)


def pages(root: Path) -> list[Page]:
    return [Page(path) for path in sorted(root.rglob("*.html"))]


def nightly(store: Store, n: int, simulate: Any, **coordinates: Any) -> None:
    """Add a record per day to one line."""
    for day in range(n):
        own = {
            "recorded_at": f"2026-{1 + day // 28:02d}-{1 + day % 28:02d}T00:00:00+00:00",
            "commit": f"{day:040x}", "commit_order": day, "dirty": 0, "spec_id": "ab",
            "machine_class_id": "cd", "series_id": "ab12", "benchmark": "brunel",
        }  # fmt: skip
        store.add(record(coordinates=own | coordinates, simulate=simulate(day)))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A line with a loss, one of results of other tools, one of hostile names."""
    store = Store(tmp_path_factory.mktemp("store"))
    nightly(store, 24, lambda day: 2.0 + 0.01 * (day % 3) + 0.3 * (day > 11))
    for one in import_results(FILES, stated={"campaign": "imported"}):
        store.add(one)
    hostile = record(
        phases=("simulate", f"simulate/{HOSTILE}"),
        coordinates={
            "series_id": "../../" + HOSTILE, "benchmark": HOSTILE, "commit": HOSTILE,
            "machine_label": HOSTILE, "p_own": HOSTILE, "dirty": 1.0,
        },
    )  # fmt: skip
    hostile_path = store.root / "records/..x/hostile" / f"{hostile.record_id}.nc"
    hostile_path.parent.mkdir(parents=True)
    write_record(hostile, hostile_path)
    store.annotate(hostile.record_id, "exclude", HOSTILE, who=HOSTILE)
    out = tmp_path_factory.mktemp("site")
    written = write_site(store.root, out)
    assert written.n_pages == len(pages(out))
    assert written.n_records == len(list((out / "records").iterdir())) == 43
    return out


def test_nothing_is_fetched_and_nothing_runs(site: Path) -> None:
    for page in pages(site):
        source = page.path.read_text(encoding="utf-8")
        assert {tag for tag, _ in page.elements} & {
            "script",
            "iframe",
            "img",
            "object",
            "link",
        } == set()
        for tag, attributes in page.elements:
            assert not [name for name in attributes if name.startswith("on") or name == "src"]
            target = attributes.get("href") or ""
            assert tag != "a" or re.fullmatch(
                r"#content|(\.\./)?[a-z]+/[0-9a-z-]+\.html|(\.\./)?index\.html", target
            )
        (policy,) = (m for m in page.of("meta") if m.get("http-equiv"))
        assert "default-src 'none'" in str(policy["content"])
        assert "url(" not in source
        assert "@import" not in source


def test_every_link_leads_to_a_page(site: Path) -> None:
    for page in pages(site):
        for attributes in page.of("a"):
            target = str(attributes["href"])
            assert target.startswith("#") or (page.path.parent / target).resolve().is_file()


def test_hostile_names_are_text(site: Path) -> None:
    own = [page for page in pages(site) if "alert(1)" in page.text]
    assert len(own) == 3  # index, line, record
    for page in own:
        assert "<script" not in page.path.read_text(encoding="utf-8")
        assert HOSTILE.partition("\u202e")[0] in page.text
    assert not list(site.parent.glob("*.html"))


def test_pages_can_be_read_without_eyes(site: Path) -> None:
    for page in pages(site):
        assert page.of("html")[0]["lang"] == "en"
        assert len(page.of("h1")) == len(page.of("main")) == len(page.of("title")) >= 1 or page.of(
            "svg"
        )
        assert len(page.of("h1")) == 1
        assert len(page.of("caption")) == len(page.of("table"))
        assert all(head["scope"] in {"col", "row"} for head in page.of("th"))
        assert all(chart["aria-label"] for chart in page.of("svg"))


@pytest.mark.parametrize("name", ["ink", "quiet", "link", "worse", "better"])
def test_text_has_contrast(name: str) -> None:
    for ground in ("paper", "band"):
        assert contrast(COLOURS[name], COLOURS[ground]) >= 4.5


def contrast(a: str, b: str) -> float:
    """WCAG 2.2, relative luminance."""

    def luminance(colour: str) -> float:
        parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))

    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def line_pages(site: Path) -> dict[str, Page]:
    found = [Page(path) for path in (site / "lines").iterdir()]
    return {page.text.split("All benchmarks")[1].split()[0]: page for page in found}


def test_a_loss_is_shown_and_not_called_a_regression(site: Path) -> None:
    page = line_pages(site)["brunel,"]
    (chart, *_) = page.of("svg")
    assert "worse at 000000000" in str(chart["aria-label"])
    assert "no regression yet" in page.text
    assert "1 worse" in Page(site / "index.html").text
    assert len(page.of("circle")) == 24


def test_published_outlier_and_residual_are_on_the_pages(site: Path) -> None:
    page = line_pages(site)["beNNch,"]
    assert "unexplained share" in page.text
    shares = re.findall(r"(\d+\.\d) %", page.text)
    assert max(map(float, shares)) == pytest.approx(22.5, abs=0.6)
    records = [p for p in pages(site / "records") if "beNNch" in p.text]
    assert sum("repeat 2: 4.477" in p.text for p in records) == 1


def test_what_is_missing_is_said(site: Path) -> None:
    page = next(p for p in pages(site / "records") if "beNNch" in p.text)
    assert "unavailable: energy" in page.text
    assert "machine_class_id not recorded" in " ".join(page.text.split())
    assert "How the repeats ended was not recorded" in page.text or "was not recorded" in page.text
    assert "sha256" in page.text  # of the file that was imported


def test_dirty_and_excluded_records_are_listed_but_not_in_the_history(site: Path) -> None:
    (page,) = (p for p in line_pages(site).values() if "alert(1)" in p.text)
    assert "dirty tree, excluded" in page.text
    assert "no data" in page.text


def test_noisy_batches_are_marked_and_raise_no_alarm(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    for day, seconds in enumerate((2.0, 2.0, 9.0)):
        nightly_one = {"commit": f"{day:040x}", "commit_order": day, "dirty": 0}
        store.add(record(simulate=seconds, coordinates=nightly_one,
                         status=["ok", "noisy" if seconds > 2 else "ok", "ok"]))  # fmt: skip
    write_site(store.root, tmp_path / "site")
    (page,) = pages(tmp_path / "site/lines")
    assert page.text.count("noisy batch (\u00d7)") == 1
    assert len(page.of("circle")) == 2


def test_losses_of_all_lines_of_a_machine_are_the_machine_s(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    for series in ("aa", "bb"):
        nightly(store, 24, lambda day: 2.0 + 0.01 * (day % 3) + 0.3 * (day > 11),
                series_id=series, spec_id=series)  # fmt: skip
    index = Page(write_site(store.root, tmp_path / "site").index)
    assert "2 machine changed" in index.text
    assert "worse" not in index.text


def test_empty_store_and_no_store(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    with pytest.raises(FormatError, match="must be a store"):
        write_site(store.root, tmp_path / "site")
    (store.root / "records").mkdir(parents=True)
    assert "0 records" in Page(write_site(store.root, tmp_path / "site").index).text
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="pages of a report"):
        write_site(store.root, tmp_path / "file")


def test_record_without_numbers_has_a_page(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    store.add(make_record({"status": ["failed"]}, {"series_id": "ab"}))
    write_site(store.root, tmp_path / "site")
    (page,) = pages(tmp_path / "site/records")
    assert "1 failed" in page.text
    assert "unavailable: wall-clock time, memory, energy" in page.text


def test_markup_escapes_all_that_is_not_markup() -> None:
    assert element("p", "<b>", element("i", "&")) == "<p>&lt;b&gt;<i>&amp;</i></p>"
    assert element("a", "x", href='"onclick="') == '<a href="&quot;onclick=&quot;">x</a>'
    assert isinstance(text(Markup("<b>")), Markup)
    assert safe_name("../x") != "../x"
    assert safe_name("0192-ab") == "0192-ab"


def test_ticks_are_round_and_inside() -> None:
    assert ticks(0.0, 1.0) == pytest.approx([0.0, 0.2, 0.4, 0.6, 0.8, 1.0])
    assert ticks(6.93, 7.05) == pytest.approx([6.95, 7.0, 7.05])
    assert ticks(3.0, 3.0) == [3.0]
