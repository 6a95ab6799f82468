"""`Described`: a network as text that ranks read, with the models that they cannot import."""

from __future__ import annotations

from dataclasses import dataclass

from snnlab.interop.model_reading import define_models
from snnlab.interop.model_text import models_to_text
from snnlab.interop.native_json import dumps, loads
from snnlab.model.network import Network

__all__ = ["Described"]


@dataclass(frozen=True)
class Described:
    """A network as plain text.

    Parameters
    ----------
    models : str
        Its models and rules that do not ship with snnlab: declarations, and functions as source.
    text : str
        The network, which names them.
    """

    models: str
    text: str

    @classmethod
    def of(cls, network: Network) -> Described:
        """Describe a network.

        Raises
        ------
        FormatError, RuleError
            A model of the user's own has no text that ranks can read.
        """
        return cls(models_to_text(network), dumps(network))

    def network(self) -> Network:
        """Return the network, after its models have been defined here."""
        define_models(self.models)
        return loads(self.text)
