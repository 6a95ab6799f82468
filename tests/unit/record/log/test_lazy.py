"""A log as a data set: the same as from memory, read only when it is used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from snnlab.errors import FormatError
from snnlab.record import dataset as datasets
from snnlab.record.log.lazy import LazyColumn
from snnlab.record.log.reader import LoggedSection
from snnlab.record.log.writer import LogWriter
from tests.logs import NETWORK, PROVENANCE, begin, frame, write_small


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.snnlog"


def test_it_is_the_data_set_of_the_frames(path: Path) -> None:
    frames = write_small(path)
    expected = datasets.to_dataset(NETWORK, frames, provenance=PROVENANCE)
    with xr.open_dataset(path) as data:
        edits = data.attrs.pop("edits")
        xr.testing.assert_identical(data.load(), expected)
    assert edits == (
        '[{"step": 30, "edit": {"kind": "set_parameter", "target": "exc", '
        '"name": "tau_m", "value": 12.0}}]'
    )


def test_any_section_can_be_opened(path: Path) -> None:
    writer = LogWriter(path)
    for step in (0, 20):
        begin(writer, "start" if step == 0 else "cleared", step)
        writer.frame(frame(step, step + 20))
    with xr.open_dataset(path, section=0) as first, xr.open_dataset(path) as last:
        assert (float(first.t_stop), float(last.t_start)) == (2.0, 2.0)
    with pytest.raises(FormatError, match="must hold section 2"):
        xr.open_dataset(path, section=2)


def test_variables_can_be_left_out(path: Path) -> None:
    write_small(path)
    with xr.open_dataset(path, drop_variables=["step", "neuron"]) as data:
        assert "step" not in data
        assert "trace_V_m" in data


def test_opening_reads_no_data(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_small(path)
    read: list[int] = []
    get = LoggedSection.__getitem__
    monkeypatch.setattr(LoggedSection, "__getitem__", lambda s, i: read.append(i) or get(s, i))
    with xr.open_dataset(path) as data:
        # One frame tells the type of each recorder's samples.
        assert set(read) <= {0}
        read.clear()
        data.trace_V_m.isel(trace_time=slice(-3, None)).load()
        assert read == [2]
        repr(data)
        assert read == [2]


def test_it_can_be_saved_in_other_formats(path: Path) -> None:
    write_small(path)
    with xr.open_dataset(path) as data:
        datasets.save(data, path.with_suffix(".nc"))
        with datasets.open(path.with_suffix(".nc")) as saved:
            xr.testing.assert_identical(saved.load(), data.load())


KEYS = st.one_of(
    st.integers(-20, 19),
    st.builds(
        slice, *[st.none() | st.integers(-25, 25)] * 2, st.sampled_from([None, 1, 2, 3, -1, -3])
    ),
    st.lists(st.integers(-20, 19), max_size=5),
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=KEYS, columns=st.integers(0, 2) | st.lists(st.integers(0, 2), max_size=4))
def test_any_index_gives_what_it_gives_of_an_array(rows: object, columns: object) -> None:
    # xarray itself fails at an empty slice that runs backwards.
    assume(not isinstance(rows, slice) or (rows.step or 1) > 0 or range(20)[rows])
    values = np.arange(60).reshape(20, 3)
    reads: list[tuple[int, int]] = []

    def read(start: int, stop: int) -> np.ndarray:
        reads.append((start, stop))
        return values[start:stop]

    column = LazyColumn((20, 3), np.int64, read)
    lazy = xr.Variable(("a", "b"), xr.core.indexing.LazilyIndexedArray(column))
    eager = xr.Variable(("a", "b"), values)
    xr.testing.assert_identical(lazy.isel(a=rows, b=columns).load(), eager.isel(a=rows, b=columns))
    assert all(0 <= start < stop <= 20 for start, stop in reads)
