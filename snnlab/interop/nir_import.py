"""Networks from NIR, to look at, to run and to train further."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.errors import FormatError, SpecError
from snnlab.interop.nir_form import INTEGRATIONS, Described, check_choice, decay
from snnlab.learning.recurrent_network import RecurrentNetwork
from snnlab.learning.synapses import Synapses
from snnlab.learning.weights import Weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["from_nir"]

_TOLERANCE = 1e-5
"""By which numbers in single precision may differ from those that are described beside them."""

_UNDERSTOOD = (
    "a graph Input -> Linear -> LIF -> Affine or Linear -> LI -> Output, with or without "
    "LIF -> Linear -> LIF"
)


def from_nir(
    graph: Any,
    *,
    dt: float | None = None,
    integration: str = "exact",
    approximate: bool = False,
) -> tuple[RecurrentNetwork, Weights]:
    """Return the network of a graph.

    Parameters
    ----------
    graph : nir.NIRGraph
        What `snnlab.interop.nir_export.to_nir` has made, which gives the same weights and spikes
        again; or a graph of another program of one hidden layer of LIF neurons.
    dt : float [ms], optional
        Time step of a graph of another program. NIR has none, so it has to be given.
    integration : str
        How the other program integrates: ``"exact"`` or ``"euler"``.
    approximate : bool
        True: the LIF neurons of another program, which are reset to 0, become ours, from which a
        spike subtracts the threshold.

    Returns
    -------
    network : RecurrentNetwork
    weights : Weights

    Raises
    ------
    FormatError
        The graph has another structure, or numbers that such a network does not have.
    SpecError
        `dt` is missing, or the graph needs ``approximate=True``.
    """
    described = Described.of(graph.metadata)
    if described is not None:
        return described.network, _own_weights(graph, described)
    check_choice(integration, "integration", INTEGRATIONS)
    if dt is None or not (isinstance(dt, float | int) and 0.0 < dt < math.inf):
        raise SpecError(
            "from_nir", "must be told the time step of a graph of another program",
            got=f"dt={dt!r}", remedy="Give the dt [ms] that it was trained with: dt=1.0.",
        )  # fmt: skip
    if not approximate:
        raise SpecError(
            "from_nir", "must not change the network: its LIF neurons are reset to 0, from ours a "
            "spike subtracts the threshold", got="a graph of another program",
            remedy="Accept that, and train the network further: approximate=True.",
        )  # fmt: skip
    return _foreign(_Layers.of(graph), float(dt), integration)


# --- graphs that snnlab has written -------------------------------------------------------------


def _own_weights(graph: Any, described: Described) -> Weights:
    network, nodes = described.network, graph.nodes
    needed = ["input_weights", "output_weights", "readout"]
    needed += ["recurrent_weights"] if network.recurrent else []
    needed += ["hidden"] if described.form == "lif" else ["membrane", "spike"]
    missing = [name for name in needed if name not in nodes]
    if missing:
        raise FormatError(
            "Graph of snnlab", "must have the nodes " + ", ".join(needed),
            got="none called " + ", ".join(missing), remedy="It was changed: write it again.",
        )  # fmt: skip
    _check_numbers(nodes, described)
    n_hidden, dtype = network.n_hidden, network.precision
    output = _matrix(nodes, "output_weights", n_hidden, network.n_outputs, dtype)
    bias = np.array(nodes["output_weights"].bias, dtype)
    feedback = graph.metadata.get("feedback")
    recurrent = None
    if network.recurrent:
        recurrent = _synapses(nodes, "recurrent_weights", n_hidden, n_hidden, dtype)
    return Weights(
        _synapses(nodes, "input_weights", network.n_inputs, n_hidden, dtype),
        recurrent,
        output,
        bias,
        None if feedback is None else np.array(feedback, dtype),
    )


def _check_numbers(nodes: Any, described: Described) -> None:
    """Refuse a graph in which numbers of nodes are not those of the network described beside it."""
    network, integration = described.network, described.integration
    is_lif = described.form == "lif"
    membrane = nodes["hidden" if is_lif else "membrane"]
    threshold = membrane.v_threshold if is_lif else nodes["spike"].threshold
    found = {
        "threshold": (threshold, network.v_th),
        "resistance": (membrane.r, 1.0 / (1.0 - network.alpha)),
        "read-out resistance": (nodes["readout"].r, 1.0 / (1.0 - network.kappa)),
    }
    for name, tau, alpha in (
        ("membrane", membrane.tau, network.alpha), ("read-out", nodes["readout"].tau, network.kappa)
    ):  # fmt: skip
        found[name] = (np.array([decay(float(x), network.dt, integration) for x in tau]), alpha)
    for name, (values, expected) in found.items():
        if not np.allclose(values, expected, rtol=_TOLERANCE, atol=0.0):
            raise FormatError(
                f"Graph of snnlab, {name}", f"must be {expected:g}, as its metadata describe it",
                got=f"{np.ravel(values)[0]:g}",
                remedy="It was changed: remove its metadata 'snnlab' to read it as it is now.",
            )  # fmt: skip


def _matrix(nodes: Any, name: str, n_pre: int, n_post: int, dtype: str) -> NDArray[Any]:
    weight = np.asarray(nodes[name].weight)
    if weight.shape != (n_post, n_pre):
        raise FormatError(
            f"Node {name!r}", f"must have weights of shape ({n_post}, {n_pre})",
            got=str(weight.shape),
        )  # fmt: skip
    if not np.isfinite(weight).all():
        raise FormatError(f"Node {name!r}", "must have finite weights", got="others")
    return np.ascontiguousarray(weight.T.astype(dtype))


def _synapses(nodes: Any, name: str, n_pre: int, n_post: int, dtype: str) -> Synapses:
    matrix = _matrix(nodes, name, n_pre, n_post, dtype)
    autapses = name != "recurrent_weights"
    sign = (nodes[name].metadata or {}).get("sign")
    if sign is None:
        return Synapses.dense(matrix, autapses=autapses)
    signs = np.asarray(sign).T
    if signs.shape != matrix.shape:
        raise FormatError(
            f"Node {name!r}", f"must have signs of shape {matrix.shape}", got=str(signs.shape)
        )
    pre, post = np.nonzero(signs)
    synapses = Synapses.sparse(n_pre, n_post, pre, post, matrix[pre, post], autapses=autapses)
    synapses.sign[:] = signs[pre, post]  # that of a synapse of weight 0 is not in its weight
    return synapses


# --- graphs of other programs -------------------------------------------------------------------


@dataclass(frozen=True)
class _Layers:
    """The nodes of a graph by what they are for."""

    input_weights: Any
    hidden: Any
    recurrent_weights: Any | None
    output_weights: Any
    readout: Any

    @classmethod
    def of(cls, graph: Any) -> _Layers:
        """Find them by how they are connected, whatever they are called."""
        kinds = {name: type(node).__name__ for name, node in graph.nodes.items()}
        links = [(a, b) for a, b in graph.edges]
        hidden = _only(kinds, "LIF")
        readout, source = _only(kinds, "LI"), _only(kinds, "Input")
        _only(kinds, "Output")
        weights = {
            (a, c): b
            for b, kind in kinds.items()
            if kind in ("Linear", "Affine")
            for a in (a for a, to in links if to == b)
            for c in (c for at, c in links if at == b)
        }
        wanted = {(source, hidden), (hidden, readout)}
        if not wanted <= set(weights) or not set(weights) <= wanted | {(hidden, hidden)}:
            raise _not_understood(kinds)
        n_nodes = 4 + len(set(weights.values()))
        if len(weights) != len(set(weights.values())) or n_nodes != len(kinds):
            raise _not_understood(kinds)
        recurrent = weights.get((hidden, hidden))
        nodes = graph.nodes
        return cls(
            nodes[weights[source, hidden]], nodes[hidden],
            None if recurrent is None else nodes[recurrent],
            nodes[weights[hidden, readout]], nodes[readout],
        )  # fmt: skip


def _only(kinds: dict[str, str], kind: str) -> str:
    names = [name for name, its in kinds.items() if its == kind]
    if len(names) != 1:
        raise _not_understood(kinds)
    return names[0]


def _not_understood(kinds: dict[str, str]) -> FormatError:
    return FormatError(
        "NIR graph", f"must be {_UNDERSTOOD}",
        got=", ".join(f"{name}: {kind}" for name, kind in kinds.items())[:300],
        remedy="Networks of snnlab that learn have one hidden layer.",
    )  # fmt: skip


def _foreign(layers: _Layers, dt: float, integration: str) -> tuple[RecurrentNetwork, Weights]:
    hidden, readout = layers.hidden, layers.readout
    alpha = decay(_one(hidden, "tau"), dt, integration)
    kappa = decay(_one(readout, "tau"), dt, integration)
    for node, name in ((hidden, "v_leak"), (hidden, "v_reset"), (readout, "v_leak")):
        if _one(node, name) != 0.0:
            raise FormatError(
                f"Node {type(node).__name__}, {name}", "must be 0", got=f"{_one(node, name):g}",
                remedy="Shift voltages so that they rest at 0.",
            )  # fmt: skip
    into = (1.0 - alpha) * _each(hidden, "r")
    out = (1.0 - kappa) * _each(readout, "r")
    biases = [getattr(w, "bias", 0.0) for w in (layers.input_weights, layers.recurrent_weights)]
    if any(np.any(bias != 0.0) for bias in biases):
        raise FormatError(
            "NIR graph", "must have no bias of hidden neurons", got="an Affine node before the LIF",
            remedy="Train without it: networks of snnlab have biases of read-outs only.",
        )  # fmt: skip
    w_in, w_out = _scaled(layers.input_weights, into), _scaled(layers.output_weights, out)
    recurrent = layers.recurrent_weights
    w_rec = None if recurrent is None else _scaled(recurrent, into)
    if w_rec is not None and np.any(np.diag(w_rec) != 0.0):
        raise FormatError(
            "NIR graph", "must have no connection of a neuron with itself",
            got=f"{np.count_nonzero(np.diag(w_rec))} of them",
            remedy="Train without: networks of snnlab have none.",
        )  # fmt: skip
    network = RecurrentNetwork(
        w_in.shape[0], w_in.shape[1], w_out.shape[1], tau_m=-dt / math.log(alpha), beta=0.0,
        v_th=_one(hidden, "v_threshold"), t_ref=0.0, tau_out=-dt / math.log(kappa), dt=dt,
        recurrent=w_rec is not None,
    )  # fmt: skip
    bias = np.broadcast_to(getattr(layers.output_weights, "bias", 0.0), (network.n_outputs,))
    dtype = network.precision
    return network, Weights(
        Synapses.dense(w_in.astype(dtype)),
        None if w_rec is None else Synapses.dense(w_rec.astype(dtype), autapses=False),
        w_out.astype(dtype),
        (bias * out).astype(dtype),
    )


def _each(node: Any, name: str) -> NDArray[np.float64]:
    values = np.asarray(getattr(node, name), np.float64)
    if not np.isfinite(values).all():
        raise FormatError(f"Node {type(node).__name__}, {name}", "must be finite", got="others")
    return values


def _one(node: Any, name: str) -> float:
    """The number that all neurons of a node have in common."""
    values = np.unique(_each(node, name))
    if values.size != 1:
        raise FormatError(
            f"Node {type(node).__name__}, {name}", "must be the same for all neurons",
            got=f"{values.size} values from {values.min():g} to {values.max():g}",
            remedy="Networks of snnlab that learn have one number for all.",
        )  # fmt: skip
    return float(values[0])


def _scaled(node: Any, gain: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights (n_pre, n_post), such that a spike moves the voltage by its weight."""
    weight = np.asarray(node.weight, np.float64)
    if weight.ndim != 2 or weight.shape[0] != gain.size or not np.isfinite(weight).all():
        raise FormatError(
            f"Node {type(node).__name__}", f"must have finite weights ({gain.size}, n_pre)",
            got=f"shape {weight.shape}",
        )  # fmt: skip
    return np.ascontiguousarray((weight * gain[:, None]).T)
