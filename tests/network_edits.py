"""One edit of each kind, of the network `tests.networks.balanced`."""

from __future__ import annotations

from snnlab.model.connectivity import FixedIndegree
from snnlab.model.distribution import Uniform
from snnlab.model.edits import (
    AddPopulation,
    AddProjection,
    AddStimulus,
    Lesion,
    RemovePopulation,
    RemoveProjection,
    RemoveStimulus,
    SetParameter,
)
from snnlab.model.network import Population, Projection
from snnlab.model.stimuli import PoissonInput

EDITS = {
    "knob": SetParameter("", "g", 3.0),
    "neuron parameter": SetParameter("exc", "tau_m", "25 ms"),
    "parameter that varies": SetParameter("exc", "V_th", Uniform(18.0, 22.0)),
    "weight": SetParameter("exc->inh", "weight", 0.7),
    "drawn weight": SetParameter("exc->inh", "weight", Uniform(0.1, 0.7)),
    "delay": SetParameter("exc->inh", "delay", "2.5 ms"),
    "lesion": Lesion("exc", range(3, 60)),
    "rule": SetParameter("exc->inh", "rule", FixedIndegree(7)),
    "rate": SetParameter("to_exc", "rate", 2000.0),
    "population added": AddPopulation(Population("new", 200, "LIFCondExp")),
    "population removed": RemovePopulation("inh"),
    "projection added": AddProjection(
        Projection("inh", "exc", FixedIndegree(5), -0.1, 0.2, name="extra")
    ),
    "projection removed": RemoveProjection("inh->exc"),
    "stimulus added": AddStimulus(PoissonInput("more", "exc", rate=100.0, weight=1.0)),
    "stimulus removed": RemoveStimulus("to_inh"),
}
