"""The scalable balanced network: NEST's HPC benchmark, with and without plastic synapses."""

from __future__ import annotations

import dataclasses
import math

from snnlab.errors import SpecError, unknown_name
from snnlab.model.connectivity import FixedIndegree
from snnlab.model.distribution import Normal
from snnlab.model.network import Knob, Network, Population, Projection
from snnlab.model.parameter import Parameter
from snnlab.model.stimuli import PoissonInput

__all__ = ["VARIANTS", "drive_rate", "hpc", "psc_per_psp", "strengths"]

VARIANTS = ("static", "stdp", "ignore_and_fire")
"""Recurrent synapses: of one weight; plastic between excitatory neurons; without effect."""

SIZE = {"exc": 9000, "inh": 2250}
INDEGREE = {"exc": 9000, "inh": 2250}
C_M, TAU_M, TAU_SYN = 250.0, 10.0, 0.32582722403722841
V_TH, T_REF = 20.0, 0.5
V0 = Normal(5.7, 7.2)
DELAY = 1.5
J, G, ETA = 0.14, 5.0, 1.685

TAU_PLUS, TAU_MINUS, MU = 15.0, 30.0, 0.4
LEARNING_RATE, ALPHA = 0.1, 0.0513

IGNORED_RATE, IGNORED_WEIGHT = 50_000.0, 10.75
"""Drive [Hz, pA] of neurons that fire by themselves and take no notice of one another."""

KNOBS = {
    "g": Parameter(
        G, "1", "strength of inhibition relative to excitation", low=0.0, slider=(2.0, 8.0)
    ),
    "eta": Parameter(
        ETA, "1", "external drive relative to the one that reaches threshold", low=0.0,
        slider=(0.5, 4.0),
    ),
    "J": Parameter(
        J, "mV", "peak of a postsynaptic potential", above=0.0, slider=(0.05, 0.5)
    ),
    "learning_rate": Parameter(
        LEARNING_RATE, "1", "size of a potentiation at weight 1 pA", low=0.0, slider=(0.0, 0.5)
    ),
    "alpha": Parameter(
        ALPHA, "1", "size of a depression, relative to a potentiation", low=0.0, slider=(0.0, 0.2)
    ),
}  # fmt: skip


def hpc(
    *,
    scale: float = 1.0,
    K_scaling: float = 1.0,
    variant: str = "static",
    dt: float = 0.1,
    seed: int = 1,
) -> Network:
    """Return the balanced network of NEST's HPC benchmark.

    11 250 neurons at scale 1, of which each receives 9000 excitatory and 2250 inhibitory synapses
    at any scale: 127 million synapses for each unit of `scale`. Its knobs are g, eta and J; with
    plastic synapses learning_rate and alpha, too.

    Parameters
    ----------
    scale : float
        Multiplies the number of neurons; in-degrees stay.
    K_scaling : float
        Multiplies the in-degrees, > 1/29. g and J grow so that mean and variance of the recurrent
        input are those of the full network, see `strengths`.
    variant : str
        ``"static"``; ``"stdp"``: synapses between excitatory neurons learn; ``"ignore_and_fire"``:
        recurrent synapses have weight 0 and neurons fire by the drive alone, so that spikes cost
        what they cost and their number does not depend on who receives them.
    dt : float [ms]
        Time step.
    seed : int
        Seed of the network.

    Raises
    ------
    SpecError
        A scaling that is not > 0, or an unknown variant.

    Notes
    -----
    The drive is eta times the rate at which the mean input reaches threshold, see `drive_rate`;
    the number of external synapses cancels, and its mean does not depend on J. (A current in place
    of synapses, as in the microcircuit, would let the network fall silent: what it lacks is
    inhibition.)

    With other weights `STDPPowerLaw` does the same relative to them, ``dw/w = learning_rate
    w^(mu - 1) K_plus`` up and ``learning_rate alpha K_minus`` down, where the learning rate is
    ``s^(1 - mu)`` times and alpha ``s^(mu - 1)`` times the published one; s is the growth of J.

    The benchmark is meant for scales above 10, and counts while rates stay below 10 Hz. At small
    scales pairs have many synapses (ten on average at 0.1), which makes neurons more alike.

    References
    ----------
    Morrison, Aertsen, Diesmann (2007), Spike-timing-dependent plasticity in balanced random
    networks, Neural Computation 19, 1437-1467.
    Kunkel et al. (2014), Spiking network simulation code for petascale computers, Front.
    Neuroinform. 8, 78: the benchmark.
    """
    if variant not in VARIANTS:
        raise unknown_name("variant of hpc", variant, VARIANTS)
    for option, value in (("scale", scale), ("K_scaling", K_scaling)):
        if not value > 0:
            raise SpecError(f"hpc.{option}", "must be > 0", got=f"{value:g}")
    return Network(
        [_population(p, scale) for p in SIZE],
        [_projection(pre, post, K_scaling, variant) for pre in SIZE for post in SIZE],
        stimuli=[_drive(p, variant) for p in SIZE],
        knobs=_knobs(K_scaling, variant),
        dt=dt,
        seed=seed,
        name="hpc",
        description=f"Scalable balanced network, {variant}, scale {scale:g}, "
        f"K_scaling {K_scaling:g}",
        source="Morrison, Aertsen, Diesmann (2007), Neural Computation 19, 1437-1467",
    )


def psc_per_psp() -> float:
    """Return the peak [pA] of the alpha-shaped current whose potential has a peak of 1 mV.

    Notes
    -----
    The potential is ``e / (tau_syn C_m b) ((exp(-t/tau_m) - exp(-t/tau_syn)) / b
    - t exp(-t/tau_syn))`` for a current of 1 pA, with ``b = 1/tau_syn - 1/tau_m``. Its peak is
    where ``exp(b t) = 1 + tau_m b t / tau_syn``: the branch -1 of Lambert's W.
    """
    from scipy.special import lambertw

    ratio = TAU_SYN / TAU_M
    b = 1.0 / TAU_SYN - 1.0 / TAU_M
    t = (-float(lambertw(-ratio * math.exp(-ratio), -1).real) - ratio) / b
    slow, fast = math.exp(-t / TAU_M), math.exp(-t / TAU_SYN)
    return TAU_SYN * C_M * b / (math.e * ((slow - fast) / b - t * fast))


def drive_rate(eta: float = ETA, J: float = J) -> float:
    """Return the rate [Hz] of all external spikes that a neuron receives.

    Parameters
    ----------
    eta : float
        Relative to the rate whose mean input reaches threshold.
    J : float [mV]
        Peak of the potential that each of them causes.

    Notes
    -----
    ``eta V_th C_m / (tau_m e tau_syn w)`` with the weight w [pA] of the current: its charge is
    ``e tau_syn w``, and ``V_th C_m / tau_m`` the current that reaches threshold.
    """
    return 1e3 * eta * V_TH * C_M / (TAU_M * math.e * TAU_SYN * psc_per_psp() * J)


def strengths(k_scaling: float) -> tuple[float, float]:
    """Return the g and the J [mV] that keep mean and variance of the input.

    Parameters
    ----------
    k_scaling : float
        Factor of the in-degrees; > 1/29.

    Raises
    ------
    SpecError
        So few synapses that no strength of inhibition keeps both.

    Notes
    -----
    Both kinds of neurons fire at the same rate, so the mean input is kept where
    ``k J' (g' K_I - K_E) = J (g K_I - K_E)``, and the variance where
    ``k J'^2 (g'^2 K_I + K_E) = J^2 (g^2 K_I + K_E)``. With ``a = K_E / K_I`` and
    ``n = k (g^2 + a) / (g - a)^2`` this is ``g'^2 + a = n (g' - a)^2``, whose larger solution
    inhibits. Full in-degrees give back g and J.
    """
    a = INDEGREE["exc"] / INDEGREE["inh"]
    n = k_scaling * (G * G + a) / (G - a) ** 2
    if n <= 1.0:
        raise SpecError(
            "hpc.K_scaling",
            f"must be > {k_scaling / n:.3g}, where inhibition would become infinitely strong",
            got=f"{k_scaling:g}",
            remedy="Use 0.1 or more; make the network smaller by scale.",
        )
    g = (a * n + math.sqrt(a * (n * (a + 1.0) - 1.0))) / (n - 1.0)
    return g, J * (G - a) / (k_scaling * (g - a))


def _knobs(k_scaling: float, variant: str) -> list[Knob]:
    if variant == "ignore_and_fire":
        return []
    g, j = strengths(k_scaling)
    values = {"g": g, "eta": ETA, "J": j}
    if variant == "stdp":
        values |= {"learning_rate": LEARNING_RATE, "alpha": ALPHA}
    return [Knob(name, value, KNOBS[name]) for name, value in values.items()]


def _population(name: str, scale: float) -> Population:
    return Population(
        name,
        max(round(SIZE[name] * scale), 1),
        "LIFAlpha",
        parameters={
            "C_m": C_M,
            "tau_m": TAU_M,
            "tau_syn_exc": TAU_SYN,
            "tau_syn_inh": TAU_SYN,
            "t_ref": T_REF,
            "E_L": 0.0,
            "V_reset": 0.0,
            "V_th": V_TH,
        },
        initial={"V_m": V0},
    )


def _projection(pre: str, post: str, k_scaling: float, variant: str) -> Projection:
    weight = f"{psc_per_psp()!r} * J"
    projection = Projection(
        pre,
        post,
        FixedIndegree(round(INDEGREE[pre] * k_scaling), autapses=False),
        weight=weight if pre == "exc" else f"-g * {weight}",
        delay=DELAY,
        receptor=pre,
    )
    if variant == "ignore_and_fire":
        return dataclasses.replace(projection, weight=0.0)
    if variant == "stdp" and (pre, post) == ("exc", "exc"):
        return _plastic(projection, k_scaling)
    return projection


def _plastic(projection: Projection, k_scaling: float) -> Projection:
    step = (strengths(k_scaling)[1] / J) ** (1.0 - MU)
    parameters: dict[str, float | str] = {
        "tau_plus": TAU_PLUS,
        "tau_minus": TAU_MINUS,
        "mu": MU,
        "learning_rate": f"learning_rate * {step!r}",
        "alpha": f"alpha * {1.0 / step!r}",
    }
    return dataclasses.replace(projection, synapse="STDPPowerLaw", parameters=parameters)


def _drive(population: str, variant: str) -> PoissonInput:
    name = f"drive of {population}"
    if variant == "ignore_and_fire":
        return PoissonInput(name, population, rate=IGNORED_RATE, weight=IGNORED_WEIGHT)
    rate = f"eta * {drive_rate(eta=1.0, J=1.0)!r} / J"
    weight = f"{psc_per_psp()!r} * J"
    return PoissonInput(name, population, rate=rate, weight=weight)
