"""Rules of rewiring that use what a rule may use, for tests of all that computes them."""

from __future__ import annotations

from snnlab.model.parameter import Parameter
from snnlab.model.rewiring import RewiringRule
from snnlab.model.synapse import Synapse
from snnlab.rules.intrinsics import max, normal, uniform


class Busy(RewiringRule):
    """Half of the synapses that are looked at go, near pairs get one, crowded targets do not."""

    far = Parameter(3.0, "um", "farthest that connects", low=0.0)

    @staticmethod
    def prune(syn, pair, p):
        return uniform() < 0.5 or syn.weight < 0.0

    @staticmethod
    def accept(pair, p):
        return pair.distance <= p.far and pair.indegree < 12 and uniform() < 0.9


class Churn(RewiringRule):
    """Some synapses go, more of those onto crowded targets; near pairs get one."""

    replaces = True
    p_go = Parameter(0.04, "1", "probability that a synapse goes", low=0.0)
    far = Parameter(4.0, "um", "farthest that connects", low=0.0)

    @staticmethod
    def prune(syn, pair, p):
        return uniform() < (p.p_go if pair.indegree < 9 else 2 * p.p_go) or syn.weight < 0.0

    @staticmethod
    def accept(pair, p):
        return pair.distance <= p.far and pair.indegree < 14 and uniform() < 0.9


class Drift(RewiringRule):
    """Does not ask for in-degrees: rows may be visited side by side."""

    replaces = True

    @staticmethod
    def prune(syn, pair, p):
        return uniform() < 0.1 * syn.weight

    @staticmethod
    def accept(pair, p):
        return pair.distance < 5.0 and uniform() < 0.5


class Restless(RewiringRule):
    """Uses all that a rule may: states, distance, in-degree, several draws."""

    width = Parameter(2.0, "um", "of the kernel", above=0.0)
    rate = Parameter(0.6, "1", "how often a synapse goes", low=0.0)

    @staticmethod
    def prune(syn, pair, p):
        return uniform() < p.rate * (1.1 - syn.weight / 6.0) and normal() < 0.5 * pair.distance

    @staticmethod
    def accept(pair, p):
        return normal() * p.width > pair.distance - 2.0 and pair.indegree < 20


class Crowded(RewiringRule):
    """Each target drops a fifth of its synapses and gets near ones from sources that fired."""

    ranks = "target"
    share = Parameter(0.2, "1", "of the synapses that goes", low=0.0)

    @staticmethod
    def score(syn, pair, p):
        return syn.weight * (1.0 + 0.1 * normal()) - 0.01 * pair.distance

    @staticmethod
    def gain(pre, post, pair, p):
        return pre.K_plus - 0.5 * pair.distance - 0.1 * pair.indegree + 0.001 * post.V_m

    @staticmethod
    def n_going(group, p):
        return p.share * group.n


class Spread(RewiringRule):
    """Each source loses its weakest synapse and gets two, until it has 9."""

    ranks = "source"
    candidates = 3

    @staticmethod
    def score(syn, pair, p):
        return abs(syn.weight)

    @staticmethod
    def gain(pre, post, pair, p):
        return uniform() - pair.indegree

    @staticmethod
    def n_going(group, p):
        return 1

    @staticmethod
    def n_coming(group, p):
        return 2 if group.n < 9 else group.n_gone


class Graded(RewiringRule):
    """Near pairs get strong synapses, of a size that varies; it draws before it weighs."""

    spread = Parameter(0.3, "1", "of the weights", low=0.0)

    @staticmethod
    def derive(p, dt):
        return {"half": p.spread / 2}

    @staticmethod
    def prune(syn, pair, p):
        return uniform() < 0.5

    @staticmethod
    def accept(pair, p):
        return uniform() < 0.8

    @staticmethod
    def initial(pair, p):
        return p.weight / (1.0 + pair.distance) * (1.0 + p.half * uniform()) + 0.01 * pair.indegree


class Replaced(Graded):
    """The same for synapses that are replaced."""

    replaces = True

    @staticmethod
    def prune(syn, pair, p):
        return uniform() < 0.1


class Ranked(RewiringRule):
    """The same for synapses that are ranked; gain and weight are drawn for the same pair."""

    ranks = "target"

    @staticmethod
    def gain(pre, post, pair, p):
        return uniform() - 0.1 * pair.indegree

    @staticmethod
    def n_going(group, p):
        return 0.2 * group.n

    @staticmethod
    def initial(pair, p):
        return p.weight / (1.0 + pair.distance) * (1.0 + 0.1 * normal()) + 0.01 * pair.indegree


class Unbounded(Synapse):
    """Weights wander with the spikes of both neurons, across zero as well."""

    @staticmethod
    def on_pre(syn, pre, post, p):
        syn.weight = syn.weight - 0.04
        return syn.weight

    @staticmethod
    def on_post(syn, pre, post, p):
        syn.weight = syn.weight + 0.05


class Strongest(RewiringRule):
    """Each target keeps its strongest: of equal ones, those with the highest marks."""

    rows = "target"
    kept = Parameter(4.0, "1", "synapses that a target keeps", low=0.0)

    @staticmethod
    def row(neuron, synapses, p):
        if neuron.n_synapses <= p.kept:
            return
        for s in synapses:
            before = 0
            for t in synapses:
                if t.weight > s.weight or (t.weight == s.weight and t.mark > s.mark):
                    before += 1
            if before >= p.kept:
                s.remove()


class Far(RewiringRule):
    """Each source loses synapses beyond its mean distance, by chance; it gets marked near ones."""

    rows = "source"
    candidates = 4
    odds = Parameter(0.5, "1", "at which a far one goes", low=0.0)

    @staticmethod
    def row(neuron, synapses, p):
        mean = 0.0
        for s in synapses:
            mean += s.distance / neuron.n_synapses
        reach = mean * (1.0 + 0.1 * normal())
        for s in synapses:
            drawn = 0.0
            for _ in range(2):
                drawn = max(drawn, uniform())
            if s.distance > reach and drawn < p.odds and s.mark < 0.9 and s.indegree > 1:
                s.remove()

    @staticmethod
    def gain(pre, post, pair, p):
        return uniform() - pair.distance

    @staticmethod
    def n_coming(group, p):
        return group.n_gone

    @staticmethod
    def initial(pair, p):
        return p.weight * (1.0 + 0.5 * uniform())
