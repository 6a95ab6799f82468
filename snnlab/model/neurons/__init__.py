"""The neuron models that ship with snnlab, one file each. Importing this registers them."""

from snnlab.model.neurons.adex import AdEx
from snnlab.model.neurons.alif import ALIF
from snnlab.model.neurons.izhikevich import Izhikevich
from snnlab.model.neurons.lif_alpha import LIFAlpha
from snnlab.model.neurons.lif_cond_exp import LIFCondExp
from snnlab.model.neurons.lif_delta import LIFDelta
from snnlab.model.neurons.lif_exp import LIFExp
from snnlab.model.neurons.lif_exp_shared import LIFExpShared
from snnlab.model.neurons.poisson_source import PoissonSource
from snnlab.model.neurons.spike_source import SpikeSource

__all__ = [
    "ALIF",
    "AdEx",
    "Izhikevich",
    "LIFAlpha",
    "LIFCondExp",
    "LIFDelta",
    "LIFExp",
    "LIFExpShared",
    "PoissonSource",
    "SpikeSource",
]
