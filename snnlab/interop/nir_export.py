"""Trained networks to NIR, for other simulators and for neuromorphic hardware."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.errors import SpecError
from snnlab.interop.nir_form import (
    BLOCK,
    FORMS,
    INTEGRATIONS,
    Described,
    check_choice,
    nir_package,
    tau_in_seconds,
)
from snnlab.learning.recurrent_network import RecurrentNetwork
from snnlab.learning.synapses import Synapses
from snnlab.learning.weights import Weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["to_nir"]


def to_nir(
    network: RecurrentNetwork,
    weights: Weights,
    *,
    form: str = "lif",
    integration: str = "exact",
    approximate: bool = False,
) -> Any:
    """Return a network as a graph of NIR.

    Parameters
    ----------
    network : RecurrentNetwork
    weights : Weights
        As they are after learning.
    form : str
        ``"lif"``: hidden neurons are one LIF node, which most simulators and chips can read. It has
        no adaptation and no refractory period, and a spike resets it to 0 instead of subtracting
        the threshold. ``"threshold"``: leaky integrators and thresholds, with the reset, the
        adaptation and the refractory period as edges that lead back; it is exact, for simulators
        that can read it.
    integration : str
        How the reader integrates with the same time step: ``"exact"``, or ``"euler"``, for which
        time constants are written that decay as much.
    approximate : bool
        True: form ``"lif"`` may leave out the refractory period and reset to 0. Other simulators
        then find other spikes; `snnlab.interop.nir_import.from_nir` finds the same ones.

    Returns
    -------
    nir.NIRGraph
        From ``input`` to ``output``, which is the membrane of the read-outs: the class is the
        largest sum of it over the time that counts.

    Raises
    ------
    SpecError
        The form cannot hold the network; the error says what would be lost.
    StateError
        The package nir is not installed.

    Notes
    -----
    A neuron of NIR fires above its threshold, ours at its threshold already.
    """
    check_choice(form, "form", FORMS)
    check_choice(integration, "integration", INTEGRATIONS)
    _check_weights(network, weights)
    if form == "lif":
        _check_lif(network, approximate)
    graph = _Graph(network, integration)
    graph.add("input", "Input", input_type=np.array([network.n_inputs]))
    graph.chain("input", "input_weights")
    graph.linear("input_weights", weights.input)
    spiking = _add_lif(graph) if form == "lif" else _add_threshold(graph)
    if weights.recurrent is not None:
        graph.linear("recurrent_weights", weights.recurrent)
        graph.chain(spiking, "recurrent_weights", graph.membrane)
    graph.add("output_weights", "Affine", weight=_turned(weights.output), bias=weights.bias.copy())
    graph.leaky("readout", network.kappa, network.n_outputs)
    graph.add("output", "Output", output_type=np.array([network.n_outputs]))
    graph.chain(spiking, "output_weights", "readout", "output")
    metadata = Described(network, form, integration).metadata()
    if weights.feedback is not None:
        metadata["feedback"] = weights.feedback.copy()
    return nir_package().NIRGraph(graph.nodes, graph.edges, metadata)


class _Graph:
    """Nodes and edges so far; `membrane` is the node that takes the input of hidden neurons."""

    def __init__(self, network: RecurrentNetwork, integration: str) -> None:
        self.network, self.integration = network, integration
        self.nodes: dict[str, Any] = {}
        self.edges: list[tuple[str, str]] = []
        self.membrane = "hidden"
        self._nir = nir_package()

    def add(self, name: str, kind: str, **fields: Any) -> None:
        self.nodes[name] = getattr(self._nir, kind)(**fields)

    def chain(self, *names: str) -> None:
        """Connect each with the next."""
        self.edges += pairwise(names)

    def full(self, value: float, n: int) -> NDArray[Any]:
        return np.full(n, value, self.network.precision)

    def linear(self, name: str, synapses: Synapses) -> None:
        """Add weights; which pairs are connected, and by which sign, goes beside them."""
        metadata = {}
        if not synapses.is_dense:
            sign = np.zeros((synapses.n_pre, synapses.n_post), np.int8)
            sign[synapses.pre, synapses.post] = synapses.sign
            metadata["sign"] = _turned(sign)
        self.add(name, "Linear", weight=_turned(synapses.matrix()), metadata=metadata)

    def leaky_fields(self, alpha: float, n: int) -> dict[str, NDArray[Any]]:
        """Time constant and resistance such that an input of 1 in a step adds 1."""
        tau = tau_in_seconds(alpha, self.network.dt, self.integration)
        return {
            "tau": self.full(tau, n),
            "r": self.full(1.0 / (1.0 - alpha), n),
            "v_leak": self.full(0.0, n),
        }

    def leaky(self, name: str, alpha: float, n: int) -> None:
        self.add(name, "LI", **self.leaky_fields(alpha, n))


def _add_lif(graph: _Graph) -> str:
    """Add hidden neurons as one node; return the name of what spikes."""
    network, n = graph.network, graph.network.n_hidden
    graph.add(
        "hidden", "LIF", **graph.leaky_fields(network.alpha, n),
        v_threshold=graph.full(network.v_th, n), v_reset=graph.full(0.0, n),
    )  # fmt: skip
    graph.chain("input_weights", "hidden")
    return "hidden"


def _add_threshold(graph: _Graph) -> str:
    """Add hidden neurons as integrators and thresholds; return the name of what spikes."""
    network, n = graph.network, graph.network.n_hidden
    graph.membrane = "membrane"
    graph.leaky("membrane", network.alpha, n)
    graph.add("spike", "Threshold", threshold=graph.full(network.v_th, n))
    graph.add("reset", "Scale", scale=graph.full(-network.v_th, n))
    graph.chain("input_weights", "membrane", "spike", "reset", "membrane")
    if network.beta > 0.0:
        graph.leaky("adaptation", network.rho, n)
        graph.add("raise", "Scale", scale=graph.full(-network.beta, n))
        graph.chain("spike", "adaptation", "raise", "spike")
    if network.refractory_steps > 0:
        graph.add("block", "Scale", scale=graph.full(-BLOCK, n))
        graph.chain("spike", "block", "spike")
    for k in range(1, network.refractory_steps):
        graph.add(f"delay_{k}", "Delay", delay=graph.full(k * network.dt / 1000.0, n))
        graph.chain("spike", f"delay_{k}", "block")
    return "spike"


def _turned(matrix: NDArray[Any]) -> NDArray[Any]:
    """From (n_pre, n_post) to NIR's (n_post, n_pre)."""
    return np.ascontiguousarray(matrix.T)


def _check_lif(network: RecurrentNetwork, approximate: bool) -> None:
    exact = "Write it exactly with form='threshold'"
    if network.beta > 0.0:
        raise SpecError(
            "RecurrentNetwork.beta", "must be 0 for a LIF node of NIR, which does not adapt",
            got=f"{network.beta:g}", remedy=f"{exact}, or train with beta=0.",
        )  # fmt: skip
    if approximate:
        return
    lost = "a reset that subtracts the threshold"
    if network.refractory_steps:
        lost += f", a refractory period of {network.t_ref:g} ms"
    raise SpecError(
        "to_nir", "must not change the network: a LIF node of NIR resets to 0 and is never "
        "refractory", got=lost,
        remedy=f"{exact}, or lose that knowingly: approximate=True.",
    )  # fmt: skip


def _check_weights(network: RecurrentNetwork, weights: Weights) -> None:
    n_hidden = network.n_hidden
    shapes = {
        "input": (weights.input.n_pre, weights.input.n_post),
        "output": weights.output.shape,
        "bias": weights.bias.shape,
    }
    expected = {
        "input": (network.n_inputs, n_hidden),
        "output": (n_hidden, network.n_outputs),
        "bias": (network.n_outputs,),
    }
    if weights.recurrent is not None:
        shapes["recurrent"] = (weights.recurrent.n_pre, weights.recurrent.n_post)
        expected["recurrent"] = (n_hidden, n_hidden)
    for name, shape in shapes.items():
        if shape != expected[name]:
            raise SpecError(
                f"Weights.{name}", f"must have the shape {expected[name]} of the network",
                got=str(shape), remedy="Give a network and its own weights.",
            )  # fmt: skip
    arrays = [weights.input.weight, weights.output, weights.bias]
    arrays += [] if weights.recurrent is None else [weights.recurrent.weight]
    if not all(np.isfinite(array).all() for array in arrays):
        raise SpecError(
            "Weights", "must be finite numbers", got="others",
            remedy="Training has diverged: lower the learning rate.",
        )  # fmt: skip
