"""What the first cell of a notebook waits for before it can open a network."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("holoviews", "bokeh", "panel", "pandas", "xarray", "scipy.signal", "ipyparallel")
"""Each takes half a second or more, and nothing on the page needs it before the first spikes."""

PROGRAM = """
import sys
import snnlab
from snnlab_widgets import Lab, Live
session = snnlab.open("brunel", N=100, threads=1)
page = Lab(session)
session.run(20).wait(60)
assert session.spikes()[0].size > 0
print(*(name for name in sys.argv[1:] if name in sys.modules))
{more}
print(*(name for name in sys.argv[1:] if name in sys.modules))
"""


@pytest.mark.parametrize(
    ("more", "expected"), [("", []), ("from snnlab_widgets import MapPage", ["holoviews"])]
)
def test_page_shows_spikes_without_heavy_packages(more: str, expected: list[str]) -> None:
    command = [sys.executable, "-c", PROGRAM.format(more=more), *HEAVY]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    before, after = ended.stdout.split("\n")[:2]
    assert before.split() == []
    assert set(expected) <= set(after.split())
