"""What a network that learns by e-prop is, without weights: a frozen description."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from snnlab.errors import SpecError
from snnlab.model.parameter import Parameter

__all__ = ["FEEDBACKS", "READOUTS", "RecurrentNetwork"]

FEEDBACKS = ("symmetric", "random", "adaptive")
"""How errors reach hidden neurons."""

READOUTS = ("softmax", "regression")
"""What outputs are compared with: classes, or the course of each output in time."""

_FRACTION = {"above": 0.0, "high": 1.0, "slider": (0.01, 1.0)}

PARAMETERS: Mapping[str, Parameter] = MappingProxyType({
    "tau_m": Parameter(20.0, "ms", "membrane time constant", above=0.0, slider=(5.0, 50.0)),
    "tau_a": Parameter(2000.0, "ms", "time constant of the adaptation", above=0.0,
                       slider=(20.0, 3000.0)),
    "beta": Parameter(0.0174, "1", "rise of the threshold per spike; 0 is LIF", low=0.0,
                      slider=(0.0, 0.5)),
    "v_th": Parameter(0.6, "1", "firing threshold", above=0.0, slider=(0.1, 2.0)),
    "t_ref": Parameter(5.0, "ms", "refractory period", low=0.0, slider=(0.0, 10.0)),
    "gamma": Parameter(0.3, "1", "height of the pseudo-derivative", above=0.0, slider=(0.1, 1.0)),
    "tau_out": Parameter(20.0, "ms", "time constant of the read-out", above=0.0,
                         slider=(3.0, 50.0)),
    "dt": Parameter(1.0, "ms", "time step", above=0.0, slider=(0.1, 2.0)),
    "t_vote": Parameter(0.0, "ms", "time from which outputs count", low=0.0),
    "input_density": Parameter(1.0, "1", "part of the pairs of an input and a hidden neuron that "
                               "are connected; 1 is dense", **_FRACTION),  # type: ignore[arg-type]
    "recurrent_density": Parameter(1.0, "1", "part of the pairs of hidden neurons that are "
                                   "connected; 1 is dense", **_FRACTION),  # type: ignore[arg-type]
    "input_gain": Parameter(3.0, "1", "spread of input weights", low=0.0, slider=(0.5, 5.0)),
    "recurrent_gain": Parameter(0.5, "1", "spread of recurrent weights", low=0.0,
                                slider=(0.0, 2.0)),
    "output_gain": Parameter(1.0, "1", "spread of read-out weights", low=0.0, slider=(0.1, 3.0)),
    "f_target": Parameter(20.0, "Hz", "firing rate that the regulariser aims at", low=0.0,
                          slider=(1.0, 50.0)),
    "c_reg": Parameter(1.0, "1", "weight of the firing-rate regulariser; 0 is none", low=0.0,
                       slider=(0.0, 10.0)),
})  # fmt: skip
"""Numbers of a network: units, bounds and what they mean."""


@dataclass(frozen=True)
class RecurrentNetwork:
    """Inputs, one hidden layer of LIF or ALIF neurons, leaky outputs; it learns by e-prop.

    With alpha = exp(-dt / tau_m), rho = exp(-dt / tau_a), kappa = exp(-dt / tau_out), in each
    step::

        v <- alpha v + W_in x(t) + W_rec z(t - 1) - v_th z(t - 1)
        a <- rho a + z(t - 1)
        z = 1 if v >= v_th + beta a and not refractory, else 0
        psi = gamma / v_th max(0, 1 - |v - v_th - beta a| / v_th), 0 while refractory
        y <- kappa y + W_out z + bias

    Parameters
    ----------
    n_inputs, n_hidden, n_outputs : int
    tau_m, tau_a : float [ms]
        Time constants of the membrane and of the adaptation of the threshold.
    beta : float
        How much a spike raises the threshold; 0: LIF neurons.
    v_th : float
    t_ref : float [ms]
        A neuron that has fired cannot fire in as many steps as this makes; its voltage goes on.
    gamma : float
        Height of the pseudo-derivative.
    tau_out : float [ms]
        Of the outputs, and of the filter of eligibility traces.
    dt : float [ms]
    t_vote : float [ms]
        Outputs are compared with what they should be, and vote, from this time on.
    recurrent : bool
        Whether hidden neurons connect with one another.
    readout : str
        ``"softmax"``: E = -sum_t ln softmax(y)[label], and the largest sum of y over time wins.
        ``"regression"``: E = 1/2 sum_t sum_k (y_k - y*_k)^2.
    feedback : str
        ``"symmetric"``: errors reach hidden neurons by the read-out weights, ``"random"``: by fixed
        random ones, ``"adaptive"``: by those, which take the same updates as the read-out weights.
    input_density, recurrent_density : float
        Part of the pairs that are connected; 1: a dense matrix.
    input_gain, recurrent_gain, output_gain : float
        Standard deviations of the initial weights are ``gain / sqrt(n_pre * density)``.
    f_target : float [Hz]
        What the regulariser aims at.
    c_reg : float
        Weight of the firing-rate regulariser, for each trial; 0: none.
    precision : str
        ``"float32"`` or ``"float64"``.
    seed : int
        0 ... 2^32 - 1; of the initial weights, and of all that is drawn in learning.

    Raises
    ------
    SpecError
        A number, or a combination of them, that cannot be meant.
    UnitError
        A quantity of another dimension.

    References
    ----------
    Bellec, Scherr, Subramoney, Hajek, Salaj, Legenstein, Maass, "A solution to the learning dilemma
    for recurrent networks of spiking neurons", Nature Communications 11, 3625, 2020.
    """

    n_inputs: int
    n_hidden: int
    n_outputs: int
    tau_m: float = 20.0
    tau_a: float = 2000.0
    beta: float = 0.0174
    v_th: float = 0.6
    t_ref: float = 5.0
    gamma: float = 0.3
    tau_out: float = 20.0
    dt: float = 1.0
    t_vote: float = 0.0
    recurrent: bool = True
    readout: str = "softmax"
    feedback: str = "symmetric"
    input_density: float = 1.0
    recurrent_density: float = 1.0
    input_gain: float = 3.0
    recurrent_gain: float = 0.5
    output_gain: float = 1.0
    f_target: float = 20.0
    c_reg: float = 1.0
    precision: str = "float32"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("n_inputs", "n_hidden", "n_outputs"):
            self._check_whole(name, 1, _MOST)
        self._check_whole("seed", 0, 2**32 - 1)
        for name, parameter in PARAMETERS.items():
            value = getattr(self, name)
            if value is None and name.endswith("_density"):
                value = 1.0
            number = parameter.check(value, where=f"RecurrentNetwork.{name}")
            object.__setattr__(self, name, number)
        self._check_name("readout", READOUTS)
        self._check_name("feedback", FEEDBACKS)
        self._check_name("precision", ("float32", "float64"))
        self._check_times()
        self._check_synapses()

    def _check_whole(self, name: str, low: int, high: int) -> None:
        value = getattr(self, name)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise SpecError(
                f"RecurrentNetwork.{name}", f"must be a whole number in {low} ... {high}",
                got=repr(value), remedy="256 hidden neurons are usual.",
            )  # fmt: skip

    def _check_name(self, name: str, valid: tuple[str, ...]) -> None:
        value = getattr(self, name)
        if value not in valid:
            raise SpecError(
                f"RecurrentNetwork.{name}", "must be " + " or ".join(map(repr, valid)),
                got=repr(value),
            )  # fmt: skip

    def _check_times(self) -> None:
        for name in ("tau_m", "tau_a", "tau_out"):
            if getattr(self, name) < self.dt * (1.0 - 1e-9):
                raise SpecError(
                    f"RecurrentNetwork.{name}", f"must be >= the time step, dt = {self.dt:g} ms",
                    got=f"{getattr(self, name):g} ms",
                    remedy="Make dt smaller, or the time constant longer.",
                )  # fmt: skip
        if 0.0 < self.t_ref < self.dt * (1.0 - 1e-9):
            raise SpecError(
                "RecurrentNetwork.t_ref", f"must be 0 or >= the time step, dt = {self.dt:g} ms",
                got=f"{self.t_ref:g} ms", remedy="Make dt smaller, or the period 0 or longer.",
            )  # fmt: skip

    def _check_synapses(self) -> None:
        for name, n in (("input", self.n_pairs_input), ("recurrent", self.n_pairs_recurrent)):
            density = getattr(self, f"{name}_density")
            if n and round(density * n) < 1:
                raise SpecError(
                    f"RecurrentNetwork.{name}_density", f"must leave a synapse of {n} pairs",
                    got=f"{density:g}", remedy=f"At least {0.5 / n:.2g} does.",
                )  # fmt: skip

    @property
    def n_pairs_input(self) -> int:
        """Pairs of an input and a hidden neuron."""
        return self.n_inputs * self.n_hidden

    @property
    def n_pairs_recurrent(self) -> int:
        """Pairs of two different hidden neurons that may connect."""
        return self.n_hidden * (self.n_hidden - 1) if self.recurrent else 0

    @property
    def alpha(self) -> float:
        """What is left of the voltage after a step."""
        return math.exp(-self.dt / self.tau_m)

    @property
    def rho(self) -> float:
        """What is left of the adaptation after a step."""
        return math.exp(-self.dt / self.tau_a)

    @property
    def kappa(self) -> float:
        """What is left of an output after a step."""
        return math.exp(-self.dt / self.tau_out)

    @property
    def refractory_steps(self) -> int:
        """Steps in which a neuron that has fired cannot fire again."""
        return round(self.t_ref / self.dt)

    @property
    def first_vote(self) -> int:
        """Step from which on outputs count."""
        return round(self.t_vote / self.dt)


_MOST = 65_535
"""Spikes are kept as numbers of 16 bits."""
