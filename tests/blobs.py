"""A network whose sources have rates that move."""

from __future__ import annotations

from snnlab.model.connectivity import FixedIndegree
from snnlab.model.network import Network, Population, Projection
from snnlab.model.recorders import StateRecorder
from snnlab.model.space import Grid
from snnlab.model.stimuli import MovingBlob, StepCurrent

N = 144
TORUS = Grid((12.0, 12.0), True, (12, 12))


def driven(**fields: object) -> Network:
    """Sources under a blob that drive plastic synapses; others, whose numbers stay, beside them."""
    populations = [
        Population("before", 30, "LIFExp", {"I_e": 400.0}),
        Population("source", N, "PoissonSource", {"rate": 3.0}, space=TORUS),
        Population("target", N, "LIFDelta", {"t_ref": 1.0}),
    ]
    projections = [
        Projection("source", "target", FixedIndegree(40), 3.0, 1.5, synapse="STDP",
                   parameters={"W_max": 6.0}),
        Projection("before", "target", FixedIndegree(3), 1.0, 0.3),
    ]  # fmt: skip
    stimuli = [
        MovingBlob("blob", "source", **{"interval": 2.3, **fields}),
        StepCurrent("step", "before", 300.0, start=5.0, stop=30.0),
    ]
    recorder = StateRecorder("V", "target", ("V_m",), (0, 143), 0.4)
    return Network(populations, projections, stimuli=stimuli, recorders=[recorder])
