"""What docs/learning.md shows can be run as it stands."""

from __future__ import annotations

import linecache
import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "learning.md"


def test_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules are read from their source, so the page becomes a file, beside what it saves."""
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    source = "\n".join(blocks)
    path = tmp_path / "page.py"
    path.write_text(source, "utf-8")
    linecache.checkcache(str(path))
    names: dict[str, Any] = {"__name__": "page"}
    exec(compile(source, str(path), "exec"), names)  # noqa: S102
    assert names["accuracy"] > 0.8
    assert names["update"].n_rewired.keys() == {"input", "recurrent"}
    assert names["gradient"].input.shape == names["learner"].weights.input.weight.shape
    assert names["gradient"].input.any()
