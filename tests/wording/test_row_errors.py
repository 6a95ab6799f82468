"""What is said of row forms that cannot be meant."""

import re

import pytest

from snnlab.errors import RuleError, SpecError
from snnlab.model.connectivity import PairwiseBernoulli
from snnlab.model.network import Network, Population, Projection
from snnlab.model.parameter import Parameter
from snnlab.model.rewiring import Rewiring, RewiringRule
from snnlab.rules.intrinsics import poisson, uniform


def network(rule):
    a = Population("a", 16, "LIFDelta")
    projection = Projection("a", "a", PairwiseBernoulli(0.1), 0.2, 1.0)
    return Network([a], [projection], rewirings=[Rewiring("a->a", rule)])


def row(neuron, synapses, p):
    for s in synapses:
        s.remove()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"row": staticmethod(row)}, r"Own\.row: must not be defined[\s\S]*rows = 'target'"),
        ({"rows": "target"}, r"Own\.row: must be defined[\s\S]*for s in synapses"),
        ({"rows": "both", "row": row}, r"Own\.rows: must be 'target' or 'source' \(got 'both'\)"),
        ({"rows": "target", "row": row, "ranks": "target"}, r"Own\.ranks: must be ''.*\(got 'targ"),
        ({"rows": "target", "row": row, "replaces": True}, r"Own\.replaces: must be False[\s\S]*"),
        ({"rows": "target", "row": row, "accept": row}, r"Own\.accept: must not be defined: the"),
        ({"rows": "source", "row": row, "n_going": row}, r"Own\.n_going: must not be defined"),
        ({"rows": "source", "row": row, "score": row}, r"Own\.score: must not be defined"),
        ({"rows": "source", "row": row, "propose": row}, r"Own\.propose: must not be defined"),
        ({"row": Parameter(1.0)}, r"Own\.row: must have another name: a rule may define it"),
        ({"initial": Parameter(1.0)}, r"Own\.initial: must have another name"),
    ],
)  # fmt: skip
def test_declarations_that_cannot_be_meant_are_refused(body, message):
    with pytest.raises(SpecError) as caught:
        type("Own", (RewiringRule,), body)
    assert re.search(message, str(caught.value)), str(caught.value)


class RemovesNothing(RewiringRule):
    rows = "target"

    @staticmethod
    def row(neuron, synapses, p):
        total = 0.0
        for s in synapses:
            total += s.weight


class AsksTooMuch(RewiringRule):
    rows = "target"

    @staticmethod
    def row(neuron, synapses, p):
        for s in synapses:
            if s.wieght < 1.0:
                s.remove()


class RemovesTheNeuron(RewiringRule):
    rows = "target"

    @staticmethod
    def row(neuron, synapses, p):
        for s in synapses:
            s.remove()
        neuron.remove()


class ChangesWeights(RewiringRule):
    rows = "target"

    @staticmethod
    def row(neuron, synapses, p):
        for s in synapses:
            s.weight = 0.0
            s.remove()


class ForgetsTheLoop(RewiringRule):
    rows = "target"

    @staticmethod
    def row(neuron, synapses, p):
        if synapses > 3:
            for s in synapses:
                s.remove()


class LooksBack(RewiringRule):
    rows = "target"

    @staticmethod
    def row(neuron, synapses, p):
        for s in synapses:
            s.remove()
        last = s.weight  # noqa: F841


class LoopsTooDeep(RewiringRule):
    rows = "target"

    @staticmethod
    def row(neuron, synapses, p):
        for s in synapses:
            for t in synapses:
                for u in synapses:
                    if s.weight + t.weight > u.weight:
                        s.remove()


class DrawsInside(RewiringRule):
    rows = "target"

    @staticmethod
    def row(neuron, synapses, p):
        for s in synapses:
            for t in synapses:
                if s.weight < t.weight * uniform():
                    s.remove()


class RemovesWith(RewiringRule):
    rows = "target"

    @staticmethod
    def row(neuron, synapses, p):
        for s in synapses:
            s.remove(1)


class ReusesTheName(RewiringRule):
    rows = "target"

    @staticmethod
    def row(neuron, synapses, p):
        s = 1.0
        for s in synapses:
            s.remove()


class CountsInRows(RewiringRule):
    rows = "target"

    @staticmethod
    def row(neuron, synapses, p):
        for s in synapses:
            if poisson(2.0) > 3:
                s.remove()


class Returns(RewiringRule):
    rows = "target"

    @staticmethod
    def row(neuron, synapses, p):
        for s in synapses:
            s.remove()
        return 1.0


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (RemovesNothing, r"RemovesNothing\.row: must remove some synapse[\s\S]*s\.remove\(\)"),
        (AsksTooMuch, r"must be a number of the synapse \(weight, distance, indegree, mark\) that "
                      r"exists \(got 'wieght'\)[\s\S]*s\.wieght[\s\S]*\^[\s\S]*'weight'"),
        (RemovesTheNeuron, r"row: must do something with the value \(got 'neuron\.remove\(\)'"),
        (ChangesWeights, r"must not assign to a number of the synapse[\s\S]*synapse model changes"),
        (ForgetsTheLoop, r"row: must be looped over \(got 'synapses'\)[\s\S]*for s in synapses"),
        (LooksBack, r"row: must be an attribute of neuron, synapses, p \(got 's\.weight'\)"),
        (LoopsTooDeep, r"row: must be looped over at most 2 deep[\s\S]*for u in synapses"),
        (DrawsInside, r"must not be drawn inside two loops over synapses \(got 'uniform\(\)'\)"),
        (RemovesWith, r"row: must be remove\(\), without arguments \(got 's\.remove\(1\)'\)"),
        (ReusesTheName, r"row: must be a loop variable of its own \(got 's'\)"),
        (CountsInRows, r"CountsInRows\.row: must not use poisson\(\)"),
        (Returns, r"Returns\.row: must not return a value"),
    ],
)  # fmt: skip
def test_a_bad_row_form_is_refused_where_it_is_used(rule, message):
    with pytest.raises(RuleError) as caught:
        network(rule)
    assert re.search(message, str(caught.value)), str(caught.value)


def test_distances_need_space():
    class Near(RewiringRule):
        rows = "source"

        @staticmethod
        def row(neuron, synapses, p):
            for s in synapses:
                if s.distance > 2.0:
                    s.remove()

    with pytest.raises(SpecError, match=r"Population 'a'\.space: must be given: the rule asks for"):
        network(Near)
