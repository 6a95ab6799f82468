"""What docs/data_sets.md shows is what happens."""

from __future__ import annotations

import re

import pytest

from snnlab.learning import datasets, encoders
from tests.architecture.source import ROOT

TEXT = (ROOT / "docs/data_sets.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_example_runs(block: str, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {}
    exec(compile(block, "docs/data_sets.md", "exec"), names)  # noqa: S102
    for shown in re.findall(r"print\(.*\)  # (.*)…", block):
        assert shown in capsys.readouterr().out
    assert len(names["training"]) + len(names["test"]) in (1797, 8)  # type: ignore[arg-type]


def test_every_loader_and_encoder_is_in_its_table() -> None:
    assert {f"`{name}`" for name in datasets.__all__} <= set(
        re.findall(r"^\| (`\w+`) \|", TEXT, re.M)
    )
    public = set(encoders.__all__) - {"Encoder"}
    assert {f"`{name}`" for name in public} <= set(re.findall(r"^\| (`\w+`) \|", TEXT, re.M))
