"""What networks look like in NIR: names of nodes, time constants, what is written beside them.

NIR, the Neuromorphic Intermediate Representation, is a graph of nodes with differential equations
[1]_. It knows no time step, so that of a network is in the metadata, with the way in which the
equations are to be integrated. Times are in seconds. A spike is a current of height 1 that lasts a
step; with the resistance ``1 / (1 - alpha)`` it moves the voltage by its weight. What goes round in
a circle arrives one step later.

References
----------
.. [1] Pedersen et al., "Neuromorphic intermediate representation: a unified instruction set for
   interoperable brain-inspired computing", Nature Communications 15, 8122, 2024.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import Any

from snnlab.errors import FormatError, SpecError, StateError
from snnlab.learning.recurrent_network import RecurrentNetwork

__all__ = [
    "BLOCK", "FORMS", "INTEGRATIONS", "KEY", "Described", "check_choice", "decay", "nir_package",
    "tau_in_seconds",
]  # fmt: skip

FORMS = ("lif", "threshold")
"""One LIF node; or leaky integrators, thresholds and what leads back to them."""

INTEGRATIONS = ("exact", "euler")
"""By ``alpha = exp(-dt / tau)``, or by ``alpha = 1 - dt / tau``."""

KEY = "snnlab"
"""Of the metadata of a graph, under which the description of the network is."""

BLOCK = 1e6
"""What a refractory neuron lacks to its threshold: more than any voltage."""


@dataclass(frozen=True)
class Described:
    """What is written beside a graph.

    Parameters
    ----------
    network : RecurrentNetwork
    form, integration : str
        See `FORMS` and `INTEGRATIONS`.
    """

    network: RecurrentNetwork
    form: str
    integration: str

    def metadata(self) -> dict[str, Any]:
        """Return it as NIR stores it: a text, and the time step [s] for other readers."""
        fields = {
            "format": 1, "form": self.form, "integration": self.integration,
            "reset": "subtractive", "network": asdict(self.network),
        }  # fmt: skip
        return {KEY: json.dumps(fields), "dt": self.network.dt / 1000.0}

    @classmethod
    def of(cls, metadata: Any) -> Described | None:
        """Return what is written in the metadata of a graph; None if another program wrote it.

        Raises
        ------
        FormatError
            It is of a newer snnlab, or cannot be meant.
        """
        text = metadata.get(KEY) if isinstance(metadata, dict) else None
        if text is None:
            return None
        try:
            fields = json.loads(text)
            version, form, integration = (fields[k] for k in ("format", "form", "integration"))
            if version == 1 and form in FORMS and integration in INTEGRATIONS:
                return cls(RecurrentNetwork(**fields["network"]), form, integration)
        except (KeyError, TypeError, ValueError) as error:
            raise FormatError(
                f"Metadata {KEY!r} of the graph", "must describe a network",
                got=f"{type(error).__name__}: {error}"[:160],
                remedy="Remove it from the graph to read the graph as one of another program.",
            ) from error  # fmt: skip
        raise FormatError(
            f"Metadata {KEY!r} of the graph", "must be of format 1",
            got=f"format {version}, form {form!r}, integration {integration!r}"[:160],
            remedy="A newer snnlab wrote it: upgrade this one.",
        )  # fmt: skip


def tau_in_seconds(alpha: float, dt: float, integration: str) -> float:
    """Return the time constant [s] of what decays by `alpha` in a step.

    Parameters
    ----------
    alpha : float
    dt : float [ms]
    integration : str
        See `INTEGRATIONS`.
    """
    tau = dt / (1.0 - alpha) if integration == "euler" else -dt / math.log(alpha)
    return tau / 1000.0


def decay(tau: float, dt: float, integration: str) -> float:
    """Return what is left after a step, given a time constant [s].

    Parameters
    ----------
    tau : float [s]
    dt : float [ms]
    integration : str
        See `INTEGRATIONS`.

    Raises
    ------
    FormatError
        The step is too long for Euler's method.
    """
    if not tau > 0.0 or not math.isfinite(tau):
        raise FormatError("Time constant", "must be > 0 s", got=f"{tau:g} s")
    if integration == "exact":
        return math.exp(-dt / (1000.0 * tau))
    if dt >= 1000.0 * tau:
        raise FormatError(
            "Time constant", f"must be longer than the time step, {dt:g} ms",
            got=f"{1000.0 * tau:g} ms", remedy="Give the dt [ms] that the graph was trained with.",
        )  # fmt: skip
    return 1.0 - dt / (1000.0 * tau)


def check_choice(value: str, name: str, valid: tuple[str, ...]) -> None:
    """Refuse a word that is not one of those that are valid.

    Raises
    ------
    SpecError
    """
    if value not in valid:
        raise SpecError(name, "must be " + " or ".join(map(repr, valid)), got=repr(value))


def nir_package() -> Any:
    """Return the package nir.

    Raises
    ------
    StateError
        It is not installed.
    """
    try:
        import nir
    except ImportError as error:
        raise StateError(
            "Networks in NIR", "need the package nir", got="no such package",
            remedy="pip install 'snnlab-jupyter[nir]'.",
        ) from error  # fmt: skip
    return nir
