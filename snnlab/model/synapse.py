"""The base class of synapse models: declarations plus small functions on scalars.

A model states its numbers as `Parameter`, `State` and trace attributes and its behaviour as plain
Python on scalars, restricted to the rule language; see `Synapse`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar

from snnlab.errors import SpecError, unknown_name
from snnlab.model.declarations import declared
from snnlab.model.parameter import Parameter, State

__all__ = ["ModTrace", "PostTrace", "PreTrace", "Synapse", "Trace", "lookup", "models"]

_MODELS: dict[str, type[Synapse]] = {}


@dataclass(frozen=True)
class Trace:
    """Abstract: a number that spikes change and that relaxes exponentially between them.

    Parameters
    ----------
    tau : str
        Name of the parameter [ms] that is its time constant; where that is 0, it relaxes at once.
    rest : float
        What it starts from and relaxes to.
    doc : str
        What the trace is.
    """

    tau: str
    rest: float = 0.0
    doc: str = ""


class PreTrace(Trace):
    """A trace of the presynaptic neuron, one for all its synapses; `pre_spike` changes it."""


class PostTrace(Trace):
    """A trace of the postsynaptic neuron, one for all its synapses; `post_spike` changes it."""


class ModTrace(Trace):
    """A trace of a third population, one for all synapses of a projection; see `mod_spike`."""


class Synapse:
    """A synapse model. Subclass it to define one; the class name is the model's name.

    Every synapse has ``syn.weight`` [unit of the receptor] and the `State` variables that the
    model declares. The functions are static, see only scalars, and are written in the rule
    language; a model defines those that it needs:

    ``on_pre(syn, pre, post, p) -> effect``
        A presynaptic spike reaches the synapse. What it returns arrives at the receptor; without
        it that is the weight.
    ``on_post(syn, pre, post, p)``
        A postsynaptic spike reaches the synapse.
    ``every_step(syn, pre, post, mod, p)``
        Every time step, after the spikes. It visits all synapses: a step costs as much as a
        spike of every neuron.
    ``pre_spike(pre, p)``, ``post_spike(post, p)``, ``mod_spike(mod, p)``
        What a spike does to the traces of its neuron (to those of the projection, `mod_spike`).
    ``derive(p, dt)``
        Ordinary Python on the host in float64: returns constants as a dict.

    Notes
    -----
    Time. A presynaptic spike of step t reaches the synapse at t plus the axonal part of the delay
    and its effect arrives at t plus the whole delay; a postsynaptic spike of step t reaches the
    synapse at t plus the dendritic part. The whole delay is dendritic unless
    `Projection.dendritic_fraction` says otherwise, as in NEST.

    Order. Within a step `on_post` comes before `on_pre`; both see traces as they were before the
    spikes of this step, so a pre- and a postsynaptic spike that reach a synapse in the same step
    do not see each other.
    """

    parameters: ClassVar[Mapping[str, Parameter]] = {}
    states: ClassVar[Mapping[str, State]] = {}
    pre_traces: ClassVar[Mapping[str, Trace]] = {}
    post_traces: ClassVar[Mapping[str, Trace]] = {}
    mod_traces: ClassVar[Mapping[str, Trace]] = {}
    largest: ClassVar[str] = ""
    """Parameter that bounds |weight|; without one, effects saturate at 16 start weights."""
    nest_name: ClassVar[str] = ""
    """The NEST model with the same dynamics, empty if there is none."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.parameters = declared(cls, Parameter)
        cls.states = declared(cls, State)
        cls.pre_traces = declared(cls, PreTrace)
        cls.post_traces = declared(cls, PostTrace)
        cls.mod_traces = declared(cls, ModTrace)
        for name, trace in (*cls.pre_traces.items(), *cls.post_traces.items(),
                            *cls.mod_traces.items()):  # fmt: skip
            if trace.tau not in cls.parameters:
                raise unknown_name(f"{cls.__name__}.{name}.tau", trace.tau, cls.parameters)
        if cls.largest and cls.largest not in cls.parameters:
            raise unknown_name(f"{cls.__name__}.largest", cls.largest, cls.parameters)
        if "weight" in cls.states:
            raise SpecError(
                f"{cls.__name__}.weight", "must not be declared: every synapse has one",
                remedy="Leave the line out.",
            )  # fmt: skip
        _MODELS[cls.__name__] = cls

    @staticmethod
    def derive(p: SimpleNamespace, dt: float) -> dict[str, Any]:
        """Return constants computed once on the host in float64; default: none.

        Parameters
        ----------
        p : namespace
            Parameter values in canonical units.
        dt : float [ms]
            Time step.
        """
        return {}

    @staticmethod
    def on_pre(syn: Any, pre: Any, post: Any, p: Any) -> Any:
        """Return what a presynaptic spike delivers; default: the weight."""
        return syn.weight

    @staticmethod
    def on_post(syn: Any, pre: Any, post: Any, p: Any) -> None:
        """Change the synapse at a postsynaptic spike; default: nothing."""

    @staticmethod
    def every_step(syn: Any, pre: Any, post: Any, mod: Any, p: Any) -> None:
        """Change the synapse in every step; default: nothing."""

    @staticmethod
    def pre_spike(pre: Any, p: Any) -> None:
        """Change the presynaptic traces at a presynaptic spike; default: nothing."""

    @staticmethod
    def post_spike(post: Any, p: Any) -> None:
        """Change the postsynaptic traces at a postsynaptic spike; default: nothing."""

    @staticmethod
    def mod_spike(mod: Any, p: Any) -> None:
        """Change the projection's traces at a spike of the modulating population."""

    @classmethod
    def is_static(cls) -> bool:
        """Tell whether the effect is the weight, and the weight never changes."""
        return not (cls.states or cls.pre_traces or cls.mod_traces) and all(
            getattr(cls, name) is getattr(Synapse, name)
            for name in ("on_pre", "on_post", "every_step")
        )

    @classmethod
    def has_every_step(cls) -> bool:
        """Tell whether all synapses must be visited in every step."""
        return cls.every_step is not Synapse.every_step

    @classmethod
    def check(
        cls, p: Mapping[str, float], weights: tuple[float, float], *, context: str = ""
    ) -> None:
        """Refuse combinations of values that cannot be meant; models extend it.

        Parameters
        ----------
        p : mapping
            Name -> value [canonical unit], each already inside its own bounds.
        weights : (low, high) [unit of the receptor]
            Range of the start weights.

        Raises
        ------
        SpecError
            A start weight lies outside 0 ... the bound.
        """
        if not cls.largest:
            return
        bound, (low, high) = p[cls.largest], weights
        if min(0.0, bound) <= low and high <= max(0.0, bound):
            return
        raise SpecError(
            f"{cls.__name__}.{cls.largest}",
            f"must have the sign of the weights and be at least as large: {low:g} ... {high:g}",
            got=f"{bound:g}",
            context=context,
            remedy=f"Set {cls.largest} in `parameters` of the projection; for inhibitory "
            "synapses it is negative.",
        )


def models() -> dict[str, type[Synapse]]:
    """Return every synapse model that is defined, name -> class."""
    import snnlab.model.synapses  # noqa: F401  (registers the models that ship)

    return dict(_MODELS)


def lookup(name: str) -> type[Synapse]:
    """Return the synapse model of this name.

    Raises
    ------
    SpecError
        No such model; the nearest names are offered.
    """
    known = models()
    if name not in known:
        raise unknown_name("synapse model", name, known)
    return known[name]
