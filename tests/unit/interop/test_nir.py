"""Networks to NIR and back: the same weights, the same spikes, and no loss that is not told."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import nir
import numpy as np
import pytest

from snnlab.errors import FormatError, SpecError, StateError
from snnlab.interop.nir_export import to_nir
from snnlab.interop.nir_file import load_nir, save_nir
from snnlab.interop.nir_form import decay, tau_in_seconds
from snnlab.interop.nir_import import from_nir
from snnlab.learning import EProp, RecurrentNetwork, Synapses, Trials, Weights, initial_weights

CASES = {
    "lif": {"beta": 0.0, "t_ref": 0.0},
    "lif, refractory": {"beta": 0.0, "t_ref": 3.0},
    "lif, sparse": {"beta": 0.0, "input_density": 0.4, "recurrent_density": 0.2},
    "lif, feed-forward": {"beta": 0.0, "recurrent": False},
    "alif": {"beta": 0.3, "tau_a": 50.0, "t_ref": 0.0},
    "alif, refractory": {"beta": 0.3, "tau_a": 50.0, "t_ref": 5.0},
    "alif, sparse": {"beta": 0.1, "input_density": 0.4, "recurrent_density": 0.2},
    "random feedback": {"beta": 0.0, "feedback": "random"},
    "taus apart": {"beta": 0.2, "tau_a": 90.0, "tau_m": 13.0, "tau_out": 31.0, "t_ref": 2.0},
    "fine step": {"beta": 0.1, "dt": 0.5, "t_ref": 2.0, "t_vote": 10.0},
}
LIF = {name: case for name, case in CASES.items() if case["beta"] == 0.0}


def given(case: str, precision: str = "float32") -> tuple[RecurrentNetwork, Weights]:
    network = RecurrentNetwork(8, 20, 4, precision=precision, **({"input_gain": 4.0} | CASES[case]))
    weights = initial_weights(network)
    draw = np.random.default_rng(3)
    weights.bias[:] = draw.normal(size=4)
    return network, weights


def trials_for(network: RecurrentNetwork) -> Trials:
    draw = np.random.default_rng(1)
    dense = draw.random((6, 60, network.n_inputs)) < 0.15
    return Trials.from_dense(dense, np.arange(6) % 4, dt=network.dt)


def same(one: Weights, other: Weights) -> None:
    """Fail unless all numbers and all pairs are the same to the bit."""
    for name in ("output", "bias", "feedback"):
        a, b = getattr(one, name), getattr(other, name)
        assert (a is None) == (b is None)
        assert a is None or (np.array_equal(a, b) and a.dtype == b.dtype)
    for name in ("input", "recurrent"):
        a, b = getattr(one, name), getattr(other, name)
        assert (a is None) == (b is None)
        if a is not None:
            for field in ("weight", "start", "post", "sign"):
                x, y = getattr(a, field), getattr(b, field)
                assert np.array_equal(x, y), (name, field)
                assert x.dtype == y.dtype
            assert (a.n_pre, a.n_post, a.autapses) == (b.n_pre, b.n_post, b.autapses)


# --- there and back -----------------------------------------------------------------------------


@pytest.mark.parametrize("integration", ["exact", "euler"])
@pytest.mark.parametrize(
    ("case", "form"),
    [
        (case, form)
        for case in CASES
        for form in ("lif", "threshold")
        if form != "lif" or case in LIF
    ],
)
def test_file_gives_the_same_network_weights_and_spikes(
    case: str, form: str, integration: str, tmp_path: Path
) -> None:
    network, weights = given(case)
    path = tmp_path / "a.nir"
    save_nir(network, weights, path, form=form, integration=integration, approximate=True)
    back, its_weights = load_nir(path)
    assert back == network
    same(its_weights, weights)
    trials = trials_for(network)
    before = EProp(network).evaluate(weights, trials)
    after = EProp(back).evaluate(its_weights, trials)
    assert before.n_spikes.sum() > 50
    assert np.array_equal(after.votes, before.votes)
    assert np.array_equal(after.spike_counts, before.spike_counts)


def test_synapse_of_weight_0_and_its_sign_come_back(tmp_path: Path) -> None:
    network, weights = given("lif, sparse")
    weights.input.weight[3] = 0.0
    weights.input.sign[3] = -1
    save_nir(network, weights, tmp_path / "a.nir", approximate=True)
    same(load_nir(tmp_path / "a.nir")[1], weights)


def test_weights_read_are_not_those_of_the_graph() -> None:
    network, weights = given("lif")
    graph = to_nir(network, weights, approximate=True)
    _, read = from_nir(graph)
    read.output[:] = 7.0
    read.input.weight[:] = 7.0
    read.bias[:] = 7.0
    weights.bias[:] = 7.0
    again = from_nir(graph)[1]
    assert not (again.output == 7.0).any()
    assert not (again.input.weight == 7.0).any()
    assert not (again.bias == 7.0).any()


# --- what the graph says, to a reader that knows nothing of snnlab ------------------------------


def simulated(graph: nir.NIRGraph, x: np.ndarray, dt: float, integration: str = "exact") -> dict:
    """Step through a graph by the equations of its nodes; return what each node gives.

    dt in s. What leaves a node that spikes and leads back to it arrives one step later.
    """
    links: dict[str, list[str]] = {name: [] for name in graph.nodes}
    for a, b in graph.edges:
        links[a].append(b)
    spiking = [n for n, node in graph.nodes.items() if isinstance(node, nir.LIF | nir.Threshold)]

    def reaches(start: str, end: str) -> bool:
        seen, todo = set(), [start]
        while todo:
            name = todo.pop()
            if name == end:
                return True
            if name not in seen:
                seen.add(name)
                todo += links[name]
        return False

    late = {(a, b) for a in spiking for b in links[a] if reaches(b, a)}
    order: list[str] = []
    while len(order) < len(graph.nodes):
        order += [
            name
            for name in graph.nodes
            if name not in order
            and all(a in order for a, b in graph.edges if b == name and (a, b) not in late)
        ]
    sizes = {n: int(np.prod(node.output_type["output"])) for n, node in graph.nodes.items()}
    state = {name: np.zeros(size) for name, size in sizes.items()}
    out = {name: np.zeros((len(x) + 1, size)) for name, size in sizes.items()}  # row 0: before
    for t in range(len(x)):
        for name in order:
            node = graph.nodes[name]
            sources = [(a, t if (a, b) in late else t + 1) for a, b in graph.edges if b == name]
            current = x[t] if isinstance(node, nir.Input) else sum(out[a][s] for a, s in sources)
            out[name][t + 1] = stepped(node, current, state[name], dt, integration, out, name, t)
    return {name: values[1:] for name, values in out.items()}


def stepped(node, current, v, dt, integration, out, name, t):
    """What one node gives in one step; `v` is its state, changed."""
    if isinstance(node, nir.Linear):
        return node.weight @ current
    if isinstance(node, nir.Affine):
        return node.weight @ current + node.bias
    if isinstance(node, nir.Scale):
        return node.scale * current
    if isinstance(node, nir.Threshold):
        return (current > node.threshold).astype(float)
    if isinstance(node, nir.Delay):
        k = round(float(node.delay[0]) / dt)
        history = node.__dict__.setdefault("_history", {})
        history[t] = current
        return history.get(t - k, np.zeros_like(current))
    if isinstance(node, nir.LI | nir.LIF):
        left = np.exp(-dt / node.tau) if integration == "exact" else 1.0 - dt / node.tau
        v[:] = left * v + (1.0 - left) * (node.v_leak + node.r * current)
        if isinstance(node, nir.LI):
            return v.copy()
        spikes = v > node.v_threshold
        v[spikes] = node.v_reset[spikes]
        return spikes.astype(float)
    return current


@pytest.mark.parametrize("integration", ["exact", "euler"])
@pytest.mark.parametrize("case", CASES)
def test_threshold_form_means_the_same_network(case: str, integration: str) -> None:
    network, weights = given(case, "float64")
    trials = trials_for(network)
    expected = EProp(network).evaluate(weights, trials)
    counts = np.zeros(network.n_hidden)
    for i, dense in enumerate(trials.to_dense().astype(float)):
        graph = to_nir(network, weights, form="threshold", integration=integration)
        found = simulated(graph, dense, graph.metadata["dt"], integration)
        votes = found["output"][network.first_vote :].sum(axis=0)
        assert votes == pytest.approx(expected.votes[i], rel=1e-9, abs=1e-9)
        counts += found["spike"].sum(axis=0)
    assert np.array_equal(counts, expected.spike_counts)


@pytest.mark.parametrize("integration", ["exact", "euler"])
def test_lif_form_is_the_same_until_the_first_spike_and_differs_by_the_reset(
    integration: str,
) -> None:
    network, weights = given("lif", "float64")
    dense = trials_for(network).to_dense()[0].astype(float)
    graph = to_nir(network, weights, approximate=True, integration=integration)
    lif = simulated(graph, dense, network.dt / 1000.0, integration)["hidden"]
    exact = to_nir(network, weights, form="threshold", integration=integration)
    ours = simulated(exact, dense, network.dt / 1000.0, integration)["spike"]
    first = int(np.flatnonzero(ours.any(axis=1))[0])
    assert np.array_equal(lif[: first + 1], ours[: first + 1])
    assert not np.array_equal(lif, ours)


def test_graph_of_lif_in_numbers() -> None:
    network, weights = given("lif")
    graph = to_nir(network, weights, approximate=True)
    hidden = graph.nodes["hidden"]
    assert hidden.tau == pytest.approx(np.full(20, 0.020))
    assert hidden.r == pytest.approx(np.full(20, 1.0 / (1.0 - np.exp(-1.0 / 20.0))))
    assert (hidden.v_leak.tolist(), hidden.v_reset.tolist()) == ([0.0] * 20, [0.0] * 20)
    assert hidden.v_threshold == pytest.approx(np.full(20, 0.6))
    assert graph.nodes["input_weights"].weight.shape == (20, 8)
    assert np.array_equal(graph.nodes["input_weights"].weight, weights.input.weight.T)
    assert graph.nodes["input"].input_type["input"].tolist() == [8]
    assert graph.nodes["output"].output_type["output"].tolist() == [4]
    assert graph.metadata["dt"] == 0.001
    assert json.loads(graph.metadata["snnlab"])["reset"] == "subtractive"
    euler = to_nir(network, weights, approximate=True, integration="euler")
    assert 1.0 - 0.001 / euler.nodes["hidden"].tau[0] == pytest.approx(network.alpha)


@pytest.mark.parametrize("integration", ["exact", "euler"])
def test_time_constants_there_and_back(integration: str) -> None:
    for alpha in (0.2, 0.9, 0.999):
        tau = tau_in_seconds(alpha, 0.5, integration)
        assert decay(tau, 0.5, integration) == pytest.approx(alpha)


# --- refusals when writing ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "options", "message"),
    [
        ("alif", {"approximate": True}, "RecurrentNetwork.beta: must be 0 for a LIF node of NIR,"),
        (
            "lif",
            {},
            "to_nir: must not change the network: a LIF node of NIR resets to 0 and is nev",
        ),
        ("lif", {"form": "cuba"}, "form: must be 'lif' or 'threshold' (got 'cuba')."),
        ("lif", {"integration": "rk4"}, "integration: must be 'exact' or 'euler' (got 'rk4')."),
    ],
)
def test_what_a_form_cannot_hold_is_refused(case: str, options: dict, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        to_nir(*given(case), **options)
    assert str(caught.value).startswith(message)


def test_refusal_names_what_would_be_lost() -> None:
    with pytest.raises(SpecError) as caught:
        to_nir(*given("lif, refractory"))
    assert caught.value.got == ("a reset that subtracts the threshold, a refractory period of 3 ms")
    assert "form='threshold'" in caught.value.remedy
    assert "approximate=True" in caught.value.remedy


def test_weights_of_another_network_are_refused() -> None:
    network, _ = given("lif")
    other = initial_weights(RecurrentNetwork(8, 21, 4, beta=0.0))
    with pytest.raises(SpecError, match=r"Weights\.input: must have the shape \(8, 20\)"):
        to_nir(network, other, approximate=True)


def test_diverged_weights_are_refused() -> None:
    network, weights = given("lif")
    weights.output[0, 0] = np.nan
    with pytest.raises(SpecError, match="Weights: must be finite numbers"):
        to_nir(network, weights, approximate=True)


def test_missing_package_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "nir", None)
    with pytest.raises(StateError, match="need the package nir"):
        save_nir(*given("lif"), tmp_path / "a.nir", approximate=True)
    with pytest.raises(StateError, match="need the package nir"):
        load_nir(tmp_path / "a.nir")


# --- files that are damaged, changed or foreign -------------------------------------------------


def foreign(**changes) -> nir.NIRGraph:
    """A graph as other programs write it: other names, r = 1, no metadata."""
    n_in, n, n_out = 3, 5, 2
    draw = np.random.default_rng(0)
    w_rec = draw.normal(size=(n, n))
    np.fill_diagonal(w_rec, 0.0)
    nodes = {
        "in": nir.Input(np.array([n_in])),
        "0": nir.Affine(draw.normal(size=(n, n_in)) * 30.0, np.zeros(n)),
        "1": nir.LIF(*(np.full(n, v) for v in (0.02, 1.0, 0.0, 0.8))),
        "1r": nir.Linear(w_rec),
        "2": nir.Affine(draw.normal(size=(n_out, n)), np.array([0.5, -0.5])),
        "3": nir.LI(*(np.full(n_out, v) for v in (0.04, 2.0, 0.0))),
        "out": nir.Output(np.array([n_out])),
    }
    edges = [
        ("in", "0"),
        ("0", "1"),
        ("1", "1r"),
        ("1r", "1"),
        ("1", "2"),
        ("2", "3"),
        ("3", "out"),
    ]
    nodes |= changes.get("nodes", {})
    edges = [e for e in edges if e not in changes.get("without", ())] + changes.get("edges", [])
    for name in changes.get("drop", ()):
        del nodes[name]
    return nir.NIRGraph(nodes, edges, {}, type_check=changes.get("type_check", True))


@pytest.mark.parametrize(("integration", "step"), [("euler", 1 / 20), ("exact", None)])
def test_graph_of_another_program(integration: str, step: float | None, tmp_path: Path) -> None:
    graph = foreign()
    nir.write(tmp_path / "a.nir", graph)
    network, weights = load_nir(
        tmp_path / "a.nir", dt=1.0, integration=integration, approximate=True
    )
    step = step or 1.0 - np.exp(-1.0 / 20.0)
    assert (network.n_inputs, network.n_hidden, network.n_outputs) == (3, 5, 2)
    assert network.alpha == pytest.approx(1.0 - step)
    assert (network.v_th, network.beta, network.t_ref) == (0.8, 0.0, 0.0)
    assert weights.input.weight == pytest.approx(step * graph.nodes["0"].weight.T, rel=1e-6)
    assert weights.recurrent.weight == pytest.approx(step * graph.nodes["1r"].weight.T, rel=1e-6)
    # The read-out as the other program computes it, after a spike of each neuron at once.
    out = 1.0 - network.kappa
    assert weights.output == pytest.approx(2.0 * out * graph.nodes["2"].weight.T, rel=1e-6)
    assert weights.bias == pytest.approx(2.0 * out * np.array([0.5, -0.5]), rel=1e-6)


def test_graph_of_another_program_spikes_as_there_until_a_reset() -> None:
    graph = foreign()
    network, weights = from_nir(graph, dt=1.0, approximate=True)
    x = (np.random.default_rng(5).random((40, 3)) < 0.3).astype(float)
    there = simulated(graph, x, 0.001)["1"]
    here = simulated(to_nir(network, weights, form="threshold"), x, 0.001)["spike"]
    first = int(np.flatnonzero(there.any(axis=1))[0])
    assert np.array_equal(here[: first + 1], there[: first + 1])


def test_feed_forward_graph_of_another_program() -> None:
    graph = foreign(without=[("1", "1r"), ("1r", "1")], drop=["1r"])
    network, weights = from_nir(graph, dt=1.0, approximate=True)
    assert not network.recurrent
    assert weights.recurrent is None


FOREIGN = {
    "no time step": ({}, {"dt": None}, "from_nir: must be told the time step of a graph of anoth"),
    "time step 0": ({}, {"dt": 0.0}, "from_nir: must be told the time step of a graph of anoth"),
    "hard reset": ({}, {"approximate": False}, "from_nir: must not change the network: its LIF"),
    "unknown integration": ({}, {"integration": "rk4"}, "integration: must be 'exact' or 'eul"),
    "step too long": ({}, {"dt": 30.0, "integration": "euler"}, "Time constant: must be longer"),
    "a leak": (
        {"nodes": {"1": nir.LIF(*(np.full(5, v) for v in (0.02, 1.0, 0.3, 0.8)))}}, {},
        "Node LIF, v_leak: must be 0 (got 0.3).",
    ),
    "another reset": (
        {"nodes": {"1": nir.LIF(*(np.full(5, v) for v in (0.02, 1.0, 0.0, 0.8, 0.1)))}}, {},
        "Node LIF, v_reset: must be 0 (got 0.1).",
    ),
    "different neurons": (
        {"nodes": {"1": nir.LIF(np.linspace(0.01, 0.02, 5), *(np.full(5, v) for v in (1, 0, 1)))}},
        {}, "Node LIF, tau: must be the same for all neurons (got 5 values from 0.01 to 0.02).",
    ),
    "hidden biases": (
        {"nodes": {"0": nir.Affine(np.ones((5, 3)), np.ones(5))}}, {},
        "NIR graph: must have no bias of hidden neurons",
    ),
    "autapses": (
        {"nodes": {"1r": nir.Linear(np.eye(5))}}, {},
        "NIR graph: must have no connection of a neuron with itself (got 5 of them).",
    ),
    "not finite": (
        {"nodes": {"0": nir.Linear(np.full((5, 3), np.nan))}}, {},
        "Node Linear: must have finite weights (5, n_pre)",
    ),
    "negative tau": (
        {"nodes": {"3": nir.LI(*(np.full(2, v) for v in (-0.04, 2.0, 0.0)))}}, {},
        "Time constant: must be > 0 s (got -0.04 s).",
    ),
    "current-based neurons": (
        {"nodes": {"1": nir.CubaLIF(*(np.full(5, v) for v in (0.01, 0.02, 1.0, 0.0, 1.0)))}}, {},
        "NIR graph: must be a graph Input -> Linear -> LIF -> Affine or Linear -> LI -> Output",
    ),
    "spikes as output": (
        {"without": [("2", "3"), ("3", "out")], "edges": [("2", "out")], "drop": ["3"]}, {},
        "NIR graph: must be a graph Input -> Linear",
    ),
    "a way around": (
        {"nodes": {"4": nir.Linear(np.ones((2, 3)))}, "edges": [("in", "4"), ("4", "3")]}, {},
        "NIR graph: must be a graph Input -> Linear",
    ),
    "two ways": (
        {"nodes": {"4": nir.Linear(np.ones((5, 3)))}, "edges": [("in", "4"), ("4", "1")]}, {},
        "NIR graph: must be a graph Input -> Linear",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "options", "message"), FOREIGN.values(), ids=FOREIGN)
def test_what_is_no_such_network_is_refused(changes: dict, options: dict, message: str) -> None:
    with pytest.raises((FormatError, SpecError)) as caught:
        from_nir(foreign(**changes), **({"dt": 1.0, "approximate": True} | options))
    assert str(caught.value).startswith(message)


def test_graph_that_was_changed_is_told() -> None:
    network, weights = given("lif")
    graph = to_nir(network, weights, approximate=True)
    graph.nodes["hidden"].tau[:] *= 2.0
    with pytest.raises(FormatError) as caught:
        from_nir(graph)
    assert str(caught.value).startswith("Graph of snnlab, membrane: must be 0.951229, as its metad")
    del graph.metadata["snnlab"]
    assert from_nir(graph, dt=1.0, approximate=True)[0].tau_m == pytest.approx(40.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "must describe a network"),
        ("[]", "must describe a network"),
        ('{"format": 1, "form": "lif", "integration": "exact", "network": {"n_inputs": 0}}',
         "must describe a network"),
        ('{"format": 2, "form": "lif", "integration": "exact"}', r"must be of format 1 \(got form"),
    ],
)  # fmt: skip
def test_description_that_cannot_be_meant_is_told(text: str, message: str) -> None:
    graph = to_nir(*given("lif"), approximate=True)
    graph.metadata["snnlab"] = text
    with pytest.raises(FormatError, match=message):
        from_nir(graph)


def test_nodes_that_are_gone_or_of_another_size_are_told() -> None:
    graph = to_nir(*given("lif"), approximate=True)
    graph.nodes["output_weights"].weight = np.zeros((4, 19))
    with pytest.raises(FormatError, match=r"must have weights of shape \(4, 20\) \(got \(4, 19\)"):
        from_nir(graph)
    del graph.nodes["recurrent_weights"]
    with pytest.raises(FormatError, match="got none called recurrent_weights"):
        from_nir(graph)


def test_damaged_files_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.nir"
    with pytest.raises(FormatError, match="must be a file that is there"):
        load_nir(path)
    path.write_bytes(b"no HDF5")
    with pytest.raises(FormatError, match="must be a whole file of NIR"):
        load_nir(path)
    save_nir(*given("lif"), path, approximate=True)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(FormatError, match="must be a whole file of NIR"):
        load_nir(path)
    nir.write(path, nir.Linear(np.ones((2, 2))))
    with pytest.raises(FormatError, match="must be a whole file of NIR"):
        load_nir(path)


def test_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.nir"
    save_nir(*given("lif"), path, approximate=True)
    before = path.read_bytes()
    with pytest.raises(SpecError):
        save_nir(*given("alif"), path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.nir"]


def test_dense_synapses_stay_dense() -> None:
    network, weights = given("lif")
    assert isinstance(from_nir(to_nir(network, weights, approximate=True))[1].input, Synapses)
    assert from_nir(to_nir(network, weights, approximate=True))[1].input.is_dense
