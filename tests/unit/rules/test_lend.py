"""What is lent to compiled code is read and written there as the tuple itself is."""

from typing import NamedTuple

import numpy as np
import pytest
from numba import njit

from snnlab.errors import SpecError
from snnlab.rules.lend import lend


class Some(NamedTuple):
    flat: np.ndarray
    size: int
    rows: np.ndarray
    is_on: np.ndarray
    none: np.ndarray


@njit
def visit(some, k):
    total = some.rows.shape[0] * 1000.0 + some.none.size
    for row in range(some.rows.shape[0]):
        own = some.rows[row]
        for i in range(own.size):
            if some.is_on[i]:
                total += own[i] * some.size + some.flat[i]
    some.rows[k, 1] = total
    return total


@pytest.fixture(params=[np.float32, np.float64])
def some(request):
    rows = np.arange(6, dtype=request.param).reshape(2, 3)
    on = np.array([True, False, True])
    return Some(np.arange(3), 7, rows, on, np.empty((0, 4), np.int64))


def test_it_is_read_and_written_as_the_tuple_is(some):
    twin = Some(some.flat, some.size, some.rows.copy(), some.is_on, some.none)
    assert visit(lend(some), 1) == visit(twin, 1) == 2074.0
    assert some.rows[1, 1] == 2074.0
    np.testing.assert_array_equal(some.rows, twin.rows)


def test_other_arrays_of_the_same_kinds_need_no_other_code(some):
    longer = some._replace(flat=np.arange(30), size=-1, rows=np.ones((5, 3), some.rows.dtype))
    assert lend(some).kind == lend(longer).kind
    assert visit(lend(longer), 0) == 5000.0 + 5 * (-1.0 + 0 + -1.0 + 2)


def test_other_kinds_do(some):
    other = some._replace(flat=np.arange(3, dtype=np.int32))
    assert lend(some).kind != lend(other).kind


def test_compiled_code_takes_only_rows_that_follow_each_other(some):
    with pytest.raises(SpecError, match="rows: must lie in memory row by row"):
        lend(some._replace(rows=np.ones((3, 2)).T))
