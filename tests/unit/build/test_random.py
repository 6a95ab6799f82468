"""The words of a stream are numbered; how many are drawn at a time does not matter."""

import numpy as np
import pytest

from snnlab.build.random import random_words, uniforms
from snnlab.rules.philox import philox4x32

INDEX, PURPOSE, SEED, STREAM = 7, np.int64(0), 3, 99


def words_of(n, size):
    out = []
    for chunk in range(-(-n // size)):
        words = np.zeros(size, np.uint32)
        random_words(words, chunk, min(size, n - chunk * size), INDEX, PURPOSE, SEED, STREAM)
        out.append(words)
    return np.concatenate(out)[:n]


def test_words_are_those_of_the_counters():
    expected = [philox4x32.py_func(c, INDEX, PURPOSE, 0, SEED, STREAM) for c in range(16)]
    runs = np.array(expected, np.uint64).reshape(2, 8, 4).transpose(0, 2, 1).ravel()
    np.testing.assert_array_equal(words_of(64, 64), runs)


@pytest.mark.parametrize("n", [1, 31, 32, 33, 200, 256, 1000])
def test_the_size_of_the_chunks_does_not_matter(n):
    reference = words_of(1024, 256)[:n]
    for size in (32, 64, 256, 1024):
        np.testing.assert_array_equal(words_of(n, size), reference)
    assert np.unique(reference).size == n


def test_more_numbers_continue_the_same_sequence():
    np.testing.assert_array_equal(uniforms(300, 1, 2)[:40], uniforms(40, 1, 2))


@pytest.mark.parametrize(("first", "n"), [(0, 5), (3, 300), (256, 256), (255, 2), (700, 0)])
def test_a_part_of_the_sequence_is_what_stands_there(first, n):
    np.testing.assert_array_equal(uniforms(n, 1, 2, first), uniforms(1000, 1, 2)[first : first + n])
