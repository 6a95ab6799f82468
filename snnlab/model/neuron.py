"""The base class of neuron models: declarations plus a small function on scalars.

A model states its numbers as `Parameter`, `State` and `Receptor` attributes and its behaviour as
plain Python on scalars, restricted to the rule language. The same functions run three ways: as
they stand (the reference), compiled for the CPU and compiled for the GPU.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, ClassVar

from snnlab.errors import SpecError, unknown_name
from snnlab.model.declarations import declared
from snnlab.model.parameter import Parameter, Receptor, State

__all__ = ["Neuron", "lookup", "models"]

_MODELS: dict[str, type[Neuron]] = {}


class Neuron:
    """A neuron model. Subclass it to define one; the class name is the model's name.

    Three functions hold the behaviour. All three are static, see only scalars, and are written
    in the rule language:

    ``update(state, p, input)``
        Advance ``state.<name>`` by one step. ``p.<name>`` are parameters and the constants that
        `derive` computed; ``input.<port>`` is the input that arrives in this step, summed over
        all synapses.
    ``threshold(state, p) -> bool``
        Whether the neuron fires in this step.
    ``reset(state, p)``
        What a spike does to the state.

    ``derive(p, dt)`` is ordinary Python, called on the host in float64: it returns constants such
    as propagators as a dict. ``p.<name>`` may be a float or an array there.

    Notes
    -----
    Order in a step: `update`, then `threshold`, then `reset` where it fired. The spike found while
    advancing from step k to k + 1 carries the time (k + 1) dt, as in NEST.
    """

    parameters: ClassVar[Mapping[str, Parameter]] = {}
    states: ClassVar[Mapping[str, State]] = {}
    receptors: ClassVar[Mapping[str, Receptor]] = {}
    ports: ClassVar[tuple[str, ...]] = ()
    is_source: ClassVar[bool] = False
    """True for models without synaptic input (Poisson source, spike source)."""
    nest_name: ClassVar[str] = ""
    """The NEST model with the same dynamics, empty if there is none."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.parameters = declared(cls, Parameter)
        cls.states = declared(cls, State)
        cls.receptors = declared(cls, Receptor)
        ports = [receptor.port or name for name, receptor in cls.receptors.items()]
        cls.ports = tuple(dict.fromkeys(ports))
        for name, state in cls.states.items():
            if isinstance(state.initial, str) and state.initial not in cls.parameters:
                raise unknown_name(f"{cls.__name__}.{name}.initial", state.initial, cls.parameters)
        if not cls.states:
            raise SpecError(
                cls.__name__,
                "must declare at least one State",
                remedy='Add for example V_m = State("E_L", "mV").',
            )
        _MODELS[cls.__name__] = cls

    @staticmethod
    def derive(p: SimpleNamespace, dt: float) -> dict[str, Any]:
        """Return constants computed once on the host in float64; default: none.

        Parameters
        ----------
        p : namespace
            Parameter values in canonical units, floats or (n,) float64 arrays.
        dt : float [ms]
            Time step.
        """
        return {}

    @staticmethod
    def update(state: Any, p: Any, input: Any) -> None:
        """Advance the state by one step; every model defines it."""

    @staticmethod
    def threshold(state: Any, p: Any) -> bool:
        """Return whether the neuron fires in this step; default: never."""
        return False

    @staticmethod
    def reset(state: Any, p: Any) -> None:
        """Change the state after a spike; default: nothing."""

    @classmethod
    def port_of(cls, receptor: str) -> str:
        """Return the port at which synapses of `receptor` are summed."""
        return cls.receptors[receptor].port or receptor

    @classmethod
    def defaults(cls) -> dict[str, float]:
        """Return the default value [canonical unit] of every parameter."""
        return {name: parameter.default for name, parameter in cls.parameters.items()}

    @classmethod
    def approximated(cls, p: Mapping[str, float]) -> dict[str, float]:
        """Return the time constants [ms] that `update` only approximates; default: none.

        A step longer than a tenth of one of them is warned of. Models that are integrated exactly
        have none, whatever the step.

        Parameters
        ----------
        p : mapping
            Name -> value [canonical unit].
        """
        return {}

    @classmethod
    def check(cls, p: Mapping[str, float], dt: float, *, context: str = "") -> None:
        """Refuse combinations of values that cannot be meant; models extend it.

        Parameters
        ----------
        p : mapping
            Name -> value [canonical unit], each already inside its own bounds.
        dt : float [ms]
            Time step.

        Raises
        ------
        SpecError
            For example V_reset >= V_th.
        """
        if "V_reset" in p and "V_th" in p and p["V_reset"] >= p["V_th"]:
            raise SpecError(
                f"{cls.__name__}.V_reset",
                f"must be < V_th = {p['V_th']:g} mV",
                got=f"{p['V_reset']:g} mV",
                context=context,
                remedy="A reset at or above threshold would fire in every step.",
            )


def models() -> dict[str, type[Neuron]]:
    """Return every neuron model that is defined, name -> class."""
    import snnlab.model.neurons  # noqa: F401  (registers the models that ship)

    return dict(_MODELS)


def lookup(name: str) -> type[Neuron]:
    """Return the neuron model of this name.

    Raises
    ------
    SpecError
        No such model; the nearest names are offered.
    """
    known = models()
    if name not in known:
        raise unknown_name("neuron model", name, known)
    return known[name]
