"""Networks whose synapses are drawn by every rule, and kept in every way."""

from __future__ import annotations

from snnlab.build.storage import PACKED, PLASTIC, SHARED, WIDE
from snnlab.model.connectivity import (
    AllToAll,
    Connectivity,
    DistanceDependent,
    FixedIndegree,
    FixedOutdegree,
    FixedTotalNumber,
    OneToOne,
    PairwiseBernoulli,
)
from snnlab.model.distribution import ClippedNormal, Distribution, LogNormal, Uniform
from snnlab.model.network import Network, Population, Projection
from snnlab.model.space import RandomPositions

N = 150
DELAYS = Uniform(1.0, 2.0)
NARROW, BROAD = ClippedNormal(1.0, 0.1, low=0.0), LogNormal(0.0, 2.0)

STORAGE: dict[str, tuple[int, float | Distribution, float | Distribution, str]] = {
    "shared": (SHARED, 1.0, 1.5, "Static"),
    "shared, drawn delays": (SHARED, 1.0, DELAYS, "Static"),
    "packed": (PACKED, NARROW, 1.5, "Static"),
    "packed, drawn delays": (PACKED, NARROW, DELAYS, "Static"),
    "wide": (WIDE, BROAD, 1.5, "Static"),
    "wide, drawn delays": (WIDE, BROAD, DELAYS, "Static"),
    "plastic": (PLASTIC, NARROW, 1.5, "STDP"),
    "plastic, drawn delays": (PLASTIC, NARROW, DELAYS, "STDP"),
}

RULES = [
    OneToOne(),
    AllToAll(),
    AllToAll(autapses=False),
    *[
        rule
        for autapses in (True, False)
        for multapses in (True, False)
        for rule in (
            FixedIndegree(40, autapses, multapses),
            FixedOutdegree(40, autapses, multapses),
            FixedTotalNumber(4000, autapses, multapses),
        )
    ],
    PairwiseBernoulli(0.2),
    PairwiseBernoulli(0.2, autapses=False),
    PairwiseBernoulli(1.0, autapses=False),
    DistanceDependent(0.7, 200.0),
    DistanceDependent(0.7, 200.0, "exponential", autapses=False),
    DistanceDependent(0.7, 200.0, "disc"),
]


def population(name: str, n: int) -> Population:
    """Neurons with places; those of a live on a torus."""
    return Population(name, n, "LIFDelta", space=RandomPositions(is_periodic=name == "a"))


def network_of(
    rule: Connectivity, storage: str = "shared", n_pre: int = N, n_post: int | None = None
) -> Network:
    """One projection a -> b, or a -> a when `n_post` is None."""
    _, weight, delay, synapse = STORAGE[storage]
    a, post = population("a", n_pre), "a" if n_post is None else "b"
    others = [] if n_post is None else [population("b", n_post)]
    projection = Projection("a", post, rule, weight, delay, name="drawn", synapse=synapse)
    return Network([a, *others], [projection], seed=7)


def several_projections(last: Distribution = NARROW) -> Network:
    """Tables of many projections, drawn by different rules, onto two populations."""
    a, b = population("a", 180), population("b", 140)
    rules = {
        ("a", "a"): [FixedIndegree(12), PairwiseBernoulli(0.1, autapses=False), OneToOne()],
        ("a", "b"): [AllToAll(), FixedOutdegree(9, multapses=False), FixedIndegree(0)],
        ("b", "a"): [DistanceDependent(0.4, 300.0), FixedTotalNumber(900), FixedIndegree(12)],
    }
    weights = {0: (1.0, 1.5), 1: (NARROW, DELAYS), 2: (last, 1.5)}
    projections = [
        Projection(pre, post, rule, *weights[w], name=f"{pre}{post}{k}{w}")
        for (pre, post), members in rules.items()
        for k, rule in enumerate(members)
        for w in weights
    ]
    plastic = Projection("b", "b", FixedIndegree(9), NARROW, 1.5, name="p", synapse="STDP")
    return Network([a, b], [*projections, plastic], seed=11)
