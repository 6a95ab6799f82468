"""What a time step has to be shorter than: what changes faster cannot be simulated with it."""

from __future__ import annotations

from collections.abc import Mapping

from snnlab.errors import SpecError
from snnlab.model.neuron import Neuron

__all__ = ["check_time_step"]

_SLACK = 1e-9
"""A time of one step, written as a decimal, may be a rounding error less than dt."""


def check_time_step(
    model: type[Neuron], p: Mapping[str, float], dt: float, *, context: str = ""
) -> None:
    """Refuse time constants and refractory periods that are shorter than a step.

    Exact integration allows time constants as short as a step; `snnlab.model.coarse_step` warns
    where others are not integrated exactly.

    Parameters
    ----------
    model : type of Neuron
    p : mapping
        Name -> value [canonical unit].
    dt : float [ms]
        Time step.

    Raises
    ------
    SpecError
        ``tau_*`` or ``C_m / g_L`` below dt, or ``t_ref`` between 0 and dt.
    """
    shortest = dt * (1.0 - _SLACK)
    times = {n: v for n, v in p.items() if n.startswith("tau") and model.parameters[n].unit == "ms"}
    if "C_m" in p and "g_L" in p:
        times["C_m / g_L"] = p["C_m"] / p["g_L"]
    for name, value in times.items():
        if value < shortest:
            raise SpecError(
                f"{model.__name__}.{name}", f"must be >= the time step, dt = {dt:g} ms",
                got=f"{value:g} ms", context=context,
                remedy="Make dt smaller, or the time constant longer.",
            )  # fmt: skip
    if 0.0 < p.get("t_ref", 0.0) < shortest:
        raise SpecError(
            f"{model.__name__}.t_ref", f"must be 0 or >= the time step, dt = {dt:g} ms",
            got=f"{p['t_ref']:g} ms", context=context,
            remedy="Make dt smaller, or the refractory period 0 or longer.",
        )  # fmt: skip
