"""Quantities reach their canonical unit exactly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnlab.errors import UnitError
from snnlab.units import CANONICAL, format_quantity, is_quantity, to_canonical


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("20 ms", "ms", 20.0),
        ("0.02 s", "ms", 20.0),
        ("20000 us", "ms", 20.0),
        ("20000 µs", "ms", 20.0),
        ("0.25 nF", "pF", 250.0),
        ("-0.065 V", "mV", -65.0),
        ("1.1 nA", "pA", 1100.0),
        ("16.7 nS", "nS", 16.7),
        ("8 kHz", "Hz", 8000.0),
        ("1 mm", "um", 1000.0),
        ("0.01 GΩ", "MOhm", 10.0),
        ("2 V/s", "mV/ms", 2.0),
        ("1/ms", "1/ms", 1.0),
        ("500/s", "1/ms", 0.5),
        ("0.3", "1", 0.3),
        ("  7   ms ", "ms", 7.0),
        ("1e-3 s", "ms", 1.0),
        ("20", "ms", 20.0),
    ],
)
def test_conversion(text, unit, expected):
    assert to_canonical(text, unit, where="x") == expected


@pytest.mark.parametrize(
    ("value", "unit"),
    [("20 mV", "ms"), ("20 xs", "ms"), ("ms", "ms"), ("", "ms"), ("1 s s", "ms"), (None, "ms"),
     ([1.0], "ms"), (True, "ms"), ("1 ms", "1")],
)  # fmt: skip
def test_refusal(value, unit):
    with pytest.raises(UnitError) as caught:
        to_canonical(value, unit, where="LIF.tau_m")
    assert caught.value.where == "LIF.tau_m"


@given(
    st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(sorted(CANONICAL.values()))
)
def test_canonical_quantities_are_kept_to_the_bit(number, unit):
    written = f"{number!r} {unit}" if unit != "1" else repr(number)
    assert to_canonical(written, unit, where="x") == number


def test_quantities_are_told_from_expressions():
    assert all(map(is_quantity, ("3", "3 ms", "-.5e3 pA", "2 mV/ms")))
    assert not any(map(is_quantity, ("g", "-g * J", "3 * g", "3 parsec", "")))


def test_format():
    assert format_quantity(-20.0, "ms") == "-20 ms"
    assert format_quantity(0.1, "1") == "0.1"
