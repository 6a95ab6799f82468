"""Reading a log: any part of it, also while it grows, never more than is asked for."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import snnlab
from snnlab.errors import SpecError
from snnlab.frames.decimate import merged
from snnlab.frames.frame import Frame
from snnlab.interop import native_json
from snnlab.model.edits import SetParameter
from snnlab.record.layout import Layout
from snnlab.record.log.file import ReadFile
from snnlab.record.log.reader import FrameLog
from snnlab.record.log.writer import LogWriter
from tests.logs import NETWORK, begin, frame, same_frame, same_frames, write_small


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.snnlog"


def write_frames(path: Path, edges: list[int]) -> list[Frame]:
    """Write frames between given steps."""
    frames = [frame(a, b) for a, b in pairwise(edges)]
    writer = LogWriter(path)
    begin(writer, step=edges[0])
    for one in frames:
        writer.frame(one)
    writer.close()
    return frames


def test_what_was_written_is_read(path: Path) -> None:
    frames = write_small(path)
    with snnlab.open_log(path) as log:
        assert log.network == NETWORK
        assert log.edits == ((30, SetParameter("exc", "tau_m", 12.0)),)
        assert [(m.level, m.text) for m in log.messages] == [("warning", "two words")]
        assert (log.is_finished, log.damage, log.n_records) == (True, None, 10)
        assert same_frames(log.section(), frames)
        whole = merged(frames)
        for found, expected in zip(log.spikes(), (whole.step, whole.neuron), strict=True):
            np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(log.section().counts, whole.counts)


def test_frames_are_counted_and_cut_as_in_a_list(path: Path) -> None:
    frames = write_small(path)
    with FrameLog(path) as log:
        section = log.section()
        assert len(section) == 3
        assert same_frame(section[-1], frames[-1])
        assert same_frames(section[1:], frames[1:])
        assert same_frames(section[::-2], frames[::-2])
        with pytest.raises(IndexError):
            section[3]


@pytest.mark.parametrize("population", ["", "exc", "inh"])
@pytest.mark.parametrize(
    ("t_start", "t_stop"),
    [(None, None), (0.0, 6.0), (2.9, 3.1), (3.0, 3.0), (-5.0, 99.0), (3.0, None), (4.0, 2.0)],
)
def test_spikes_of_an_interval(
    path: Path, t_start: float | None, t_stop: float | None, population: str
) -> None:
    whole = merged(write_frames(path, [0, 7, 7, 30, 31, 60]))
    times = np.round((whole.step + 1) * NETWORK.dt, 6)
    chosen = (times > (-1 if t_start is None else t_start)) & (
        times <= (99 if t_stop is None else t_stop)
    )
    if population:
        chosen &= (whole.neuron < 8) == (population == "exc")
    with snnlab.open_log(path) as log:
        step, neuron = log.spikes(t_start, t_stop, population)
    np.testing.assert_array_equal(step, whole.step[chosen])
    np.testing.assert_array_equal(neuron, whole.neuron[chosen])


@pytest.mark.parametrize("recorder", ["trace", "other/trace"])
@pytest.mark.parametrize(("t_start", "t_stop"), [(None, None), (1.0, 3.0), (0.0, 1.0), (5.9, 7.0)])
def test_samples_of_an_interval(
    path: Path, recorder: str, t_start: float | None, t_stop: float | None
) -> None:
    whole = merged(write_frames(path, [0, 7, 30, 31, 60])).samples[recorder]
    times = np.round(whole.steps * NETWORK.dt, 6)
    chosen = (times > (-1 if t_start is None else t_start)) & (
        times <= (99 if t_stop is None else t_stop)
    )
    with snnlab.open_log(path) as log:
        found = log.samples(recorder, t_start, t_stop)
    np.testing.assert_array_equal(found.steps, whole.steps[chosen])
    np.testing.assert_array_equal(found.values, whole.values[chosen])


def test_a_part_is_read_from_its_frames_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_frames(path, list(range(0, 6000, 60)))
    with snnlab.open_log(path) as log:
        n_read = []
        read_at = ReadFile.read_at
        monkeypatch.setattr(
            ReadFile, "read_at", lambda f, at, n: n_read.append(n) or read_at(f, at, n)
        )
        log.spikes(300.0, 301.0)
        part = sum(n_read)
        n_read.clear()
        log.spikes()
        assert part < sum(n_read) / 30


def test_a_growing_log_is_read_without_a_gap(path: Path) -> None:
    writer = LogWriter(path)
    begin(writer)
    with snnlab.open_log(path) as log:
        assert len(log.section()) == 0
        before = log.section()
        for k in range(5):
            writer.frame(frame(10 * k, 10 * k + 10))
            log.refresh()
            assert same_frames(log.section(), [frame(10 * i, 10 * i + 10) for i in range(k + 1)])
        assert (len(before), before.t_stop, before.n_spikes) == (0, 0, 0)
        assert not log.is_finished
        writer.close()
        assert log.refresh().is_finished


def test_a_record_that_is_half_written_is_read_later(path: Path, tmp_path: Path) -> None:
    write_small(path)
    data, growing = path.read_bytes(), tmp_path / "growing.snnlog"
    growing.write_bytes(b"")
    with FrameLog(growing) as log:
        with growing.open("ab", buffering=0) as file:
            for k in range(0, len(data), 100):
                file.write(data[k : k + 100])
                log.refresh()
        assert (log.damage, log.is_finished) == (None, True)
        assert same_frames(log.section(), write_small(path))


def test_runs_follow_each_other_in_one_file(path: Path) -> None:
    for n in (1, 2):
        writer = LogWriter(path)
        assert writer.n_runs == n - 1
        begin(writer)
        writer.frame(frame(0, 10 * n))
        writer.edit(10 * n, native_json.edit_to_dict(SetParameter("exc", "tau_m", float(n))))
        begin(writer, "cleared", 10 * n)
        writer.frame(frame(10 * n, 100))
        writer.close()
    with snnlab.open_log(path, verify=True) as log:
        assert [(s.contents.run, s.t_start, s.t_stop) for s in log.sections] == [
            (0, 0, 10), (0, 10, 100), (1, 0, 20), (1, 20, 100),
        ]  # fmt: skip
        assert [edit.value for _, edit in log.edits] == [2.0]


def test_unknown_names_are_refused(path: Path) -> None:
    write_small(path)
    with snnlab.open_log(path) as log:
        with pytest.raises(SpecError, match="Did you mean 'exc'"):
            log.spikes(population="exx")
        with pytest.raises(SpecError, match="Did you mean 'trace'"):
            log.samples("trac")
        with pytest.raises(SpecError, match="must be a time"):
            log.spikes(float("nan"))


LIMITED = """
    import resource, sys
    import numpy as np
    import xarray as xr
    import snnlab
    from snnlab.record.log.reader import FrameLog

    path, whole = sys.argv[1], sys.argv[2] == "whole"
    with xr.open_dataset(path) as data:  # imports everything
        data.step[:1].load()
    pages = int(open("/proc/self/statm").read().split()[0])
    limit = pages * resource.getpagesize() + 48 * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    with xr.open_dataset(path) as data:
        n = data.sizes["spike"]
        part = slice(None) if whole else slice(n - 1_000_000, n - 999_000)
        print(data.step.isel(spike=part).load().size)
    with snnlab.open_log(path, verify=True) as log:
        t = log.section().t_stop * 0.1
        print(log.spikes(t - 1, t)[0].size)
"""


def test_a_log_larger_than_memory_is_read_in_part(path: Path) -> None:
    """120 MB, read with 48 MiB; reading all of it does not fit, so the limit is a real one."""
    n = 500_000
    writer = LogWriter(path)
    begin(writer)
    steps, neurons = np.sort(np.arange(n) % 1000), np.zeros(n, np.int64)
    for k in range(60):
        counts = np.array([n, 0])
        t = 1000 * k
        one = frame(t, t + 1000, rate=0.0)
        writer.frame(type(one)(t, t + 1000, 0.1, steps + t, neurons, counts, one.samples))
    writer.close()
    assert path.stat().st_size > 80e6
    part, whole = (
        subprocess.run(
            [sys.executable, "-c", textwrap.dedent(LIMITED), str(path), mode],
            capture_output=True, text=True, timeout=120, check=False,
        )
        for mode in ("part", "whole")
    )  # fmt: skip
    assert part.stdout.split() == ["1000", "5000"], part.stderr[-2000:]
    assert whole.returncode != 0
    assert "emory" in whole.stderr


@pytest.mark.parametrize(
    ("section", "step", "sections"),
    [
        (1, 20, [(0, 20), (20, 20)]),
        (1, 30, [(0, 20), (20, 30)]),
        (1, 40, [(0, 20), (20, 40)]),
        (0, 10, [(0, 10)]),
        (0, 0, [(0, 0)]),
    ],
)
def test_a_run_that_goes_back(
    path: Path, section: int, step: int, sections: list[tuple[int, int]]
) -> None:
    """What came later is void, in any section, down to a section without a frame."""
    writer = LogWriter(path)
    edit = native_json.edit_to_dict(SetParameter("exc", "tau_m", 12.0))
    for start in (0, 20):
        begin(writer, "structure" if start else "start", start)
        writer.frame(frame(start, start + 10))
        writer.edit(start + 10, edit)
        writer.frame(frame(start + 10, start + 20))
    writer.rewind(step, section, Layout.of(NETWORK), 1)
    with snnlab.open_log(path, verify=True) as log:
        assert log.damage is None
        assert [(s.t_start, s.t_stop) for s in log.sections] == sections
        assert [at.step for at in log.edits] == [10]
    writer.frame(frame(step, 50))
    with snnlab.open_log(path, verify=True) as log:
        assert log.damage is None
        assert same_frame(log.section()[-1], frame(step, 50))
        np.testing.assert_array_equal(log.section().counts, merged(log.section()[:]).counts)


def test_going_back_into_a_frame_is_damage(path: Path) -> None:
    """Nothing is invented about the rest of it."""
    writer = LogWriter(path)
    begin(writer)
    writer.frame(frame(0, 10))
    writer.rewind(5, 0, Layout.of(NETWORK), 0)
    with FrameLog(path) as log:
        assert log.damage is not None
        assert "goes back to step 5, where no frame ends" in str(log.damage)
        assert same_frames(log.section(), [frame(0, 10)])
