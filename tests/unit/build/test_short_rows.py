"""Starts of short rows: what is written is what is read, and when it is done."""

import numpy as np
import pytest

from snnlab.build.short_rows import GROUP, ShortRows, are_short


def written(counts, bases):
    counts = np.array(counts, np.uint32)
    rows = ShortRows.empty(*counts.shape)
    for p, base in enumerate(bases):
        rows.write(p, counts[p], base)
    return rows


@pytest.mark.parametrize("n_rows", [0, 1, GROUP - 1, GROUP, GROUP + 1, 5 * GROUP])
def test_rows_start_behind_one_another(n_rows):
    counts = np.random.default_rng(n_rows).integers(0, 40, (2, n_rows))
    bases = 7, 2**40
    rows = written(counts, bases)
    expected = np.column_stack([np.zeros(2, np.int64), np.cumsum(counts, axis=1)])
    np.testing.assert_array_equal(rows.starts(), expected + np.array(bases)[:, None])
    assert rows.n_synapses == counts.sum()


def test_they_take_two_bytes_and_an_eighth():
    n_rows = 64_000
    assert ShortRows.empty(1, n_rows).nbytes < 2.13 * n_rows


def test_rows_are_short_where_their_starts_would_weigh_much():
    assert are_short(np.full((2, 1000), 15))
    assert not are_short(np.full((2, 1000), 16))
    assert not are_short(np.empty((1, 0), np.uint32))


def test_no_group_may_have_more_synapses_than_two_bytes_count():
    counts = np.zeros((2, 100 * GROUP), np.uint32)
    counts[1, 3 * GROUP : 4 * GROUP] = 1023
    counts[1, 3 * GROUP] += 63
    assert counts[1, 3 * GROUP : 4 * GROUP].sum() == 65_535
    assert are_short(counts)
    assert written(counts, (0, 0)).starts()[1, -1] == 65_535
    counts[1, 4 * GROUP - 1] += 1
    assert not are_short(counts)
