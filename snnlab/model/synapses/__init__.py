"""The synapse models that ship with snnlab. Importing this registers them."""

from snnlab.model.synapses.static import Static
from snnlab.model.synapses.stdp import STDP, STDPDeliverFirst
from snnlab.model.synapses.stdp_dopamine import STDPDopamine
from snnlab.model.synapses.stdp_multiplicative import (
    STDPGuetig,
    STDPMultiplicative,
    STDPPowerLaw,
)
from snnlab.model.synapses.stdp_nearest import STDPNearest
from snnlab.model.synapses.stdp_triplet import STDPTriplet
from snnlab.model.synapses.tsodyks_markram import TsodyksMarkram
from snnlab.model.synapses.vogels_sprekeler import VogelsSprekeler

__all__ = [
    "STDP",
    "STDPDeliverFirst",
    "STDPDopamine",
    "STDPGuetig",
    "STDPMultiplicative",
    "STDPNearest",
    "STDPPowerLaw",
    "STDPTriplet",
    "Static",
    "TsodyksMarkram",
    "VogelsSprekeler",
]
