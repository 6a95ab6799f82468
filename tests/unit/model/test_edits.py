"""Edits are reversible and leave the network they are applied to alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnlab.errors import SpecError, StateError
from snnlab.model.connectivity import AllToAll, FixedIndegree
from snnlab.model.edits import (
    AddPopulation,
    AddProjection,
    AddRecorder,
    AddRewiring,
    AddStimulus,
    Lesion,
    Recover,
    RemovePopulation,
    RemoveProjection,
    RemoveRecorder,
    RemoveRewiring,
    RemoveStimulus,
    SetParameter,
    Several,
)
from snnlab.model.history import Applied, History
from snnlab.model.network import Knob, Network, Population, Projection
from snnlab.model.recorders import StateRecorder, SynapseRecorder
from snnlab.model.rewiring import Rewiring
from snnlab.model.stimuli import PoissonInput

NETWORK = Network(
    [
        Population("exc", 80, "LIFExp", lesioned=[(5, 30), 79]),
        Population("inh", 20, "LIFExp", {"tau_m": 8.0}),
    ],
    [
        Projection("exc", "inh", FixedIndegree(10), "J"),
        Projection("inh", "exc", AllToAll(), "-J"),
        Projection(
            "exc",
            "exc",
            FixedIndegree(5, multapses=False),
            1.0,
            synapse="STDP",
            parameters={"W_max": 9.0},
        ),
    ],
    stimuli=[PoissonInput("bg", "exc", rate=100.0, weight="J")],
    recorders=[StateRecorder("V", "inh"), SynapseRecorder("w", "exc->exc")],
    rewirings=[
        Rewiring("exc->exc", "Magnitude", parameters={"p_form": 0.5}),
        Rewiring("inh->exc", "Magnitude", weight="-J / 2", name="inhibition"),
    ],
    knobs=[Knob("J", 2.0)],
)

edits = st.one_of(
    st.builds(SetParameter, st.just(""), st.just("J"), st.floats(0.1, 100.0)),
    st.builds(SetParameter, st.sampled_from(["exc", "inh"]), st.just("tau_m"), st.floats(1, 50)),
    st.builds(SetParameter, st.just("exc->inh"), st.just("weight"), st.floats(0.0, 9.0)),
    st.builds(SetParameter, st.just("inh->exc"), st.just("delay"), st.floats(0.1, 9.0)),
    st.builds(SetParameter, st.just("bg"), st.just("rate"), st.floats(0.0, 9.0)),
    st.just(AddPopulation(Population("new", 5, "LIFDelta"))),
    st.just(AddProjection(Projection("exc", "exc", FixedIndegree(1), name="more"))),
    st.just(AddStimulus(PoissonInput("more", "inh", rate=1.0, weight=1.0))),
    st.just(RemovePopulation("inh")),
    st.just(RemoveProjection("exc->inh")),
    st.just(RemoveStimulus("bg")),
    st.just(AddRecorder(SynapseRecorder("few", "exc->exc", sources=(1, 2)))),
    st.just(RemoveRecorder("V")),
    st.just(RemoveProjection("exc->exc")),
    st.just(AddRewiring(Rewiring("exc->exc", "Magnitude", name="more"))),
    st.just(RemoveRewiring("inhibition")),
    st.builds(Lesion, st.just("exc"), st.lists(st.integers(0, 79))),
    st.builds(Recover, st.just("exc"), st.lists(st.integers(0, 79))),
    st.builds(SetParameter, st.just("inhibition"), st.just("p_form"), st.none() | st.floats(0, 1)),
    st.builds(SetParameter, st.just("rewiring of exc->exc"), st.just("p_form"), st.none()),
    st.builds(SetParameter, st.just("inhibition"), st.sampled_from(["every", "attempts"]),
              st.floats(1.0, 9.0)),
    st.builds(SetParameter, st.just("inhibition"), st.just("weight"),
              st.none() | st.floats(-9.0, 0.0)),
    st.builds(SetParameter, st.just("w"), st.just("targets"), st.lists(st.integers(0, 79),
                                                                      min_size=1)),
)  # fmt: skip


@given(edits)
def test_an_edit_and_its_inverse_are_the_identity(edit):
    inverse = edit.inverse(NETWORK)
    edited = edit.apply(NETWORK)
    assert inverse.apply(edited) == NETWORK


@given(edits)
def test_the_inverse_of_the_inverse_is_the_edit(edit):
    edited = edit.apply(NETWORK)
    again = edit.inverse(NETWORK).inverse(edited)
    assert again.apply(NETWORK) == edited


@given(st.lists(st.floats(0.1, 9.0), min_size=1, max_size=5))
def test_several_edits_are_one(values):
    edit = Several(tuple(SetParameter("", "J", v) for v in values))
    edited = edit.apply(NETWORK)
    assert edited.knob("J").value == values[-1]
    assert edit.inverse(NETWORK).apply(edited) == NETWORK
    assert not edit.is_structural
    assert Several((edit, RemoveStimulus("bg"))).is_structural


def test_removing_a_population_removes_what_hangs_on_it():
    left = RemovePopulation("inh").apply(NETWORK)
    assert [p.name for p in left.populations] == ["exc"]
    assert [p.name for p in left.projections] == ["exc->exc"]
    assert [r.name for r in left.recorders] == ["w"]
    assert [s.name for s in left.stimuli] == ["bg"]
    assert [r.name for r in left.rewirings] == ["rewiring of exc->exc"]


def test_removing_a_projection_removes_its_recorders():
    assert [r.name for r in RemoveProjection("exc->exc").apply(NETWORK).recorders] == ["V"]
    assert [r.name for r in RemoveProjection("exc->inh").apply(NETWORK).recorders] == ["V", "w"]
    assert RemovePopulation("exc").apply(NETWORK).recorders == NETWORK.recorders[:1]


def test_removing_a_projection_removes_its_rewirings():
    left = RemoveProjection("exc->exc").apply(NETWORK)
    assert [r.name for r in left.rewirings] == ["inhibition"]
    assert RemoveProjection("exc->inh").apply(NETWORK).rewirings == NETWORK.rewirings
    assert RemovePopulation("exc").apply(NETWORK).rewirings == ()


def test_what_a_rewiring_is_of_cannot_be_set():
    for name in ("rule", "projection", "name", "parameters"):
        with pytest.raises(SpecError, match=f"parameter of 'inhibition'.*'{name}'"):
            SetParameter("inhibition", name, "Topographic").apply(NETWORK)
    with pytest.raises(SpecError, match=r"'p_from'[\s\S]*Did you mean 'p_form'"):
        SetParameter("inhibition", "p_from", 0.1).apply(NETWORK)


def test_a_knob_moves_everything_that_is_written_with_it():
    edited = SetParameter("", "J", 3.0).apply(NETWORK)
    assert [edited.weight_of(p).value for p in edited.projections] == [3.0, -3.0, 1.0]
    assert edited.weight_of(edited.stimuli[0]).value == 3.0


def test_history_undoes_and_redoes_in_order():
    history, network = History(), NETWORK
    for step, value in enumerate((3.0, 4.0)):
        edit = SetParameter("", "J", value)
        history.add(Applied(edit, edit.inverse(network), step))
        network = edit.apply(network)
    network = history.undo_edit().apply(network)
    history.undone(5)
    assert network.knob("J").value == 3.0
    network = history.redo_edit().apply(network)
    history.redone(6)
    assert network.knob("J").value == 4.0
    assert [a.step for a in history.log] == [0, 1, 5, 6]
    replayed = NETWORK
    for applied in history.log:
        replayed = applied.edit.apply(replayed)
    assert replayed == network


def test_a_new_edit_ends_what_can_be_redone():
    history = History()
    edit = SetParameter("", "J", 3.0)
    history.add(Applied(edit, edit.inverse(NETWORK), 0))
    history.undone(1)
    assert history.can_redo
    history.add(Applied(edit, edit.inverse(NETWORK), 2))
    assert not history.can_redo
    assert history.can_undo


def test_nothing_to_undo_or_redo():
    with pytest.raises(StateError, match="needs an edit to undo"):
        History().undo_edit()
    with pytest.raises(StateError, match="needs an edit that was undone"):
        History().redo_edit()


def made(history, name, network):
    """Make an edit that sets J to a value that names it."""
    edit = SetParameter("", "J", float(name))
    history.add(Applied(edit, edit.inverse(network), len(history.log)))


def redone_in_order(history):
    """Values of J that redo would give, one after the other."""
    values = []
    while history.can_redo:
        values.append(history.redo_edit().value)
        history.redone(0)
    return values


def test_rewinding_makes_what_is_dropped_redoable_in_order():
    history = History()
    for value in (1, 2, 3):
        made(history, value, NETWORK)
    history.undone(3)
    history.rewind(1)
    assert [a.edit.value for a in history.log] == [1]
    assert redone_in_order(history) == [2, 3]


def test_rewinding_over_an_undo_makes_it_undoable_again():
    history = History()
    made(history, 1, NETWORK)
    history.undone(1)
    history.rewind(1)
    assert history.can_undo
    assert not history.can_redo
    history.rewind(0)
    assert not history.can_undo
    assert redone_in_order(history) == [1]


@given(st.lists(st.sampled_from(["make", "undo", "redo"]), max_size=12), st.integers(0, 12))
def test_rewinding_leads_to_the_history_of_then(steps, n):
    history = History()
    for i, step in enumerate(steps):
        if step == "undo" and history.can_undo:
            history.undone(i)
        elif step == "redo" and history.can_redo:
            history.redone(i)
        elif step == "make":
            made(history, i + 1, NETWORK)
    again = History.of(history.log)
    assert again == history
    history.rewind(n)
    then = History.of(history.log)
    assert (history.log, history._done) == (again.log[:n], then._done)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_what_is_redone_after_a_rewind_can_be_rewound_again(n):
    history = History()
    made(history, 1, NETWORK)
    made(history, 2, NETWORK)
    history.rewind(1)
    history.redone(5)
    assert History.of(history.log).can_undo
    history.rewind(n)
    assert [a.edit.value for a in history.log] == [1, 2][:n]
    assert redone_in_order(history) == [1, 2][n:]


def test_a_lesion_takes_any_indices_and_keeps_ranges():
    for neurons in (range(3, 6), [5, 3, 4, 4], np.array([3, 4, 5]), [(3, 5), 5], {3, 4, 5}):
        assert Lesion("exc", neurons).neurons == ((3, 6),)
    assert Lesion("exc", 7) == Lesion("exc", np.int64(7)) == Lesion("exc", ((7, 8),))
    assert Recover("exc", range(0, 80, 40)).neurons == ((0, 1), (40, 41))


def test_lesions_add_up_and_recoveries_take_away():
    edited = Lesion("exc", range(25, 40)).apply(NETWORK)
    assert edited.population("exc").lesioned == ((5, 40), (79, 80))
    assert edited.population("inh") is NETWORK.population("inh")
    edited = Recover("exc", [0, (10, 12), 79]).apply(edited)
    assert edited.population("exc").lesioned == ((5, 10), (12, 40))
    assert Lesion("exc", ()).apply(NETWORK) == NETWORK


def test_undoing_a_lesion_leaves_those_that_were_lesioned_before():
    lesion = Lesion("exc", range(25, 40))
    assert lesion.inverse(NETWORK) == Recover("exc", range(30, 40))
    assert Recover("exc", range(40)).inverse(NETWORK) == Lesion("exc", range(5, 30))
    assert not lesion.is_structural


@pytest.mark.parametrize("neurons", [-1, [0.5], ["a"], [(1, 2, 3)], [True], "5", [[]], None])
def test_what_names_no_neuron_is_refused(neurons):
    with pytest.raises(SpecError, match="whole numbers >= 0") as caught:
        Lesion("exc", neurons)
    assert caught.value.where == "Lesion('exc').neurons"


def test_neurons_that_are_not_there_are_refused():
    for edit in (Lesion("inh", range(5, 21)), Recover("inh", [20])):
        with pytest.raises(SpecError, match=r"must be in 0 \.\.\. 19 \(got 20\)"):
            edit.apply(NETWORK)
    with pytest.raises(SpecError, match=r"lesioned: must be in 0 \.\.\. 4"):
        Network([Population("few", 5, lesioned=[5])])
    with pytest.raises(SpecError, match="population"):
        Lesion("ex", 1).apply(NETWORK)
