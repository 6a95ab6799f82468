"""Networks in which every neuron model meets every synapse model, storage and kind of delay.

One network for each neuron model holds all synapse models and kinds of storage. Delays, rules and
precision take turns, so that each meets each synapse model and each neuron model: all pairs, in a
tenth of the networks that all combinations would take.
"""

from __future__ import annotations

from snnlab.model.connectivity import (
    AllToAll,
    FixedIndegree,
    FixedOutdegree,
    FixedTotalNumber,
    PairwiseBernoulli,
)
from snnlab.model.distribution import ClippedNormal, Uniform
from snnlab.model.network import Network, Population, Projection
from snnlab.model.neuron import models as neuron_models
from snnlab.model.recorders import StateRecorder
from snnlab.model.stimuli import PoissonInput
from snnlab.model.synapse import models as synapse_models

TARGETS = tuple(
    name for name, model in neuron_models().items()
    if "exc" in model.receptors and model.__module__.startswith("snnlab.")
)  # fmt: skip
"""Models that ship: tests have some of their own, which are known as soon as they are read."""

PLASTIC = tuple(
    name for name, model in synapse_models().items()
    if not model.is_static() and model.__module__.startswith("snnlab.")
)  # fmt: skip
DELAYS = (0.1, 1.5, ClippedNormal(1.5, 0.8, low=0.1), Uniform(0.1, 7.0))
RULES = (
    FixedIndegree(12), FixedOutdegree(30), FixedTotalNumber(900), PairwiseBernoulli(0.2),
    FixedIndegree(9, autapses=False, multapses=False), AllToAll(autapses=False),
)  # fmt: skip
TYPICAL = {"pA": 60.0, "nS": 0.6, "mV": 0.4}
"""Weight that matters and does not overwhelm, by the unit of the receptor."""
CURRENT = {"AdEx": Uniform(600.0, 900.0), "LIFCondExp": Uniform(200.0, 400.0)}
"""What neurons that are hard to excite get besides [pA]: one value for each neuron."""


PRECISIONS = ("float32", "float64")


def precision_of(k: int) -> str:
    """Precision in which network `k` is run."""
    return PRECISIONS[k % 2]


def weights(name: str) -> dict[str, object]:
    """Weight of each kind of storage, for receptors of a model."""
    unit = neuron_models()[name].receptors["exc"].unit
    w = TYPICAL[unit]
    return {
        "shared": w,
        "packed": ClippedNormal(w, 0.3 * w, low=0.0),
        "wide": ClippedNormal(1e-3 * w, w, low=0.0),
    }


def everything(k: int) -> Network:
    """Target model number `k` under all kinds of synapses."""
    name = TARGETS[k]
    of_kind = weights(name)
    typical = float(of_kind["shared"])  # type: ignore[arg-type]
    projections = []
    for i, kind in enumerate((*of_kind, *PLASTIC)):
        is_static = kind in of_kind
        projections.append(
            Projection(
                "post" if i % 3 == 0 else "pre",
                "post",
                RULES[(i + k) % len(RULES)],
                of_kind[kind] if is_static else Uniform(0.2 * typical, typical),
                DELAYS[(i + k // 2) % len(DELAYS)],
                name=kind,
                synapse="Static" if is_static else kind,
                parameters={"W_max": 2.0 * typical} if _is_bounded(kind) else {},
                modulator="pre" if kind == "STDPDopamine" else "",
                dendritic_fraction=(1.0, 0.6)[(i + k) % 2],
            )
        )
    populations = [
        Population("pre", 60, "PoissonSource", {"rate": 40.0}),
        Population("post", 150, name, {"I_e": CURRENT[name]} if name in CURRENT else {}),
    ]
    drive = PoissonInput("drive", "post", rate=5000.0, weight=typical)
    voltage = StateRecorder("voltage", "post", ("V_m",), (0, 127, 128, 149), 0.3)
    return Network(populations, projections, stimuli=[drive], recorders=[voltage], seed=k)


def _is_bounded(kind: str) -> bool:
    return kind in synapse_models() and "W_max" in synapse_models()[kind].parameters
