"""Random valid networks, as hypothesis draws them."""

from __future__ import annotations

from hypothesis import strategies as st

from snnlab.model import connectivity as rules
from snnlab.model.distribution import ClippedNormal, LogNormal, Normal, Uniform
from snnlab.model.growth_curves import GaussianGrowth, LinearGrowth, SigmoidGrowth
from snnlab.model.network import Knob, Network, Population, Projection
from snnlab.model.parameter import Parameter
from snnlab.model.recorders import Recorder, StateRecorder, SynapseRecorder
from snnlab.model.rewiring import PARTNERS, Rewiring
from snnlab.model.space import Grid, RandomPositions
from snnlab.model.stimuli import PoissonInput, StepCurrent, Volley
from snnlab.model.synaptic_elements import SynapticElements

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
above = st.floats(0.2, 9.0) | st.just("0.2 + J")
curves = st.one_of(
    st.builds(LinearGrowth, st.floats(-1.0, 1.0), above),
    st.builds(GaussianGrowth, st.just("J / 100"), st.floats(-1.0, 0.1), above, z=positive),
    st.builds(SigmoidGrowth, st.just(0.1), voltage, above, tau_vacant=st.floats(0.0, 1.0)),
)
kinds = st.sampled_from(["Den_ex", "Axon", "population", "kind"])
extents = st.tuples(positive, positive)
spaces = st.one_of(
    st.builds(RandomPositions, extents, st.booleans()),
    st.builds(Grid, extents, st.booleans(), st.sampled_from([(3, 4), (12, 1)])),
)


@st.composite
def recorders(draw: st.DrawFn, name: str, populations: list[str]) -> Recorder:
    """A recorder of neurons, or of the synapses of the projection "plastic"."""
    interval = draw(st.sampled_from([0, "1 ms"]))
    if draw(st.booleans()):
        return StateRecorder(name, draw(st.sampled_from(populations)), interval=interval)
    some = st.none() | st.lists(st.integers(0, SIZE - 1), min_size=1, max_size=3)
    return SynapseRecorder(name, "plastic", "weight", draw(some), draw(some), draw(some), interval)


@st.composite
def rewirings(draw: st.DrawFn, name: str, projection: str) -> Rewiring:
    """A rewiring of a projection whose start weight is at least 0.5."""
    common = {"w_threshold": st.floats(0.0, 1.0) | st.just("J / 2"), "p_form": st.floats(0.0, 1.0)}
    own = {"Magnitude": {}, "Topographic": {"sigma_form": positive | st.just("3 um")}}
    rule = draw(st.sampled_from(sorted(own)))
    return Rewiring(
        projection, rule, draw(st.sampled_from(["1 ms", 0.1, 2.5])),
        draw(st.integers(1, 30) | st.just("20 * (1 + J)")),
        draw(st.fixed_dictionaries({}, optional=common | own[rule])),
        draw(st.none() | st.floats(0.1, 0.5)), name, draw(st.sampled_from(PARTNERS)),
    )  # fmt: skip


def elements(population: str) -> st.SearchStrategy[SynapticElements]:
    """Synaptic elements of a population."""
    return st.builds(
        SynapticElements, st.just(population), st.dictionaries(kinds, curves, max_size=2),
        tau_Ca=positive | st.just("10 s"), beta_Ca=positive,
    )  # fmt: skip


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
            lesioned=draw(st.just(()) | st.sets(st.integers(0, SIZE - 1))),
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
        ] + [Projection(draw(some), draw(some), rules.AllToAll(), 0.5, name="plastic",
                        synapse="STDP", parameters={"W_max": draw(st.floats(0.5, 9.0))})],
        stimuli=[
            draw(st.builds(Volley, st.just(f"stimulus {i}"), some, st.just((0.5, 1.0)), positive)
                 | st.builds(PoissonInput, st.just(f"stimulus {i}"), some, positive, positive)
                 | st.builds(StepCurrent, st.just(f"stimulus {i}"), some, voltage))
            for i in n
        ],
        recorders=[draw(recorders(f"r {i}", [p.name for p in populations])) for i in n],
        rewirings=[draw(rewirings(f"rewiring {i}", "plastic")) for i in n],
        synaptic_elements=[draw(elements(p.name)) for p in populations if draw(st.booleans())],
        knobs=[Knob("J", draw(positive), Parameter(1.0, "mV", draw(names), above=0.0))],
        dt=0.1, seed=draw(st.integers(0, 2**32 - 1)),
        name=draw(names), description=draw(names),
    )  # fmt: skip
