"""`Edit`: what every change of a network has in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from snnlab.errors import SpecError

if TYPE_CHECKING:
    from snnlab.model.network import Network

__all__ = ["Edit"]


@dataclass(frozen=True)
class Edit:
    """Abstract: a change from one network to another."""

    @property
    def is_structural(self) -> bool:
        """Whether arrays must be built anew (True) or only numbers change (False)."""
        return True

    def apply(self, network: Network) -> Network:
        """Return the changed network.

        Raises
        ------
        SpecError
            The result could not be meant; `network` is unchanged in any case.
        """
        raise _abstract(self)

    def inverse(self, network: Network) -> Edit:
        """Return the edit that leads back to `network` after this one was applied to it."""
        raise _abstract(self)


def _abstract(edit: Edit) -> SpecError:
    return SpecError(
        type(edit).__name__, "must say what it changes and what leads back",
        remedy="Use one of the edits in snnlab.model.edits.",
    )  # fmt: skip
