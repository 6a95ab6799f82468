"""Compiled packing: entries of any width one behind the other in words of 64 bits."""

from __future__ import annotations

from numba import njit, uint64

__all__ = ["get", "n_words", "put"]


@njit(error_model="numpy", inline="always")
def n_words(n, bits):  # type: ignore[no-untyped-def]
    """Words that `n` entries of so many bits take."""
    return (n * bits + 63) // 64


@njit(error_model="numpy", inline="always")
def put(words, at, bits, value):  # type: ignore[no-untyped-def]
    """Write an entry that begins at bit `at`; the bits behind those written so far are free."""
    i, shift = uint64(at >> 6), uint64(at & 63)
    if shift == 0:
        words[i] = value
    else:
        words[i] |= value << shift
        if shift + uint64(bits) > uint64(64):
            words[i + uint64(1)] = value >> (uint64(64) - shift)


@njit(error_model="numpy", inline="always")
def get(words, at, bits):  # type: ignore[no-untyped-def]
    """Read the entry of so many bits that begins at bit `at`."""
    i, shift = uint64(at >> 6), uint64(at & 63)
    value = words[i] >> shift
    if shift + uint64(bits) > uint64(64):
        value |= words[i + uint64(1)] << (uint64(64) - shift)
    return value & ((uint64(1) << uint64(bits)) - uint64(1))
