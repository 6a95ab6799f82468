"""The models of a network as CUDA C: one struct for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from snnlab.rules.emit_cuda_neuron import emit_cuda_neuron
from snnlab.rules.emit_cuda_rewiring import emit_cuda_rewiring
from snnlab.rules.emit_cuda_synapse import emit_cuda_synapse
from snnlab.rules.neuron import read_neuron
from snnlab.rules.rewiring import RewiringTree, read_rewiring
from snnlab.rules.synapse import SynapseRule, read_synapse

__all__ = ["Codes", "NeuronCode", "RewiringCode", "SynapseCode"]

T = TypeVar("T")


@dataclass(frozen=True)
class NeuronCode:
    """A neuron model as a case of the update; see `snnlab.arrays.kernel.NeuronKernel`."""

    address: int
    state_names: tuple[str, ...]
    varying_names: tuple[str, ...]
    parameter_names: tuple[str, ...]
    source: str = field(repr=False)

    @property
    def n_words(self) -> int:
        """Reals per neuron: states and varying parameters."""
        return len(self.state_names) + len(self.varying_names)


@dataclass(frozen=True)
class SynapseCode:
    """A synapse model as a case of plasticity; see `snnlab.arrays.kernel.SynapseKernel`.

    All its functions are found by the one number `case`, which is at least 1.
    """

    rule: SynapseRule
    case: int
    source: str = field(repr=False)

    @property
    def every_step(self) -> int:
        """The case if there is a rule of every step, else 0."""
        return self.case if self.rule.has_every_step else 0

    @property
    def spike(self) -> int:
        """The case."""
        return self.case

    catch_up = pre_spike = post_spike = mod_step = spike


@dataclass(frozen=True)
class RewiringCode:
    """A rewiring rule; see `snnlab.arrays.rewiring_arrays.RewiringKernel`.

    Its functions are found by the one number `case`.
    """

    tree: RewiringTree
    case: int
    replaces: bool
    source: str = field(repr=False)

    @property
    def prune(self) -> int:
        """The case."""
        return self.case

    accept = prune

    @property
    def adjust(self) -> int:
        """Not 0 if the rule changes weights."""
        return int(bool(self.tree.adjust))

    @property
    def initial(self) -> int:
        """Not 0 if the rule gives new synapses their weights."""
        return int(bool(self.tree.initial))

    @property
    def propose(self) -> int:
        """Not 0 if the rule proposes sources."""
        return int(bool(self.tree.propose))


class Codes:
    """The models of a network, each of which is written once."""

    def __init__(self) -> None:
        self.neurons: list[NeuronCode] = []
        self.synapses: list[SynapseCode] = []
        self.rewirings: list[RewiringCode] = []
        self._known: dict[object, Any] = {}

    def neuron(self, model: Any, varying: frozenset[str]) -> NeuronCode:
        """Return the code of a neuron model.

        Parameters
        ----------
        model : type of Neuron
        varying : frozenset of str
            Parameters and derived constants that differ between neurons.
        """

        def write() -> NeuronCode:
            rule = read_neuron(model)
            words = tuple(sorted(varying & set(rule.parameters)))
            shared = tuple(name for name in rule.parameters if name not in words)
            case = len(self.neurons)
            source = emit_cuda_neuron(rule, f"Model{case}", words, shared)
            self.neurons.append(NeuronCode(case, rule.states, words, shared, source))
            return self.neurons[-1]

        return self._once((model, varying), write)

    def synapse(self, model: Any) -> SynapseCode:
        """Return the code of a synapse model."""

        def write() -> SynapseCode:
            rule, case = read_synapse(model), len(self.synapses) + 1
            code = SynapseCode(rule, case, emit_cuda_synapse(rule, f"Synapse{case}"))
            self.synapses.append(code)
            return code

        return self._once(model, write)

    def rewiring(self, model: Any, states: tuple[str, ...]) -> RewiringCode:
        """Return the code of a rewiring rule.

        Parameters
        ----------
        model : type of RewiringRule
        states : tuple of str
            State variables of the synapses, ``"weight"`` first.
        """

        def write() -> RewiringCode:
            tree, case = read_rewiring(model, states), len(self.rewirings)
            source = emit_cuda_rewiring(tree, f"Rewiring{case}")
            code = RewiringCode(tree, case, model.replaces, source)
            self.rewirings.append(code)
            return code

        return self._once((model, states), write)

    def _once(self, key: object, write: Callable[[], T]) -> T:
        if key not in self._known:
            self._known[key] = write()
        found: T = self._known[key]
        return found
