"""Areas of cortex, each with the layers of the microcircuit, that project to one another."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from snnlab.errors import SpecError
from snnlab.model.connectivity import FixedTotalNumber
from snnlab.model.distribution import ClippedNormal, Distribution, Normal
from snnlab.model.network import Knob, Network, Population, Projection
from snnlab.model.parameter import Parameter
from snnlab.model.stimuli import PoissonInput
from snnlab.presets.area_model import AreaModel, load_areas, synthetic_areas
from snnlab.presets.microcircuit import (
    C_M,
    DELAY,
    E_L,
    PSP,
    RATE_EXT,
    RELATIVE_SD,
    T_REF,
    TAU_M,
    TAU_SYN,
    V_TH,
    G,
    psc_per_psp,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["multi_area"]

KNOBS = (
    Knob(
        "g",
        G,
        Parameter(
            G,
            "1",
            "strength of inhibition relative to excitation",
            low=0.0,
            slider=(2.0, 12.0),
        ),
    ),
    Knob(
        "rate_ext",
        RATE_EXT,
        Parameter(RATE_EXT, "Hz", "rate of each external synapse", low=0.0, slider=(0.0, 16.0)),
    ),
    Knob(
        "chi",
        1.0,
        Parameter(1.0, "1", "factor of the weights between areas", low=0.0, slider=(0.0, 3.0)),
    ),
)

POTENTIAL = (-58.0, 10.0)
"""Mean and standard deviation of the first potentials [mV] where the areas have none."""


def multi_area(
    *,
    areas: int = 4,
    scale: float = 0.1,
    N_scaling: float = 0.0,
    K_scaling: float = 0.0,
    delay_sd: float = 0.25,
    data: str = "",
    dt: float = 0.1,
    seed: int = 1,
) -> Network:
    """Return a network of areas with eight populations each, and projections between all areas.

    The shape is that of the multi-area model of macaque visual cortex: microcircuits, delays that
    grow and densities that fall with distance, a fixed number of synapses for each pair of
    populations. The numbers are made up (`snnlab.presets.area_model`), but for those within an
    area, which are the microcircuit's; none of the published data is part of snnlab. A user's own
    copy of them is read with `data`. Its knobs are g, rate_ext and chi, the factor of the weights
    between areas.

    Parameters
    ----------
    areas : int
        Number of synthetic areas on a square grid; 32 have the size of the published model: 2.5
        million neurons, 12 billion synapses and 25 000 projections at scale 1.
    scale : float
        Sets `N_scaling` and `K_scaling` where they are not given.
    N_scaling : float
        Multiplies the number of neurons; 0: as `scale`.
    K_scaling : float
        Multiplies the in-degrees; 0: as `scale`. Weights grow by ``1 / sqrt(K_scaling)``, and a
        constant current makes up for the mean input that is lost. Below 0.1 layers 2/3 and 6 fall
        nearly silent, as in the microcircuit.
    delay_sd : float
        Standard deviation of the delays between areas relative to their mean; they lie within two
        of these. 0: one delay for each pair of areas.
    data : str
        Path of a file with areas, see `snnlab.presets.area_model.load_areas`; then `areas` does
        not count.
    dt : float [ms]
        Time step.
    seed : int
        Seed of the network.

    Raises
    ------
    SpecError
        A scaling that is not > 0, or smaller in-degrees where `data` has no rates.
    FormatError
        A file that does not hold areas.

    Notes
    -----
    The populations of an area follow one another, and areas that follow one another are neighbours
    on the grid: ranks that hold consecutive areas talk to few others. Populations and projections
    are named by area: ``A001.L23E``, ``A001.L23E->A002.L4E``.

    References
    ----------
    Potjans, Diesmann (2014), Cereb. Cortex 24, 785-806: within an area.
    Schmidt, Bakker, Shen, Bezgin, Diesmann, van Albada (2018), A multi-scale layer-resolved spiking
    network model of resting-state dynamics in macaque visual cortical areas, PLoS Comput. Biol.
    14, e1006359: the shape.
    """
    n_scaling = _positive("N_scaling", N_scaling or scale)
    k_scaling = _positive("K_scaling", K_scaling or scale)
    if not 0.0 <= delay_sd <= 0.5:
        raise SpecError("multi_area.delay_sd", "must be between 0 and 0.5", got=f"{delay_sd:g}")
    model = load_areas(data) if data else synthetic_areas(areas)
    return Network(
        list(_populations(model, n_scaling, k_scaling)),
        list(_projections(model, n_scaling, k_scaling, delay_sd, dt)),
        stimuli=_stimuli(model, k_scaling),
        knobs=KNOBS,
        dt=dt,
        seed=seed,
        name="multi_area",
        description=f"{len(model.areas)} areas, N_scaling {n_scaling:g}, K_scaling {k_scaling:g}",
        source="Schmidt et al. (2018), PLoS Comput. Biol. 14, e1006359 (shape); "
        + (f"numbers of {data}" if data else "synthetic numbers"),
    )


def _positive(name: str, value: float) -> float:
    if not value > 0:
        raise SpecError(f"multi_area.{name}", "must be > 0", got=f"{value:g}")
    return value


def _populations(model: AreaModel, n_scaling: float, k_scaling: float) -> Iterator[Population]:
    currents = _compensating_currents(model, k_scaling)
    start = model.V0 if model.V0 is not None else np.tile(POTENTIAL, (len(model.populations), 1))
    for i, name in enumerate(model.populations):
        yield Population(
            name,
            max(round(model.N[i] * n_scaling), 1),
            "LIFExpShared",
            parameters={
                "C_m": C_M,
                "tau_m": TAU_M,
                "tau_syn": TAU_SYN,
                "t_ref": T_REF,
                "E_L": E_L,
                "V_reset": E_L,
                "V_th": V_TH,
                "I_e": float(currents[i]),
            },
            initial={"V_m": Normal(float(start[i, 0]), float(start[i, 1]))},
            reference_rate=None if model.rate is None else float(model.rate[i]),
        )


def _compensating_currents(model: AreaModel, k_scaling: float) -> NDArray[np.float64]:
    """What makes up [pA] for the mean input that smaller in-degrees lose, see `microcircuit`."""
    if k_scaling == 1.0:
        return np.zeros(len(model.populations))
    if model.rate is None:
        raise SpecError(
            "multi_area.K_scaling",
            "must be 1 where the areas have no rates",
            got=f"{k_scaling:g}",
            remedy="Set N_scaling alone and K_scaling=1, or add the entry 'rate' to the file.",
        )
    relative = np.array([-G if name.endswith("I") else 1.0 for name in model.populations])
    weight = relative if model.weight is None else relative * model.weight
    charge = (weight * model.K) @ model.rate + model.K_ext * RATE_EXT
    lost = 1.0 - math.sqrt(k_scaling)
    return 1e-3 * TAU_SYN * lost * PSP * psc_per_psp() * charge


def _projections(
    model: AreaModel, n_scaling: float, k_scaling: float, delay_sd: float, dt: float
) -> Iterator[Projection]:
    """Projections of at least one synapse, target by target."""
    totals = np.rint(model.K * model.N[:, None] * n_scaling * k_scaling).astype(np.int64)
    area = model.area_of.tolist()
    unit = PSP * psc_per_psp() / math.sqrt(k_scaling)
    delays = _Delays(model, delay_sd, dt)
    for i, j in np.argwhere(totals > 0).tolist():
        pre, post = model.populations[j], model.populations[i]
        weight = unit if model.weight is None else unit * float(model.weight[i, j])
        yield Projection(
            pre,
            post,
            FixedTotalNumber(int(totals[i, j])),
            weight=_weight(weight, is_inhibitory=pre.endswith("I"), is_local=area[i] == area[j]),
            delay=delays.local(pre) if area[i] == area[j] else delays.between(area[i], area[j]),
        )


class _Delays:
    """Delays [ms] within an area by the source's kind, between areas by distance."""

    def __init__(self, model: AreaModel, relative_sd: float, dt: float) -> None:
        self._mean, self._relative_sd, self._shortest = model.delay, relative_sd, dt / 2

    def local(self, pre: str) -> Distribution:
        mean, sd = DELAY[pre[-1]]
        return ClippedNormal(mean, sd, low=self._shortest)

    def between(self, post: int, pre: int) -> float | Distribution:
        mean = float(self._mean[post, pre])
        sd = self._relative_sd * mean
        if sd == 0.0:
            return mean
        return ClippedNormal(mean, sd, low=max(mean - 2 * sd, self._shortest), high=mean + 2 * sd)


def _weight(mean: float, *, is_inhibitory: bool, is_local: bool) -> Distribution:
    knobs = ("g * " if is_inhibitory else "") + ("" if is_local else "chi * ")
    if not knobs:
        return ClippedNormal(mean, RELATIVE_SD * mean, low=0.0)
    sd = f"{knobs}{RELATIVE_SD * mean!r}"
    if is_inhibitory:
        return ClippedNormal(f"-{knobs}{mean!r}", sd, high=0.0)
    return ClippedNormal(f"{knobs}{mean!r}", sd, low=0.0)


def _stimuli(model: AreaModel, k_scaling: float) -> list[PoissonInput]:
    weight = PSP * psc_per_psp() / math.sqrt(k_scaling)
    return [
        PoissonInput(
            f"drive of {name}", name, rate=f"rate_ext * {float(k) * k_scaling:.15g}", weight=weight
        )
        for name, k in zip(model.populations, model.K_ext, strict=True)
        if k > 0
    ]
