"""The elementary functions and the draws in CUDA C: bit by bit what Numba makes of Python's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numba import int32, njit, uint32, vectorize

from snnlab.cuda.constants import real_literal
from snnlab.cuda.sources import kernel_text, program_text
from snnlab.rules import lanes
from snnlab.rules.elementary import (
    CENTRAL_HALF_WIDTH,
    DOUBLE,
    FLOAT32,
    FLOAT64,
    SINGLE,
)
from snnlab.rules.lanes import BLOCK, LANES
from snnlab.rules.philox import philox4x32
from tests.host_device.host_device import HostDevice

PRECISIONS = ["float32", "float64"]
C_TYPES = {"int32": "i32", "int64": "i64", "uint32": "u32", "float32": "float", "float64": "double"}
PLAIN = {"float32": (SINGLE, FLOAT32), "float64": (DOUBLE, FLOAT64)}
N = 20_000
THREADS = 256
SPECIAL = [
    0.0, -0.0, 1.0, -1.0, 2.5, -2.5, 0.5, np.inf, -np.inf, np.nan, 1e-40, -1e-40, 5e-324, 88.6,
    88.73, 89.0, -87.4, -90.0, 709.7, 709.8, -708.3, -709.0, 3.4e38, 1.7e308, 1e-37, 0.425, 20.0,
]  # fmt: skip


def reals(precision: str) -> np.ndarray:
    """Reals of random bits, of a usual size, between 0 and 1, without normal bits, special ones."""
    random = np.random.default_rng(5)
    wild = np.frombuffer(random.bytes(N * np.dtype(precision).itemsize), precision)
    tame, small = random.normal(0, 30, N).astype(precision), random.random(N).astype(precision)
    subnormal = small[:1000] * np.finfo(precision).tiny
    with np.errstate(over="ignore"):
        special = np.array([*SPECIAL, *PLAIN[precision][0].exp_range]).astype(precision)
    return np.concatenate([wild, tame, small, subnormal, special])


def pairs(precision: str) -> tuple[np.ndarray, np.ndarray]:
    """Reals with others, with their multiples, and each special one with each."""
    random, values = np.random.default_rng(6), reals(precision)
    special = values[-len(SPECIAL) - 2 :]
    with np.errstate(all="ignore"):
        multiples = values * random.integers(-9, 9, values.size).astype(precision)
    x = [values, multiples, np.repeat(special, special.size)]
    y = [random.permutation(values), values, np.tile(special, special.size)]
    return np.concatenate(x), np.concatenate(y)


def whole_pairs(dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """Whole numbers of any size and small ones, with divisors that are 0 and -1 among them."""
    random, limits = np.random.default_rng(7), np.iinfo(dtype)
    special = np.array([limits.min, limits.min + 1, -7, -2, -1, 0, 1, 2, 7, limits.max], dtype)
    wild = random.integers(limits.min, limits.max, (2, N), dtype, endpoint=True)
    tame = random.integers(-20, 20, (2, N), dtype)
    columns = np.stack([np.repeat(special, special.size), np.tile(special, special.size)])
    x, y = np.concatenate([wild, tame, columns, [wild[0], tame[1]]], axis=1)
    return x, y


def on_device(precision: str, body: str, dtype: str, *columns: np.ndarray) -> np.ndarray:
    """Call an expression of x, y, z, ... once for each row of the columns."""
    names = "xyzuvw"[: len(columns)]
    types = [C_TYPES[column.dtype.name] for column in columns]
    taken = ", ".join(f"const {t} *{n}s" for t, n in zip(types, names, strict=True))
    read = " ".join(f"{t} {n} = {n}s[i];" for t, n in zip(types, names, strict=True))
    source = f"""extern "C" __global__ void f(i64 n, {C_TYPES[dtype]} *out, {taken}) {{
        i64 i = (i64)blockIdx.x * blockDim.x + threadIdx.x;
        if (i < n) {{ {read} out[i] = {body}; }}
    }}"""
    device, n = HostDevice(), columns[0].size
    out = device.empty(n, dtype)
    kernel = device.compile(program_text(precision, source)).kernel("f")
    kernel(-(-n // THREADS), THREADS, n, out, *map(device.upload, columns))
    return device.download(out)


def by_numba(function: Any, *columns: np.ndarray) -> np.ndarray:
    """Call a compiled function once for each row of the columns."""

    @vectorize
    def one(x):  # type: ignore[no-untyped-def]
        return function(x)

    @vectorize
    def two(x, y):  # type: ignore[no-untyped-def]
        return function(x, y)

    with np.errstate(all="ignore"):
        return (one if len(columns) == 1 else two)(*columns)


def expect_equal(got: np.ndarray, expected: np.ndarray) -> None:
    """Fail unless all bits are the same; numbers that are not numbers are all alike."""
    assert got.dtype == expected.dtype
    bits = []
    for values in (got, expected):
        alike = np.where(np.isnan(values), np.array(np.nan, values.dtype), values)
        bits.append(alike.view(f"u{values.itemsize}"))
    np.testing.assert_array_equal(*bits)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", ["exp", "log", "tanh"])
def test_functions_of_a_real(name: str, precision: str) -> None:
    function = getattr(LANES[precision], name)
    x = reals(precision)
    expected = by_numba(function, x)
    expect_equal(on_device(precision, f"{name}_(x)", precision, x), expected)


def test_exp_of_a_double_in_a_program_of_floats() -> None:
    function, x = LANES["float64"].exp, reals("float64")
    expected = by_numba(function, x)
    expect_equal(on_device("float32", "exp_(x)", "float64", x), expected)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", ["sqrt", "floor", "ceil", "abs"])
def test_rounded_functions(name: str, precision: str) -> None:
    x = reals(precision)
    with np.errstate(invalid="ignore"):
        expected = getattr(np, name)(x)
    expect_equal(on_device(precision, f"{name}_(x)", precision, x), expected)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", ["unit", "normal"])
def test_numbers_from_words(name: str, precision: str) -> None:
    function = getattr(LANES[precision], name)
    words = np.random.default_rng(8).integers(0, 2**32, 2 * N, np.uint32)
    words[:4] = [0, 1, 2**32 - 1, 2**31]
    expected = by_numba(function, words)
    expect_equal(on_device(precision, f"{name}<real>(x)", precision, words), expected)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_normal_quantile_where_its_two_formulas_meet(precision: str) -> None:
    edge = np.array([0.5 - CENTRAL_HALF_WIDTH, 0.5 + CENTRAL_HALF_WIDTH], precision)
    near = [edge]
    for _ in range(40):
        near += [np.nextafter(near[-1], edge.dtype.type(0.5)), np.nextafter(near[0], 0.0 * edge)]
    u = np.concatenate([*near, np.arange(0.05, 0.1, 1e-3).astype(precision)])
    expected = np.array([PLAIN[precision][1].normal_quantile(v) for v in u])
    expect_equal(on_device(precision, "normal_quantile(x)", precision, u), expected)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_poisson_quantile_of_the_largest_numbers(precision: str) -> None:
    """Rounded probabilities may not add up to them; the sum ends all the same."""
    lam, u = (a.ravel().astype(precision) for a in np.meshgrid(
        np.linspace(0.1, 30, 40), 1 - np.finfo(precision).epsneg * np.arange(1, 9)
    ))  # fmt: skip
    quantile = PLAIN[precision][1].poisson_quantile
    expected = [quantile(*row) for row in zip(u, lam, strict=True)]
    got = on_device(precision, "poisson_quantile(x, y)", "int32", u, lam)
    np.testing.assert_array_equal(got, expected)


DRAWS = "Draws{x, y, z, u, (i32)v}"


def draws(n: int) -> list[np.ndarray]:
    """Seed, stream, block, step, lane, site with pass of n draws."""
    random = np.random.default_rng(9)
    columns = list(random.integers(0, 2**32, (4, n), np.uint32))
    columns.append(random.integers(0, BLOCK, n, np.uint32))
    return [*columns, random.integers(0, 2**10, n, np.uint32)]


def random_array(seed: Any, stream: Any, block: Any, step: Any) -> Any:
    """What names the draws of a block, for `one_word`."""
    random = np.empty(4, np.uint32)
    random[0], random[1], random[2], random[3] = seed, stream, block, step
    return random


named = njit(random_array)


def test_words_of_single_lanes() -> None:
    @vectorize
    def word(seed, stream, block, step, lane, site):  # type: ignore[no-untyped-def]
        random = named(seed, stream, block, step)
        return uint32(lanes.one_word(random, int32(lane), site & 15, int32(site >> 4)))

    columns = draws(N)
    got = on_device("float32", f"one_word({DRAWS}, w & 15u, w >> 4)", "uint32", *columns)
    np.testing.assert_array_equal(got, word(*columns).astype(np.uint32))


def test_all_words_of_a_call() -> None:
    @vectorize
    def folded(a, b, c, d, key_0, key_1):  # type: ignore[no-untyped-def]
        words = philox4x32(a, b, c, d, key_0, key_1)
        return uint32(words[0] ^ words[1] >> 1 ^ words[2] >> 2 ^ words[3] >> 3)

    columns = list(np.random.default_rng(10).integers(0, 2**32, (6, N), np.uint32))
    text = "philox4x32(x, y, z, u, v, w)"
    body = f"{text}.a ^ {text}.b >> 1 ^ {text}.c >> 2 ^ {text}.d >> 3"
    got = on_device("float32", body, "uint32", *columns)
    np.testing.assert_array_equal(got, folded(*columns).astype(np.uint32))


@pytest.mark.parametrize("precision", PRECISIONS)
def test_poisson(precision: str) -> None:
    poisson = LANES[precision].poisson

    @vectorize
    def count(lam, seed, lane, site):  # type: ignore[no-untyped-def]
        random = named(seed, uint32(77), uint32(5), uint32(123))
        return int32(poisson(lam, random, int32(lane), int32(site & 15), int32(site >> 4)))

    seed, *_, lane, site = draws(3000)
    lam = np.exp(np.random.default_rng(11).uniform(-3, 5, seed.size)).astype(precision)
    lam[:8] = [0, -1, np.nan, np.inf, -np.inf, 29.99999, 30, 2e6]
    body = "poisson(x, Draws{y, 77u, 5u, 123u, (i32)z}, u & 15u, u >> 4)"
    got = on_device(precision, body, "int32", lam, seed, lane, site)
    np.testing.assert_array_equal(got, count(lam, seed, lane, site).astype(np.int32))
    assert got[3] > 990_000


@njit(error_model="numpy")
def divided(x, y):  # type: ignore[no-untyped-def]
    return x // y


@njit(error_model="numpy")
def rest(x, y):  # type: ignore[no-untyped-def]
    return x % y


FUNCTIONS = {"floor_divide": divided, "modulo": rest}


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_division_of_reals(name: str, precision: str) -> None:
    function = FUNCTIONS[name]
    x, y = pairs(precision)
    expected = by_numba(function, x, y)
    expect_equal(on_device(precision, f"{name}(x, y)", precision, x, y), expected)


@pytest.mark.parametrize("dtype", ["int32", "int64"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_division_of_whole_numbers(name: str, dtype: str) -> None:
    function = FUNCTIONS[name]
    x, y = whole_pairs(dtype)
    expected = by_numba(function, x, y).astype(dtype)
    np.testing.assert_array_equal(on_device("float32", f"{name}(x, y)", dtype, x, y), expected)


@pytest.mark.parametrize("dtype", ["int32", "int64"])
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("add(x, y)", np.add),
        ("subtract(x, y)", np.subtract),
        ("multiply(x, y)", np.multiply),
        ("negative(x)", lambda x, _: np.negative(x)),
        ("abs_(x)", lambda x, _: np.abs(x)),
    ],
)
def test_whole_numbers_wrap_around(name: str, expected: Any, dtype: str) -> None:
    x, y = whole_pairs(dtype)
    np.testing.assert_array_equal(on_device("float32", name, dtype, x, y), expected(x, y))


def test_literals_are_exact() -> None:
    for value in (0.1, -0.0, 1e-40, 3.0, 1e30):
        assert real_literal(value, DOUBLE) == value.hex()
        assert real_literal(value, SINGLE) == float(np.float32(value)).hex() + "f"


@pytest.mark.parametrize("name", ["basics", "philox", "elementary", "draws"])
def test_lines_are_short(name: str) -> None:
    assert max(map(len, kernel_text(name).splitlines())) <= 100
