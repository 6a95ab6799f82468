"""What a GPU does not do: rewiring by rules that replace the synapses that go."""

from __future__ import annotations

from snnlab.errors import BuildError
from snnlab.model.network import Network

__all__ = ["refuse_replacing"]


def refuse_replacing(network: Network) -> None:
    """Refuse rules with ``replaces = True``.

    Raises
    ------
    BuildError
        There is one.
    """
    for rewiring in network.rewirings:
        if rewiring.model.replaces:
            raise BuildError(
                f"Rewiring {rewiring.name!r}.rule", "must not replace synapses on a GPU",
                got=f"{rewiring.rule}, which forms as many as go",
                remedy="Use device='cpu', or a rule that draws attempts.",
            )  # fmt: skip
