"""A file that the system does not let grow: the session pauses, goes on later, loses nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np

import snnlab
from snnlab.cpu.engine import CpuEngine
from snnlab.session import Session
from tests.networks import balanced

ROOT = Path(__file__).parents[2]


def test_a_real_limit_pauses_the_run_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "run.snnlog"
    done = subprocess.run(
        [sys.executable, "-m", "tests.properties.full_disk", str(path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    *lines, t = done.stdout.splitlines()
    assert len(lines) == 6
    for paused, refused in zip(lines[::2], lines[1::2], strict=True):
        assert re.search(r"Paused at t = \d+.* must have room for \d+ more bytes", paused)
        assert re.search(r"must have room for \d+ more bytes \(got File too large\)", refused)
    assert path.stat().st_size > 5_000_000
    with (
        snnlab.open_log(path, verify=True) as log,
        Session(CpuEngine(balanced(400), threads=1)) as again,
    ):
        assert (log.damage, log.is_finished) == (None, True)
        again.run_until(float(t)).wait(60)
        for found, expected in zip(log.spikes(), again.spikes(), strict=True):
            np.testing.assert_array_equal(found, expected)
