"""A laboratory for spiking neural networks: describe a network, run it live, watch and steer it.

The names below are loaded at their first use, so that ``import snnlab`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_NAMES = {
    "interop.native_json": "load save",
    "interop.run_log": "open_log",
    "launch": "open",
    "model.connectivity": (
        "AllToAll DistanceDependent FixedIndegree FixedOutdegree FixedTotalNumber OneToOne "
        "PairwiseBernoulli"
    ),
    "model.distribution": "ClippedNormal Constant LogNormal Normal Uniform",
    "model.edits": (
        "AddPopulation AddProjection AddRecorder AddRewiring AddStimulus AddSynapticElements "
        "Lesion Recover RemovePopulation RemoveProjection RemoveRecorder RemoveRewiring "
        "RemoveStimulus RemoveSynapticElements SetParameter SetSynapticElements Several"
    ),
    "model.growth_curves": "GaussianGrowth LinearGrowth SigmoidGrowth",
    "model.network": "Knob Network Population Projection",
    "model.neuron": "Neuron",
    "model.neurons": (
        "ALIF AdEx Izhikevich LIFAlpha LIFCondExp LIFDelta LIFExp LIFExpShared PoissonSource "
        "SpikeSource"
    ),
    "model.parameter": "Parameter Receptor State",
    "model.recorders": "StateRecorder SynapseRecorder",
    "model.rewiring": "Rewiring RewiringRule",
    "model.rewirings": "SET DeepR Homeostatic Magnitude MagnitudePruning RelativeThreshold RigL "
    "Threshold Topographic",
    "model.space": "Grid RandomPositions",
    "model.stimuli": "MovingBlob PoissonInput SpikeTrains StepCurrent Volley",
    "model.synapse": "ModTrace PostTrace PreTrace Synapse",
    "model.synapses": (
        "STDP STDPDeliverFirst STDPDopamine STDPGuetig STDPMultiplicative STDPNearest "
        "STDPPowerLaw STDPTriplet Static TsodyksMarkram VogelsSprekeler"
    ),
    "model.synaptic_elements": "SynapticElements",
    "session": "CvBeyond Holds RateBeyond SampleBeyond Session SpikeOf WeightBeyond",
}
"""Module -> the public names that it defines."""

_FOLDERS = ("analysis", "errors", "interop", "learning", "plots", "presets", "record", "units")
"""Modules that are public as a whole: ``snnlab.presets.brunel``."""

_HOMES = {name: f"snnlab.{home}" for home, names in _NAMES.items() for name in names.split()}

# Without `open`: a star import must not replace Python's own.
__all__ = ["__version__", *_FOLDERS, *sorted(_HOMES.keys() - {"open"})]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in _FOLDERS:
        return import_module(f"snnlab.{name}")
    raise AttributeError(f"module 'snnlab' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "open"])
