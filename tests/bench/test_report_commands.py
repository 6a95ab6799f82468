"""``snnlab bench import``, ``export`` and ``report``, one after the other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from snnlab.bench.exporters.table_file import read_table
from snnlab.cli import main

BENNCH = Path(__file__).parent / "files/bennch.csv"


def test_import_export_and_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = ["--store", str(tmp_path / "store")]
    stated = ["machine_label=JUSUF", "simulator=nest"]
    words = ["bench", "import", str(BENNCH), "--state", *stated, *store]
    assert main(words) == 0
    assert "2 records read, 2 of them new" in capsys.readouterr().out
    assert main(words) == 0
    assert "2 records read, 0 of them new" in capsys.readouterr().out
    assert main(["bench", "export", str(tmp_path / "all.csv"), *store]) == 0
    table = read_table(tmp_path / "all.csv")
    assert set(table["machine_label"]) == {"JUSUF"}
    assert set(table["simulator"]) == {"nest"}
    assert main(["bench", "export", str(tmp_path / "all.json"), *store]) == 0
    assert len(json.loads((tmp_path / "all.json").read_text("utf-8"))) > 10
    assert main(["bench", "report", str(tmp_path / "site"), *store]) == 0
    assert (tmp_path / "site/index.html").is_file()
    assert "2 records on 4 pages" in capsys.readouterr().out


def test_nothing_to_import_has_its_own_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = ["--store", str(tmp_path / "store")]
    (tmp_path / "empty").mkdir()
    assert main(["bench", "import", str(tmp_path / "empty"), *store]) == 14
    assert main(["bench", "import", str(BENNCH), "--state", "JUSUF", *store]) == 2
    assert "must be NAME=TEXT" in capsys.readouterr().err
    assert main(["bench", "report", str(tmp_path / "site"), *store]) == 2
    assert "must be a store" in capsys.readouterr().err
