"""A column of early sensory cortex at full density: four layers, eight populations."""

from __future__ import annotations

import math
from collections.abc import Iterable

from snnlab.errors import SpecError, unknown_name
from snnlab.model.connectivity import FixedTotalNumber
from snnlab.model.distribution import ClippedNormal, Normal
from snnlab.model.network import Knob, Network, Population, Projection
from snnlab.model.parameter import Parameter
from snnlab.model.stimuli import PoissonInput, Stimulus

__all__ = [
    "DRIVES",
    "POTENTIALS",
    "compensating_current",
    "microcircuit",
    "n_synapses",
    "psc_per_psp",
]

POPULATIONS = ("L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I")
SIZE = (20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948)
K_EXT = (1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100)
PROBABILITY = (  # rows: target, columns: source
    (0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0, 0.0076, 0.0),
    (0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0, 0.0042, 0.0),
    (0.0077, 0.0059, 0.0497, 0.1350, 0.0067, 0.0003, 0.0453, 0.0),
    (0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0, 0.1057, 0.0),
    (0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0),
    (0.0548, 0.0269, 0.0257, 0.0022, 0.0600, 0.3158, 0.0086, 0.0),
    (0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252),
    (0.0364, 0.0010, 0.0034, 0.0005, 0.0277, 0.0080, 0.0658, 0.1443),
)

C_M, TAU_M, TAU_SYN = 250.0, 10.0, 0.5
E_L, V_TH, T_REF = -65.0, -50.0, 2.0
PSP, G = 0.15, 4.0
RATE_EXT = 8.0
RELATIVE_SD = 0.1
DELAY = {"E": (1.5, 0.75), "I": (0.75, 0.375)}  # mean and standard deviation
STRONG = ("L23E", "L4E")  # target and source of the projection of twice the weight

RATE_WITH = {
    "poisson": (0.914, 3.004, 4.398, 5.884, 7.736, 8.658, 1.101, 7.849),
    "dc": (0.903, 2.965, 4.414, 5.876, 7.569, 8.633, 1.105, 7.829),
}
"""Full-scale mean rates [Hz]: ten runs of 10 s with Poisson drive, one run with a current."""

DRIVES = tuple(RATE_WITH)

POTENTIALS = {
    "optimized": (
        Normal(-68.28, 5.36),
        Normal(-63.16, 4.57),
        Normal(-63.33, 4.74),
        Normal(-63.45, 4.94),
        Normal(-63.11, 4.94),
        Normal(-61.66, 4.55),
        Normal(-66.72, 5.46),
        Normal(-61.43, 4.48),
    ),
    "original": (Normal(-58.0, 10.0),) * 8,
}
"""Distribution of the first membrane potentials: without, and with, a burst at the start."""

KNOBS = (
    Knob(
        "g",
        G,
        Parameter(
            G, "1", "strength of inhibition relative to excitation", low=0.0, slider=(2.0, 8.0)
        ),
    ),
    Knob(
        "rate_ext",
        RATE_EXT,
        Parameter(RATE_EXT, "Hz", "rate of each external synapse", low=0.0, slider=(0.0, 16.0)),
    ),
    Knob(
        "w_ext",
        1.0,
        Parameter(
            1.0,
            "1",
            "weight of external synapses, relative to the published one",
            low=0.0,
            slider=(0.0, 2.0),
        ),
    ),
)


def microcircuit(
    *,
    scale: float = 1.0,
    N_scaling: float = 0.0,
    K_scaling: float = 0.0,
    drive: str = "poisson",
    V0: str = "optimized",
    dt: float = 0.1,
    seed: int = 1,
) -> Network:
    """Return the cortical microcircuit of Potjans and Diesmann.

    77 169 neurons and 298 880 968 synapses at full scale. Its knobs are g, the relative strength
    of inhibition, and rate and relative weight of the external synapses.

    Parameters
    ----------
    scale : float
        Sets `N_scaling` and `K_scaling` where they are not given.
    N_scaling : float
        Multiplies the number of neurons; 0: as `scale`.
    K_scaling : float
        Multiplies the in-degrees; 0: as `scale`. Weights grow by ``1 / sqrt(K_scaling)``, and a
        constant current makes up for the mean input that is lost.
    drive : str
        ``"poisson"``: an independent train for every neuron; ``"dc"``: its mean as a current.
    V0 : str
        First membrane potentials: ``"optimized"`` for each population, or the ``"original"`` ones.
    dt : float [ms]
        Time step.
    seed : int
        Seed of the network.

    Raises
    ------
    SpecError
        A scaling that is not > 0, or an unknown drive or kind of initial potentials.

    References
    ----------
    Potjans, Diesmann (2014), The cell-type specific cortical microcircuit: relating structure and
    activity in a full-scale spiking network model, Cereb. Cortex 24, 785-806.
    """
    n_scaling = _positive("N_scaling", N_scaling or scale)
    k_scaling = _positive("K_scaling", K_scaling or scale)
    _one_of("drive", drive, DRIVES)
    _one_of("V0", V0, POTENTIALS)
    return Network(
        [_population(i, n_scaling, k_scaling, drive, V0) for i in range(len(POPULATIONS))],
        [
            _projection(post, pre, total, k_scaling, dt)
            for post in POPULATIONS
            for pre in POPULATIONS
            if (total := round(n_synapses(post, pre) * n_scaling * k_scaling))
        ],
        stimuli=_stimuli(k_scaling) if drive == "poisson" else (),
        knobs=KNOBS,
        dt=dt,
        seed=seed,
        name="microcircuit",
        description=f"Cortical microcircuit, N_scaling {n_scaling:g}, K_scaling {k_scaling:g}",
        source="Potjans & Diesmann (2014), Cereb. Cortex 24, 785-806",
    )


def n_synapses(post: str, pre: str) -> float:
    """Return the expected number of synapses of a projection at full scale.

    Parameters
    ----------
    post, pre : str
        Names of the target and the source population.

    Notes
    -----
    The number K for which a pair has at least one of K synapses, each drawn with replacement, with
    the published probability: ``K = log(1 - C) / log(1 - 1 / (N_pre N_post))``.
    """
    i, j = POPULATIONS.index(post), POPULATIONS.index(pre)
    return math.log(1.0 - PROBABILITY[i][j]) / math.log(1.0 - 1.0 / (SIZE[i] * SIZE[j]))


def psc_per_psp() -> float:
    """Return the current [pA] whose postsynaptic potential has a peak of 1 mV.

    Notes
    -----
    The peak of a difference of two exponentials, at
    ``t = tau_m tau_syn / (tau_m - tau_syn) log(tau_m / tau_syn)``.
    """
    gap = TAU_M - TAU_SYN
    ratio = TAU_SYN / TAU_M
    height = ratio ** (TAU_SYN / gap) - ratio ** (TAU_M / gap)
    return float(C_M * gap / (TAU_M * TAU_SYN * height))


def compensating_current(post: str, k_scaling: float) -> float:
    """Return the current [pA] that makes up for the mean input lost by smaller in-degrees.

    Parameters
    ----------
    post : str
        Name of the population.
    k_scaling : float
        Factor of the in-degrees. Their mean input falls by its square root only, as the weights
        grow; so the fluctuations keep their size.

    Notes
    -----
    ``(1 - sqrt(k_scaling)) tau_syn sum(w K rate)`` over all sources and the external synapses,
    with the weights, in-degrees and rates of the full-scale network.
    """
    i = POPULATIONS.index(post)
    charge = sum(
        _weight(post, pre) * n_synapses(post, pre) / SIZE[i] * rate
        for pre, rate in zip(POPULATIONS, RATE_WITH["dc"], strict=True)
    )
    charge += PSP * psc_per_psp() * K_EXT[i] * RATE_EXT
    return 1e-3 * TAU_SYN * (1.0 - math.sqrt(k_scaling)) * charge


def _weight(post: str, pre: str) -> float:
    """Mean full-scale weight [pA] at the published g."""
    weight = PSP * psc_per_psp()
    if pre.endswith("I"):
        return -G * weight
    return 2.0 * weight if (post, pre) == STRONG else weight


def _population(i: int, n_scaling: float, k_scaling: float, drive: str, v0: str) -> Population:
    name = POPULATIONS[i]
    current: float | str = compensating_current(name, k_scaling)
    if drive == "dc":
        amplitude = 1e-3 * TAU_SYN * PSP * psc_per_psp() * K_EXT[i] * math.sqrt(k_scaling)
        current = f"w_ext * rate_ext * {amplitude!r} + {current!r}"
    return Population(
        name,
        max(round(SIZE[i] * n_scaling), 1),
        "LIFExpShared",
        parameters={
            "C_m": C_M,
            "tau_m": TAU_M,
            "tau_syn": TAU_SYN,
            "t_ref": T_REF,
            "E_L": E_L,
            "V_reset": E_L,
            "V_th": V_TH,
            "I_e": current,
        },
        initial={"V_m": POTENTIALS[v0][i]},
        reference_rate=RATE_WITH[drive][i],
    )


def _projection(post: str, pre: str, total: int, k_scaling: float, dt: float) -> Projection:
    weight = _weight(post, pre) / math.sqrt(k_scaling)
    delay, delay_sd = DELAY[pre[-1]]
    return Projection(
        pre,
        post,
        FixedTotalNumber(total),
        weight=_inhibitory(-weight / G) if pre.endswith("I") else _excitatory(weight),
        delay=ClippedNormal(delay, delay_sd, low=dt / 2),  # rounded to the grid: one step or more
    )


def _excitatory(weight: float) -> ClippedNormal:
    return ClippedNormal(weight, RELATIVE_SD * weight, low=0.0)


def _inhibitory(weight: float) -> ClippedNormal:
    return ClippedNormal(f"-g * {weight!r}", f"{RELATIVE_SD} * g * {weight!r}", high=0.0)


def _stimuli(k_scaling: float) -> list[Stimulus]:
    weight = PSP * psc_per_psp() / math.sqrt(k_scaling)
    return [
        PoissonInput(
            f"drive of {p}",
            p,
            rate=f"rate_ext * {k * k_scaling:.15g}",
            weight=f"w_ext * {weight!r}",
        )
        for p, k in zip(POPULATIONS, K_EXT, strict=True)
    ]


def _positive(name: str, value: float) -> float:
    if not value > 0:
        raise SpecError(f"microcircuit.{name}", "must be > 0", got=f"{value:g}")
    return value


def _one_of(option: str, value: str, valid: Iterable[str]) -> None:
    names = list(valid)
    if value not in names:
        raise unknown_name(f"{option} of microcircuit", value, names)
