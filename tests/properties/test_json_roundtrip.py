"""Any network and any edit comes back from its file as it was; any other file is refused."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnlab import presets
from snnlab.errors import FormatError
from snnlab.interop import native_json
from snnlab.model import connectivity as rules
from snnlab.model.distribution import ClippedNormal, LogNormal, Normal, Uniform
from snnlab.model.network import Knob, Network, Population, Projection
from snnlab.model.parameter import Parameter
from snnlab.model.recorders import StateRecorder
from snnlab.model.space import Grid, RandomPositions
from snnlab.model.stimuli import PoissonInput, StepCurrent

positive = st.floats(0.1, 100.0)
voltage = st.floats(-100.0, 100.0)
names = st.text(st.characters(min_codepoint=32, exclude_categories=("Cs", "Cc")), min_size=1,
                max_size=20)  # fmt: skip

SIZE = 12
weights = st.one_of(
    positive, st.integers(1, 9), st.just("J"), st.just("2 * J"), st.just("0.5 mV"),
    st.builds(Uniform, st.floats(0.0, 1.0), st.floats(1.5, 2.0)),
    st.builds(ClippedNormal, positive, positive, low=st.just(0.0)),
    st.builds(LogNormal, st.floats(-1.0, 1.0), st.floats(0.0, 1.0), scale=positive),
)  # fmt: skip
delays = st.one_of(positive, st.just("1.5 ms"), st.builds(Uniform, st.just(0.1), positive.filter(
    lambda x: x > 0.1)))  # fmt: skip
switches = {"autapses": st.booleans(), "multapses": st.just(True)}
connectivities = st.one_of(
    st.just(rules.OneToOne()),
    st.builds(rules.AllToAll, st.booleans()),
    st.builds(rules.FixedIndegree, st.integers(0, 10**6), **switches),
    st.builds(rules.FixedOutdegree, st.integers(0, 10**6), **switches),
    st.builds(rules.FixedTotalNumber, st.integers(0, 10**12), **switches),
    st.builds(rules.PairwiseBernoulli, st.floats(0.0, 1.0), st.booleans()),
    st.builds(
        rules.DistanceDependent, st.floats(0.0, 1.0), positive,
        st.sampled_from(rules.DistanceDependent.KERNELS), st.booleans(),
    ),
)  # fmt: skip
extents = st.tuples(positive, positive)
spaces = st.one_of(
    st.builds(RandomPositions, extents, st.booleans()),
    st.builds(Grid, extents, st.booleans(), st.sampled_from([(3, 4), (12, 1)])),
)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """A random valid network."""
    populations = [
        Population(
            name, SIZE, "LIFDelta",
            parameters=draw(st.dictionaries(st.sampled_from(["tau_m", "C_m"]), positive)),
            initial={"V_m": draw(st.one_of(voltage, st.builds(Normal, voltage, positive)))},
            space=draw(spaces),
            reference_rate=draw(st.none() | positive),
        )
        for name in draw(st.lists(names, min_size=1, max_size=3, unique=True))
    ]  # fmt: skip
    some = st.sampled_from([p.name for p in populations])
    n = range(draw(st.integers(0, 3)))
    return Network(
        populations,
        [
            Projection(draw(some), draw(some), draw(connectivities), weight=draw(weights),
                       delay=draw(delays), receptor=draw(st.sampled_from(["", "exc"])),
                       name=f"projection {i}")
            for i in n
        ],
        stimuli=[
            draw(st.builds(PoissonInput, st.just(f"stimulus {i}"), some, positive, positive)
                 | st.builds(StepCurrent, st.just(f"stimulus {i}"), some, voltage))
            for i in n
        ],
        recorders=[StateRecorder(f"r {i}", draw(some), interval=draw(st.sampled_from([0, "1 ms"])))
                   for i in n],
        knobs=[Knob("J", draw(positive), Parameter(1.0, "mV", draw(names), above=0.0))],
        dt=0.1, seed=draw(st.integers(0, 2**32 - 1)),
        name=draw(names), description=draw(names),
    )  # fmt: skip


@settings(max_examples=200)
@given(networks())
def test_network_comes_back_identical(network: Network) -> None:
    text = native_json.dumps(network)
    again = native_json.loads(text)
    assert again == network
    assert native_json.dumps(again) == text


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner,
                                                                max_size=3),
    max_leaves=6,
)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> object:
    """A valid description in which one value, anywhere, is replaced by another one."""
    data = json.loads(native_json.dumps(presets.load("brunel", scale=0.01)))
    node, key = data, draw(st.sampled_from(sorted(data)))
    while isinstance(node[key], dict | list) and node[key] and draw(st.booleans()):
        node = node[key]
        key = draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
    node[key] = draw(plain)
    return data


@settings(max_examples=300)
@given(damaged())
def test_damaged_description_is_a_network_or_a_format_error(data: object) -> None:
    with suppress(FormatError):
        assert isinstance(native_json.from_dict(data), Network)


@settings(max_examples=300)
@given(st.integers(0, 2700), st.binary(max_size=4), st.integers(0, 8))
def test_damaged_bytes_are_a_network_or_a_format_error(at: int, bytes_: bytes, cut: int) -> None:
    text = native_json.dumps(presets.load("brunel", scale=0.01)).encode()
    with suppress(FormatError):
        native_json.loads(text[:at] + bytes_ + text[at + cut :])


@pytest.mark.parametrize("name", presets.names())
def test_every_truncation_is_refused(name: str) -> None:
    text = native_json.dumps(presets.load(name, scale=0.05)).rstrip()
    for length in range(0, len(text), max(len(text) // 50, 1)):
        with pytest.raises(FormatError):
            native_json.loads(text[:length])
