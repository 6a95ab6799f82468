"""The neuron models that ship with snnlab, one file each. Importing this registers them."""

from snnlab.model.neurons.lif_delta import LIFDelta
from snnlab.model.neurons.lif_exp import LIFExp

__all__ = ["LIFDelta", "LIFExp"]
