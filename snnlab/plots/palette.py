"""Colours of the populations: Okabe and Ito's, told apart with any colour vision."""

from __future__ import annotations

__all__ = ["ON_DARK", "ON_LIGHT", "colours"]

ON_LIGHT = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F", "#000000")
"""Order for a white background: strong contrast first, so that two populations differ most."""

ON_DARK = ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#F0E442", "#D55E00", "#BBBBBB", "#FFFFFF")
"""Order for a dark background; hue by hue the counterpart of `ON_LIGHT`."""


def colours(n: int, *, dark: bool = False) -> list[str]:
    """Return a colour for each of `n` populations, as ``"#rrggbb"``.

    Populations beyond the eighth repeat the colours; legends and axes then tell them apart.

    References
    ----------
    Okabe and Ito 2008, Color Universal Design.
    """
    palette = ON_DARK if dark else ON_LIGHT
    return [palette[k % len(palette)] for k in range(n)]
