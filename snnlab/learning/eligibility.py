"""Eligibility rules: what a step does to the traces of a synapse, written in the rule language."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, ClassVar

from snnlab.model.declarations import declared
from snnlab.model.parameter import Parameter, State

__all__ = ["ALIFEligibility", "EligibilityRule", "LIFEligibility"]


class EligibilityRule:
    """How the gradient of a weight grows, step by step. Subclass it to define another one.

    A rule states its numbers as `Parameter`, the traces of a synapse as `State` attributes, and its
    behaviour as one static function on scalars in the rule language:

    ``update(syn, pre, post, p)``
        One step of a synapse. ``syn.<state>`` are its traces, which start from 0 in each trial, and
        ``syn.gradient`` what it adds to. ``pre.trace`` is the presynaptic trace, which decays by
        ``p.alpha`` and rises by 1 with each spike that arrives. ``post.psi`` is the
        pseudo-derivative of the target, ``post.learning_signal`` its sum over outputs of feedback
        times error, ``post.regulariser`` its ``c_reg (f - f_target)``. ``p.alpha``, ``p.rho``,
        ``p.kappa``, ``p.beta``, ``p.v_th`` and ``p.gamma`` are those of `RecurrentNetwork`.
    ``derive(p, dt)``
        Ordinary Python on the host in float64: returns constants as a dict.

    Notes
    -----
    `EProp` takes a rule in its online form. The adjoint form is that of `ALIFEligibility`, of which
    `LIFEligibility` is the case beta = 0.
    """

    parameters: ClassVar[Mapping[str, Parameter]] = {}
    states: ClassVar[Mapping[str, State]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.parameters = declared(cls, Parameter)
        cls.states = declared(cls, State)

    @staticmethod
    def derive(p: SimpleNamespace, dt: float) -> dict[str, Any]:
        """Return constants computed once on the host in float64; default: none.

        Parameters
        ----------
        p : namespace
            Numbers of the network and parameters of the rule, in canonical units.
        dt : float [ms]
            Time step.
        """
        return {}

    @staticmethod
    def update(syn: Any, pre: Any, post: Any, p: Any) -> None:
        """Advance the traces of a synapse by a step, and add to its gradient."""


class LIFEligibility(EligibilityRule):
    """e-prop for neurons with a constant threshold (Bellec et al. 2020).

    ::

        e = psi trace
        filtered <- kappa filtered + e
        gradient <- gradient + learning_signal filtered + regulariser e
    """

    filtered = State(0.0, "1", "eligibility, filtered like the outputs")

    @staticmethod
    def update(syn: Any, pre: Any, post: Any, p: Any) -> None:
        """Advance the traces of a synapse by a step, and add to its gradient."""
        eligibility = post.psi * pre.trace
        syn.filtered = p.kappa * syn.filtered + eligibility
        syn.gradient += post.learning_signal * syn.filtered + post.regulariser * eligibility


class ALIFEligibility(EligibilityRule):
    """e-prop for neurons whose threshold adapts (Bellec et al. 2020).

    ::

        e = psi (trace - beta slow)
        slow <- psi trace + (rho - beta psi) slow
        filtered <- kappa filtered + e
        gradient <- gradient + learning_signal filtered + regulariser e
    """

    slow = State(0.0, "1", "eligibility through the adaptation of the threshold")
    filtered = State(0.0, "1", "eligibility, filtered like the outputs")

    @staticmethod
    def update(syn: Any, pre: Any, post: Any, p: Any) -> None:
        """Advance the traces of a synapse by a step, and add to its gradient."""
        eligibility = post.psi * (pre.trace - p.beta * syn.slow)
        syn.slow = p.rho * syn.slow + eligibility
        syn.filtered = p.kappa * syn.filtered + eligibility
        syn.gradient += post.learning_signal * syn.filtered + post.regulariser * eligibility
