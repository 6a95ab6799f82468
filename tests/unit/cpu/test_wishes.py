"""What a rank wants is told by marks or by a list, whichever is shorter, and comes out the same."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from snnlab.build.layout import BLOCK, Layout
from snnlab.cpu.wishes import counts, is_list, marks_by_neuron, of_populations, of_ranks, wishes
from snnlab.model.network import Network, Population


def marks_of(wanted: NDArray[np.bool_]) -> NDArray[np.uint8]:
    return np.packbits(wanted, bitorder="little")


@pytest.mark.parametrize(
    ("n_wanted", "listed"), [(1, True), (7, True), (8, False), (9, False), (256, False)]
)
def test_the_shorter_form_is_told(n_wanted: int, listed: bool) -> None:
    n_slots = 2 * BLOCK
    wanted = np.zeros(n_slots, np.bool_)
    wanted[np.random.default_rng(n_wanted).choice(n_slots, n_wanted, replace=False)] = True
    marks = marks_of(wanted)
    (told,) = wishes([marks])
    assert is_list(told, n_slots) == listed
    assert told.size == min(n_wanted, n_slots // 32)
    found = (
        told if listed else np.flatnonzero(np.unpackbits(told.view(np.uint8), bitorder="little"))
    )
    assert found.tolist() == np.flatnonzero(wanted).tolist()


def test_a_rank_without_neurons_and_one_that_wants_none_are_told_nothing() -> None:
    empty, unwanted = np.zeros(0, np.uint8), np.zeros(BLOCK // 8, np.uint8)
    assert [wish.size for wish in wishes([empty, unwanted])] == [0, 0]


@pytest.mark.parametrize("n_ranks", [1, 8, 64, 65, 130])
def test_marks_of_ranks_become_marks_of_neurons(n_ranks: int) -> None:
    wanted = np.random.default_rng(n_ranks).random((n_ranks, BLOCK)) < 0.5
    found = marks_by_neuron([marks_of(each).view(np.int32) for each in wanted], BLOCK)
    assert found.shape == (BLOCK, -(-n_ranks // 64))
    bits = np.unpackbits(found.view(np.uint8), axis=1, bitorder="little")
    np.testing.assert_array_equal(bits[:, :n_ranks], wanted.T)
    assert not bits[:, n_ranks:].any()


def test_marks_are_counted_by_population_and_by_rank() -> None:
    network = Network([Population("a", 200, "LIFDelta"), Population("b", 70, "LIFDelta")])
    layout = Layout.of(network)
    wanted = np.zeros(layout.n_blocks * BLOCK, np.bool_)
    wanted[[0, 199, 256, 257, 300]] = True
    marks = marks_of(wanted)
    assert counts(of_populations(marks, layout)).tolist() == [2, 3]
    assert counts(of_ranks(marks, np.array([0, 128, 128, 384]))).tolist() == [1, 0, 4]
