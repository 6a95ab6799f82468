"""``import snnlab`` costs next to nothing, and its public names lead somewhere."""

from __future__ import annotations

import subprocess
import sys

import pytest

import snnlab

HEAVY = "numpy numba scipy xarray zarr h5py holoviews bokeh cupy mpi4py ipyparallel ipywidgets"


def in_fresh_python(code: str) -> list[str]:
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.split()


def test_import_loads_nothing_heavy() -> None:
    code = f"import sys, snnlab; print(*(set(sys.modules) & set({HEAVY.split()})))"
    assert in_fresh_python(code) == []


def test_import_takes_less_than_half_a_second() -> None:
    """In processor time, and in the best of five, so that a busy machine does not matter."""
    code = "from time import process_time as t; a = t(); import snnlab; print(t() - a)"
    assert min(float(in_fresh_python(code)[0]) for _ in range(5)) < 0.5


@pytest.mark.parametrize("name", dir(snnlab))
def test_public_name_exists(name: str) -> None:
    assert getattr(snnlab, name) is not None


def test_star_import_leaves_python_s_open_alone() -> None:
    assert set(dir(snnlab)) - set(snnlab.__all__) == {"open"}


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Netwrok'"):
        _ = snnlab.Netwrok
