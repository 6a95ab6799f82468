"""Networks whose synapses come and go, by every form of a rule."""

from __future__ import annotations

from snnlab.model.connectivity import DistanceDependent, FixedIndegree, PairwiseBernoulli
from snnlab.model.network import Network, Population, Projection
from snnlab.model.recorders import SynapseRecorder
from snnlab.model.rewiring import Rewiring
from snnlab.model.rewirings import RelativeThreshold
from snnlab.model.space import Grid
from snnlab.model.stimuli import MovingBlob, PoissonInput
from tests.rewiring_rules import (
    Busy,
    Churn,
    Crowded,
    Drift,
    Far,
    Graded,
    Ranked,
    Replaced,
    Restless,
    Spread,
    Strongest,
    Unbounded,
)

SHEET = Grid((10.0, 10.0), True, (10, 10))


def restless(partner: str = "uniform", *, attempts: int = 60) -> Network:
    """Every kind of rows that may grow, beside rows that do not, under a blob that moves."""
    sheet = Grid((12.0, 12.0), True, (12, 12))
    source = Population("source", 144, "PoissonSource", {"rate": 20.0}, space=sheet)
    a = Population("a", 144, "LIFDelta", {"t_ref": 1.0}, space=sheet)
    b = Population("b", 144, "LIFExp", space=Grid((12.0, 12.0), False, (12, 12)))
    rule = FixedIndegree(12, multapses=False)
    projections = [
        Projection("source", "a", rule, 3.0, 0.3, name="map", synapse="STDP",
                   parameters={"W_max": 6.0, "learning_rate": 0.05}),
        Projection("a", "a", rule, 0.3, 1.1, name="triplet", synapse="STDPTriplet",
                   parameters={"W_max": 6.0}, dendritic_fraction=0.6),
        Projection("a", "b", rule, 4.0, 0.5, name="depressing", synapse="TsodyksMarkram"),
        Projection("b", "a", rule, -0.2, 2.0, name="static"),
        Projection("b", "b", FixedIndegree(10), 20.0, 1.0, name="dopamine",
                   synapse="STDPDopamine", parameters={"W_max": 100.0}, modulator="source"),
        Projection("source", "b", FixedIndegree(20), 200.0, 1.2, name="stays"),
    ]  # fmt: skip
    rewirings = [
        Rewiring("map", Restless, 0.5, attempts, partner=partner, name="fast"),
        Rewiring("triplet", Restless, 1.0, attempts, {"width": 4.0}, name="slow"),
        Rewiring("depressing", Restless, 0.7, attempts, name="seldom"),
        Rewiring("static", Restless, 0.3, 5, {"rate": 0.1}, partner=partner, name="often"),
        Rewiring("map", Restless, 1.1, 300, name="crowded"),
    ]
    drive = [
        PoissonInput("to_a", "a", rate=9000.0, weight=0.6),
        MovingBlob("blob", "source", interval=3.3),
    ]
    recorder = SynapseRecorder("weights", "dopamine", interval=1.0)
    return Network(
        [source, a, b], projections, stimuli=drive, rewirings=rewirings, recorders=[recorder]
    )


def churning(*, synapse: str = "STDP", seed: int = 1) -> Network:
    """Projections whose synapses are replaced, one of them by attempts as well."""
    sheet = Grid((12.0, 12.0), True, (12, 12))
    source = Population("source", 144, "PoissonSource", {"rate": 60.0}, space=sheet)
    target = Population("target", 144, "LIFDelta", {"t_ref": 1.0}, space=sheet)
    learning = {"W_max": 6.0, "learning_rate": 0.05} if synapse == "STDP" else {}
    projections = [
        Projection("source", "target", DistanceDependent(0.5, 2.0), 3.0, 0.3, name="forward",
                   synapse=synapse, parameters=learning),
        Projection("target", "target", PairwiseBernoulli(0.05, autapses=False), 0.5, 1.5,
                   name="lateral"),
    ]  # fmt: skip
    rules = [
        Rewiring("forward", Churn, 0.5, 1, name="churn"),
        Rewiring("lateral", Churn, 1.0, 1, {"far": 7.0}, name="churn too"),
        Rewiring("forward", Busy, 0.7, 20, name="attempts"),
        Rewiring("forward", Churn, 1.1, 1, {"p_go": 0.2}, name="churn again"),
    ]
    return Network([source, target], projections, rewirings=rules, seed=seed)


def replacing(*, synapse: str = "STDPTriplet") -> Network:
    """Rules of both kinds on the same rows, one of them in every step."""
    network = churning(synapse=synapse)
    drift = Rewiring("forward", Drift, 0.3, name="drift")
    often = Rewiring("lateral", Drift, 0.1, name="often", weight=0.2)
    return network.replace(rewirings=[drift, *network.rewirings, often])


def ranking(*rewirings: Rewiring, synapse: str = "STDP", seed: int = 1) -> Network:
    """Two sheets, and synapses that learn between them; others lie beside them."""
    source = Population("source", 100, "PoissonSource", {"rate": 80.0}, space=SHEET)
    target = Population("target", 100, "LIFDelta", {"t_ref": 1.0}, space=SHEET)
    learning = {"W_max": 6.0, "learning_rate": 0.05} if synapse == "STDP" else {}
    projections = [
        Projection("source", "target", PairwiseBernoulli(0.08), 3.5, 0.3, name="forward",
                   synapse=synapse, parameters=learning),
        Projection("target", "target", FixedIndegree(5, autapses=False, multapses=False), 0.4, 1.5,
                   name="lateral"),
        Projection("target", "target", FixedIndegree(5), 0.2, 0.5, name="stays", synapse="STDP",
                   parameters={"W_max": 6.0}),
    ]  # fmt: skip
    recorder = SynapseRecorder("weights", "stays", interval=1.0)
    return Network([source, target], projections, rewirings=rewirings, recorders=[recorder],
                   seed=seed)  # fmt: skip


def ranked() -> Network:
    """All kinds of rules on the same rows, some of them due at the same steps."""
    return ranking(
        Rewiring("forward", Crowded, 1.0, name="crowded"),
        Rewiring("forward", Churn, 0.5, name="churn"),
        Rewiring("lateral", "SET", 1.5, name="set", weight=0.3),
        Rewiring("lateral", Busy, 0.5, 10, name="attempts"),
        Rewiring("forward", Spread, 2.0, name="spread", weight=1.0),
    )


def weighed(*rewirings: Rewiring, rate: float = 0.0, seed: int = 1) -> Network:
    """Sources onto targets; without a rate nobody fires and no weight changes."""
    sheet = Grid((12.0, 12.0), True, (12, 12))
    source = Population("source", 144, "PoissonSource", {"rate": rate}, space=sheet)
    target = Population("target", 144, "LIFDelta", {"t_ref": 1.0}, space=sheet)
    projection = Projection(
        "source", "target", PairwiseBernoulli(0.1), 3.0, 0.3, name="p", synapse="STDP",
        parameters={"W_max": 6.0, "learning_rate": 0.05},
    )  # fmt: skip
    return Network([source, target], [projection], rewirings=rewirings, seed=seed)


def weighing() -> Network:
    """All kinds of rules on the same rows while these learn, some due at the same steps."""
    return weighed(
        Rewiring("p", Graded, 0.3, 30, name="pairs", weight=2.0),
        Rewiring("p", Replaced, 0.5, name="replaced", weight=1.0),
        Rewiring("p", Ranked, 1.0, name="ranked", weight=4.0),
        rate=60.0,
    )


def marked(*rewirings: Rewiring, rate: float = 0.0, weight: float = 1.0, seed: int = 5) -> Network:
    """Sources onto targets; without a rate nobody fires and no weight changes."""
    source = Population("source", 144, "PoissonSource", {"rate": rate})
    target = Population("target", 144, "LIFDelta", {"t_ref": 1.0})
    projection = Projection(
        "source", "target", PairwiseBernoulli(0.1), weight, 0.3, name="p", synapse=Unbounded
    )
    return Network([source, target], [projection], rewirings=rewirings, seed=seed)


def deep(**parameters: float) -> Network:
    """DEEP R with a sign for every connection, whose synapses learn without bounds."""
    rewiring = Rewiring("p", "DeepR", 0.5, 1, {"sign": 0.0} | parameters, 0.0, name="deep")
    return marked(rewiring, rate=50.0, weight=0.125)


def signed() -> Network:
    """The same, with weights that drift and walk."""
    return deep(drift=0.01, temperature=1e-3)


def in_rows(*rewirings: Rewiring, synapse: str = "STDP", seed: int = 1) -> Network:
    """Two sheets, and synapses that learn between them."""
    source = Population("source", 100, "PoissonSource", {"rate": 80.0}, space=SHEET)
    target = Population("target", 100, "LIFDelta", {"t_ref": 1.0}, space=SHEET)
    learning = {"W_max": 6.0, "learning_rate": 0.05} if synapse == "STDP" else {}
    projection = Projection(
        "source", "target", PairwiseBernoulli(0.1), 3.5, 0.3, name="p", synapse=synapse,
        parameters=learning,
    )  # fmt: skip
    return Network([source, target], [projection], rewirings=rewirings, seed=seed)


def rows() -> Network:
    """Row forms of both ends on the same rows as other rules, some due at the same steps."""
    return in_rows(
        Rewiring("p", Far, 1.0, name="far", weight=2.0),
        Rewiring("p", Busy, 0.5, 20, name="attempts"),
        Rewiring("p", RelativeThreshold, 1.5, 1, {"fraction": 0.95}, name="weak", weight=1.0),
        Rewiring("p", Strongest, 3.0, 1, {"kept": 8.0}, name="strongest"),
    )
