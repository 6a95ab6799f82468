"""The example of the documentation runs, and nothing is left out of it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from snnlab.bench.commands import SUBCOMMANDS
from snnlab.bench.keys import KEYS

PAGE = Path(__file__).parents[2] / "docs" / "benchmarking.md"


def test_example_runs_and_shows_what_follows() -> None:
    (source,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "real_time_factor" in done.stdout
    assert "0.40" in done.stdout


def test_every_key_and_subcommand_is_documented() -> None:
    text = "".join(path.read_text() for path in sorted(PAGE.parent.glob("benchmark*.md")))
    assert [key for key in KEYS if f"`{key}`" not in text] == []
    assert [name for name in SUBCOMMANDS if f"snnlab bench {name}" not in text] == []


def test_what_shows_a_property_is_there() -> None:
    text = PAGE.read_text(encoding="utf-8")
    tests = re.findall(r"`(test_\w+\.py)::(test_\w+)`", text)
    assert len(tests) >= 20
    here = Path(__file__).parent
    gone = [name for file, name in tests if f"def {name}(" not in (here / file).read_text()]
    assert gone == []
    scripts = re.findall(r"`python -m benchmarks\.(\w+)", text)
    assert len(scripts) == 3
    assert all((here.parents[1] / f"benchmarks/{name}.py").is_file() for name in scripts)
