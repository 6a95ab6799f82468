"""Sums of weights as integers: no overflow, and the order does not matter."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from snnlab.build.fixed_point import MAX_EXPONENT, exponent_for, packing_exponent, to_fixed
from snnlab.build.tables import plan_tables, port_exponents, quantiles
from snnlab.model.distribution import ClippedNormal
from tests.networks import layered

sizes = st.floats(1e-6, 1e9)


@given(sizes)
def test_the_largest_sum_fits_and_no_bit_is_wasted(largest):
    exponent = exponent_for(largest)
    assert np.ldexp(largest, exponent) < 2**31
    assert exponent == MAX_EXPONENT or np.ldexp(largest, exponent) >= 2**29


@given(sizes, st.integers(-5, MAX_EXPONENT))
def test_packed_weights_fit_16_bits(largest, port_exponent):
    exponent = packing_exponent(largest, port_exponent)
    assert exponent <= port_exponent
    assert abs(int(to_fixed(largest, exponent))) < 2**15 or exponent < -15


def test_nothing_to_sum():
    assert exponent_for(0.0) == MAX_EXPONENT
    assert packing_exponent(0.0, 7) == 7


def test_rounding_is_to_the_nearest_and_saturates():
    np.testing.assert_array_equal(to_fixed(np.array([0.26, -0.26, 0.5]), 1), [1, -1, 1])
    assert to_fixed(1e30, 10) == 2**31 - 1


def test_drawn_weights_are_stored_to_a_thousandth_of_their_spread():
    table = quantiles(ClippedNormal(87.8, 8.78, low=0.0))
    exponent = packing_exponent(float(table.max()), 12)
    stored = np.ldexp(to_fixed(table, exponent).astype(float), -exponent)
    assert np.abs(stored - table).max() < 8.78 / 500
    assert abs(stored.mean() - table.mean()) < 1e-3


def test_shifts_lead_from_the_table_to_the_port():
    network = layered()
    exponents = port_exponents(network)
    for plan in plan_tables(network, exponents):
        post = network.population(plan.projections[0].post)
        port = post.model.ports[plan.port]
        assert plan.exponent + plan.shift == exponents[str(post.neuron), port]
        assert 0 <= plan.shift < 31
