"""Any list of edits can be undone, and takes a running engine where a new one would start."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from snnlab.cpu.engine import CpuEngine
from snnlab.errors import SpecError
from snnlab.model.connectivity import FixedIndegree
from snnlab.model.edits import (
    AddPopulation,
    AddProjection,
    AddRewiring,
    AddStimulus,
    AddSynapticElements,
    Edit,
    Lesion,
    Recover,
    RemovePopulation,
    RemoveProjection,
    RemoveRewiring,
    RemoveStimulus,
    RemoveSynapticElements,
    SetParameter,
    SetSynapticElements,
    Several,
)
from snnlab.model.network import Network, Population, Projection
from snnlab.model.stimuli import PoissonInput
from tests.networks import balanced, spikes
from tests.properties.random_networks import (
    SIZE,
    connectivities,
    delays,
    elements,
    networks,
    positive,
    rewirings,
    weights,
)

STEPS = 300


@st.composite
def edit_of(draw: st.DrawFn, network: Network, serial: int) -> Edit:
    """Any edit that can be applied to this network."""
    populations = [p.name for p in network.populations]
    projections = [p.name for p in network.projections]
    stimuli = [s.name for s in network.stimuli]
    some = st.sampled_from(populations)
    kinds: list[st.SearchStrategy[Edit]] = [
        st.builds(SetParameter, st.just(""), st.just("J"), positive),
        st.builds(SetParameter, some, st.sampled_from(["tau_m", "C_m"]), st.none() | positive),
        st.builds(Lesion, some, st.sets(st.integers(0, SIZE - 1))),
        st.builds(Recover, some, st.sets(st.integers(0, SIZE - 1))),
        st.builds(AddSynapticElements, some.flatmap(elements)),
        st.just(AddPopulation(Population(f"new {serial}", 12, "LIFDelta"))),
        st.builds(
            AddProjection,
            st.builds(Projection, some, some, connectivities, weights, delays,
                      name=st.just(f"new projection {serial}")),
        ),
        st.builds(
            AddStimulus,
            st.builds(PoissonInput, st.just(f"new stimulus {serial}"), some, positive, positive),
        ),
    ]  # fmt: skip
    if len(populations) > 1:
        kinds.append(st.builds(RemovePopulation, some))
    if projections:
        kinds += [
            st.builds(RemoveProjection, st.sampled_from(projections)),
            st.builds(SetParameter, st.sampled_from(projections), st.just("weight"), weights),
            st.builds(SetParameter, st.sampled_from(projections), st.just("delay"), delays),
        ]
    if "plastic" in projections:
        kinds.append(st.builds(AddRewiring, rewirings(f"new rewiring {serial}", "plastic")))
    if network.rewirings:
        rewired = st.sampled_from([r.name for r in network.rewirings])
        odds = st.none() | st.floats(0.0, 1.0)
        kinds += [
            st.builds(RemoveRewiring, rewired),
            st.builds(SetParameter, rewired, st.sampled_from(["every", "attempts"]), positive),
            st.builds(SetParameter, rewired, st.sampled_from(["p_form", "w_threshold"]), odds),
            st.builds(SetParameter, rewired, st.just("weight"), st.none() | st.floats(0.1, 0.5)),
        ]
    if network.synaptic_elements:
        with_elements = st.sampled_from([e.population for e in network.synaptic_elements])
        kinds += [
            st.builds(RemoveSynapticElements, with_elements),
            st.builds(SetSynapticElements, with_elements, st.just(""),
                      st.sampled_from(["tau_Ca", "beta_Ca"]), positive),
        ]  # fmt: skip
    if stimuli:
        kinds.append(st.builds(RemoveStimulus, st.sampled_from(stimuli)))
    return draw(st.one_of(kinds))


@st.composite
def edited(draw: st.DrawFn) -> tuple[Network, list[Edit], list[Network]]:
    """A network, edits one after the other, and what each made of it."""
    network = draw(networks())
    edits: list[Edit] = []
    states = [network]
    for serial in range(draw(st.integers(1, 8))):
        edit = draw(edit_of(states[-1], serial))
        with suppress(SpecError):  # what cannot be meant is refused, and nothing has happened
            states.append(edit.apply(states[-1]))
            edits.append(edit)
    return network, edits, states


@settings(max_examples=100)
@given(edited())
def test_edits_are_undone_one_by_one(case: tuple[Network, list[Edit], list[Network]]) -> None:
    _, edits, states = case
    for edit, before, after in zip(edits, states, states[1:], strict=False):
        inverse = edit.inverse(before)
        assert inverse.apply(after) == before
        assert inverse.inverse(after).apply(before) == after


@settings(max_examples=40)
@given(edited())
def test_several_edits_are_undone_at_once(case: tuple[Network, list[Edit], list[Network]]) -> None:
    network, edits, states = case
    together = Several(tuple(edits))
    assert together.apply(network) == states[-1]
    assert together.inverse(network).apply(states[-1]) == network


numbers = st.one_of(
    st.builds(SetParameter, st.just(""), st.just("g"), st.floats(2.0, 8.0)),
    st.builds(SetParameter, st.just(""), st.just("J"), st.floats(0.2, 1.0)),
    st.builds(SetParameter, st.sampled_from(["exc", "inh"]), st.just("tau_m"),
              st.floats(10.0, 40.0)),
    st.builds(SetParameter, st.sampled_from(["exc", "inh"]), st.just("V_th"),
              st.floats(15.0, 25.0)),
    st.builds(SetParameter, st.sampled_from(["exc->inh", "exc->exc"]), st.just("weight"),
              st.floats(0.1, 1.0)),
    st.builds(SetParameter, st.sampled_from(["to_exc", "to_inh"]), st.just("rate"),
              st.floats(4e3, 1.2e4)),
)  # fmt: skip
structure = st.one_of(
    st.builds(SetParameter, st.just("inh->exc"), st.just("delay"),
              st.integers(1, 40).map(lambda steps: steps / 10)),
    st.builds(SetParameter, st.just("exc->inh"), st.just("rule"),
              st.builds(FixedIndegree, st.integers(0, 30))),
)  # fmt: skip


def applied(engine: CpuEngine, edits: list[SetParameter]) -> None:
    """Apply one after the other."""
    for edit in edits:
        engine.apply(edit.apply(engine.network))


@settings(max_examples=25)
@given(st.lists(numbers | structure, min_size=1, max_size=6), st.integers(1, 3))
def test_an_edited_engine_is_one_that_was_built_so(edits: list[SetParameter], threads: int) -> None:
    engine = CpuEngine(balanced(300), threads=threads)
    applied(engine, edits)
    new = CpuEngine(engine.network, threads=1)
    found = spikes(engine, [STEPS])
    assert len(found) > 0
    np.testing.assert_array_equal(found, spikes(new, [STEPS]))


@settings(max_examples=15)
@given(st.lists(numbers | structure, min_size=1, max_size=4), st.integers(1, STEPS - 1))
def test_edits_that_are_undone_at_once_leave_no_trace(edits: list[SetParameter], at: int) -> None:
    engine, undisturbed = (CpuEngine(balanced(300), threads=n) for n in (2, 1))
    engine.advance(at)
    for edit in edits:
        inverse = edit.inverse(engine.network)
        applied(engine, [edit, inverse])
    undisturbed.advance(at)
    np.testing.assert_array_equal(spikes(engine, [STEPS]), spikes(undisturbed, [STEPS]))


@settings(max_examples=15)
@given(
    st.lists(st.tuples(st.integers(1, 60), numbers | structure), min_size=1, max_size=5),
    st.integers(2, 3), st.integers(1, 7),
)  # fmt: skip
def test_edits_on_the_way_do_not_depend_on_threads_and_chops(
    plan: list[tuple[int, SetParameter]], threads: int, chop: int
) -> None:
    def run(n_threads: int, piece: int) -> np.ndarray:
        engine, found = CpuEngine(balanced(300), threads=n_threads), []
        for steps, edit in plan:
            pieces = [piece] * (steps // piece) + [steps % piece]
            found += [spikes(engine, pieces)]
            applied(engine, [edit])
        return np.concatenate([*found, spikes(engine, [STEPS])])

    np.testing.assert_array_equal(run(threads, chop), run(1, 60))


def test_an_edit_that_is_forgotten_is_noticed() -> None:
    """The comparisons bite."""
    engine = CpuEngine(balanced(300), threads=1)
    new = CpuEngine(SetParameter("", "J", 0.51).apply(balanced(300)), threads=1)
    assert not np.array_equal(spikes(engine, [STEPS]), spikes(new, [STEPS]))
