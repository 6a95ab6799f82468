"""A network that grows from nothing until its neurons fire as much as they should."""

from __future__ import annotations

from snnlab.errors import SpecError
from snnlab.model.connectivity import PairwiseBernoulli
from snnlab.model.growth_curves import GaussianGrowth
from snnlab.model.network import Knob, Network, Population, Projection
from snnlab.model.parameter import Parameter
from snnlab.model.rewiring import Rewiring
from snnlab.model.stimuli import PoissonInput
from snnlab.model.synaptic_elements import SynapticElements

__all__ = ["homeostatic"]

N_DEFAULT = 1000
KNOBS = {
    "eps_exc": Parameter(
        0.05, "1", "target calcium of excitatory neurons", above=0.0, slider=(0.02, 0.2)
    ),
    "eps_inh": Parameter(
        0.2, "1", "target calcium of inhibitory neurons", above=0.0, slider=(0.05, 0.4)
    ),
    "growth_rate": Parameter(
        1e-4, "1/ms", "elements that grow in a ms, at most", low=0.0, slider=(0.0, 5e-4)
    ),
    "background": Parameter(
        10000.0, "Hz", "rate of each neuron's input from outside", low=0.0, slider=(8000.0, 12000.0)
    ),
    "speed": Parameter(
        1.0, "1", "how many times faster calcium and elements are than in the original",
        above=0.0, slider=(0.5, 20.0),
    ),
}  # fmt: skip


def homeostatic(
    *, scale: float = 1.0, N: int = 0, speed: float = 1.0, dt: float = 0.1, seed: int = 1
) -> Network:
    """Return NEST's example of structural plasticity: two populations without any synapse.

    Background input keeps neurons just below their target. They grow axonal and dendritic
    elements until synapses between these bring excitatory neurons to 5 Hz, inhibitory ones to
    20 Hz: calcium is ``rate tau_Ca beta_Ca``. That takes about 100 s of model time.

    Parameters
    ----------
    scale : float
        Multiplies the number of neurons; how many synapses each needs stays the same.
    N : int
        Number of neurons; 0: 1000.
    speed : float
        How many times faster calcium and elements are than in the original, and the structure is
        updated more often. The activity to which the network comes is the same. A knob, too.
    dt : float [ms]
        Time step.
    seed : int
        Seed of the network.

    References
    ----------
    Butz, van Ooyen (2013), A simple rule for dendritic spine and axonal bouton formation can
    account for cortical reorganization after focal retinal lesions, PLOS Computational Biology 9,
    e1003259: the model. Numbers are those of NEST's example ``structural_plasticity.py``.
    """
    size = round((N or N_DEFAULT) * scale)
    if size < 5:
        raise SpecError("homeostatic.N", "must be at least 5 neurons", got=str(size))
    n_exc = round(0.8 * size)
    nobody = PairwiseBernoulli(0.0)
    ends = [("exc", "exc"), ("exc", "inh"), ("inh", "exc"), ("inh", "inh")]
    knobs = [Knob(name, parameter.default, parameter) for name, parameter in KNOBS.items()]
    knobs[-1] = Knob("speed", speed, KNOBS["speed"])
    return Network(
        [Population("exc", n_exc, "LIFAlpha"), Population("inh", size - n_exc, "LIFAlpha")],
        [
            Projection(pre, post, nobody, 585.0 if pre == "exc" else -585.0, 1.0)
            for pre, post in ends
        ],
        stimuli=[
            PoissonInput(f"background to {name}", name, rate="background", weight=6.2)
            for name in ("exc", "inh")
        ],
        rewirings=[
            Rewiring(
                f"{pre}->{post}", "Homeostatic", "1000 / speed", name=f"growth of {pre}->{post}",
                pre_synaptic_element="Axon_ex" if pre == "exc" else "Axon_in",
                post_synaptic_element="Den_ex" if pre == "exc" else "Den_in",
            )
            for pre, post in ends
        ],
        synaptic_elements=[
            _elements("exc", "eps_exc", {"Den_ex": 1, "Den_in": 1, "Axon_ex": 1}),
            _elements("inh", "eps_inh", {"Den_ex": 4, "Den_in": 1, "Axon_in": 1}),
        ],
        knobs=knobs, dt=dt, seed=seed, name="homeostatic",
        description="Two populations that grow from nothing to a target of their activity",
        source="Butz, van Ooyen (2013), PLOS Computational Biology 9, e1003259; NEST's "
        "structural_plasticity.py",
    )  # fmt: skip


def _elements(population: str, target: str, kinds: dict[str, int]) -> SynapticElements:
    """Elements that grow between no calcium and the target, each kind so many times as fast."""
    curves = {
        kind: GaussianGrowth(growth_rate=f"{times} * growth_rate * speed", eta=0.0, eps=target)
        for kind, times in kinds.items()
    }
    return SynapticElements(
        population, curves, tau_Ca="10000 / speed", beta_Ca="0.001 * speed", Ca=0.0
    )
