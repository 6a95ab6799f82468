"""The half that NEST runs: networks of snnlab's files become NEST's, and what they do a file.

``python nest_side.py JOB.json`` with ``{"runs": [{"network": ..., "duration": ms, "out": path},
...], "threads": 1, "records_weights": true}``; each run writes its spikes and samples as npz. Needs
PyNEST and NumPy only. The files hold numbers and distributions, no expressions of knobs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import nest
import numpy as np
from nest_structure import grows, let_grow, simulate

Data = dict[str, Any]

NEURONS = {
    "LIFDelta": "iaf_psc_delta",
    "LIFExp": "iaf_psc_exp",
    "LIFExpShared": "iaf_psc_exp",
    "LIFAlpha": "iaf_psc_alpha",
    "LIFCondExp": "iaf_cond_exp",
    "AdEx": "aeif_psc_exp",
    "Izhikevich": "izhikevich",
}
SOURCE = "SpikeSource"
PARAMETERS = {
    "tau_syn": ("tau_syn_ex", "tau_syn_in"),
    "tau_syn_exc": ("tau_syn_ex",),
    "tau_syn_inh": ("tau_syn_in",),
}
"""Names that differ; all others are NEST's."""

STATES = {
    "I_exc": ("I_syn_ex",), "I_inh": ("I_syn_in",), "I_syn": ("I_syn_ex", "I_syn_in"),
    "g_exc": ("g_ex",), "g_inh": ("g_in",),
}  # fmt: skip
"""Names that differ; what stands in two variables in NEST is their sum."""

POSITIVE_INHIBITION = {"LIFCondExp"}
"""Models whose inhibitory weights are positive here and negative in NEST."""

FLIPPED = {("AdEx", "I_inh")}
"""Variables that NEST gives the other sign."""

STRICT = {"AdEx": {"gsl_error_tol": 1e-12}}
"""So that what is compared is our error, not NEST's."""

PAIRS = {"tau_plus": "tau_plus", "learning_rate": "lambda", "alpha": "alpha", "W_max": "Wmax"}
SYNAPSES: dict[str, tuple[str, dict[str, str], Data]] = {
    "STDP": ("stdp_synapse", PAIRS, {"mu_plus": 0.0, "mu_minus": 0.0}),
    "STDPMultiplicative": ("stdp_synapse", PAIRS, {"mu_plus": 1.0, "mu_minus": 1.0}),
    "STDPGuetig": ("stdp_synapse", PAIRS | {"mu_plus": "mu_plus", "mu_minus": "mu_minus"}, {}),
    "STDPNearest": ("stdp_nn_symm_synapse", PAIRS, {"mu_plus": 0.0, "mu_minus": 0.0}),
    "STDPPowerLaw": (
        "stdp_pl_synapse_hom",
        {"tau_plus": "tau_plus", "learning_rate": "lambda", "alpha": "alpha", "mu": "mu"}, {},
    ),
    "STDPTriplet": (
        "stdp_triplet_synapse",
        {"tau_plus": "tau_plus", "tau_plus_triplet": "tau_plus_triplet", "W_max": "Wmax",
         "A_plus": "Aplus", "A_minus": "Aminus", "A_plus_triplet": "Aplus_triplet",
         "A_minus_triplet": "Aminus_triplet"}, {},
    ),
    "VogelsSprekeler": (
        "vogels_sprekeler_synapse",
        {"tau": "tau", "alpha": "alpha", "eta": "eta", "W_max": "Wmax"}, {},
    ),
    "TsodyksMarkram": (
        "tsodyks2_synapse", {"U": "U", "tau_rec": "tau_rec", "tau_fac": "tau_fac"}, {},
    ),
    "STDPDopamine": (
        "stdp_dopamine_synapse",
        {"tau_plus": "tau_plus", "tau_c": "tau_c", "tau_n": "tau_n", "A_plus": "A_plus",
         "A_minus": "A_minus", "b": "b", "W_min": "Wmin", "W_max": "Wmax"}, {},
    ),
}  # fmt: skip
"""Our model -> NEST's, the names of its parameters there, and what it takes to be the same."""

OF_TARGETS = {"tau_minus": "tau_minus", "tau_minus_triplet": "tau_minus_triplet"}
"""Parameters of synapses that belong to the target neuron in NEST."""

RULES = {"indegree": "indegree", "outdegree": "outdegree", "n": "N", "p": "p"}
RULES |= {"autapses": "allow_autapses", "multapses": "allow_multapses"}

INFINITE = float("inf")


def main() -> None:
    """Run every network of the job."""
    job = json.loads(Path(sys.argv[1]).read_text())
    nest.verbosity = nest.VerbosityLevel.ERROR
    for run in job["runs"]:
        np.savez(run["out"], **result_of(run["network"], run["duration"], job))


def result_of(network: Data, duration: float, job: Data) -> dict[str, Any]:
    """Build, run, and return spikes and samples as arrays."""
    nest.ResetKernel()
    nest.set(
        local_num_threads=job["threads"], resolution=network["dt"], rng_seed=network["seed"] + 1
    )
    models = {p["name"]: p["neuron"] for p in network["populations"]}
    early = early_sources(network["projections"])
    populations = {
        p["name"]: create(p, network["stimuli"], early=early.get(p["name"], 0))
        for p in network["populations"]
    }
    weights = {
        p["name"]: nest.Create("weight_recorder")
        for p in network["projections"]
        if is_plastic(p) and job["records_weights"]
    }
    for projection in network["projections"]:
        if not grows(network, projection):
            connect(projection, populations, models, weights.get(projection["name"]))
    for stimulus in network["stimuli"]:
        drive(stimulus, populations)
    recorder = nest.Create("spike_recorder")
    for name, population in populations.items():
        if models[name] != SOURCE:
            nest.Connect(population, recorder)
    probes = [(r, probe(r, populations, models)) for r in network["recorders"]]
    found = {}
    if "synaptic_elements" in network:
        let_grow(network, populations)
        found = simulate(network, populations, duration)
    else:
        nest.Simulate(duration)
    found |= spikes_of(recorder, populations, network["dt"])
    for r, multimeter in probes:
        found |= samples_of(r, multimeter, models[r["population"]])
    for name, weight_recorder in weights.items():
        found |= weights_of(name, weight_recorder, network, populations)
    return found


def early_sources(projections: list[Data]) -> dict[str, int]:
    """Steps by which sources must fire early, since plastic synapses take spikes of neurons only.

    The neuron that repeats a spike does so a step later; dopamine takes another step to spread.
    """
    plastic = [p for p in projections if is_plastic(p)]
    return {p["pre"]: 1 for p in plastic} | {p["modulator"]: 2 for p in plastic if "modulator" in p}


def is_plastic(projection: Data) -> bool:
    """Whether the synapses of a projection have a model of their own."""
    return bool(projection.get("synapse", "Static") != "Static")


def create(population: Data, stimuli: list[Data], *, early: int) -> Any:
    """Create the neurons of one population."""
    name, model, size = population["name"], population["neuron"], population["size"]
    if model == SOURCE:
        return sources(size, [s for s in stimuli if s["target"] == name], early=early)
    parameters = {
        theirs: number(value)
        for ours, value in population["parameters"].items()
        for theirs in PARAMETERS.get(ours, (ours,))
    }
    nodes = nest.Create(NEURONS[model], size, params=parameters | STRICT.get(model, {}))
    for ours, value in population["initial"].items():
        if ours == "refractory" or (ours in STATES and value == 0.0):
            continue
        if ours in STATES:
            sys.exit(f"State {ours} of {name} can only start from 0 in NEST.")
        if ours in nest.GetDefaults(NEURONS[model]):
            setattr(nodes, ours, number(value))
    return nodes


def sources(size: int, trains: list[Data], *, early: int) -> Any:
    """Create generators that fire at the given times, or neurons that repeat them."""
    dt = nest.resolution
    times: list[list[float]] = [[] for _ in range(size)]
    for train in trains:
        for time, neuron in zip(train["times"], train["neurons"], strict=True):
            times[neuron].append(round(time - early * dt, 10))
    spike_times = [{"spike_times": sorted(set(t))} for t in times]
    generators = nest.Create("spike_generator", size, params=spike_times)
    if not early:
        return generators
    relays = nest.Create("parrot_neuron", size)
    nest.Connect(generators, relays, "one_to_one", {"delay": dt})
    return relays


def connect(
    projection: Data, populations: dict[str, Any], models: dict[str, str], recorder: Any
) -> None:
    """Create the synapses of one projection, with a recorder of their weights or without."""
    rule = dict(projection["rule"])
    conn_spec = {"rule": rule.pop("kind")} | {RULES[key]: value for key, value in rule.items()}
    flips = models[projection["post"]] in POSITIVE_INHIBITION and projection["receptor"] == "inh"
    syn_spec = {
        "weight": number(projection["weight"], sign=-1.0 if flips else 1.0),
        "delay": number(projection["delay"]),
    }
    if is_plastic(projection):
        syn_spec["synapse_model"] = plastic_model(projection, populations, recorder)
    pre, post = populations[projection["pre"]], populations[projection["post"]]
    nest.Connect(pre, post, conn_spec, syn_spec)


def plastic_model(projection: Data, populations: dict[str, Any], recorder: Any) -> str:
    """Define the synapse model of a projection, which tells its weights to the recorder."""
    model, names, fixed = SYNAPSES[projection["synapse"]]
    given = projection["parameters"]
    values = fixed | {names[k]: v for k, v in given.items() if k in names}
    # Of one sign with its bound already where the model is defined.
    values["weight"] = number(projection["weight"])
    if "modulator" in projection:
        values["volume_transmitter"] = transmitter(populations[projection["modulator"]])
    if projection["synapse"] == "TsodyksMarkram":
        values["u"] = given["U"]  # what the first spike uses
    name = f"{model} of {projection['name']}"
    if recorder is not None:
        values["weight_recorder"] = recorder
    nest.CopyModel(model, name, values)
    of_targets = {theirs: given[k] for k, theirs in OF_TARGETS.items() if k in given}
    if projection["synapse"] == "VogelsSprekeler":
        of_targets["tau_minus"] = given["tau"]
    if of_targets:
        populations[projection["post"]].set(of_targets)
    return name


def transmitter(modulator: Any) -> Any:
    """What tells the synapses of spikes of the modulating population, as soon as it can."""
    volume_transmitter = nest.Create("volume_transmitter", params={"deliver_interval": 1})
    nest.Connect(modulator, volume_transmitter, "all_to_all", {"delay": nest.resolution})
    return volume_transmitter


def weights_of(
    name: str, recorder: Any, network: Data, populations: dict[str, Any]
) -> dict[str, Any]:
    """Weight at each presynaptic spike: its step, the places of source and target, the weight."""
    events = recorder.events
    ends = next(p for p in network["projections"] if p["name"] == name)
    columns = {
        "step": np.rint(np.asarray(events["times"]) / network["dt"]).astype(np.int64) - 1,
        "pre": np.asarray(events["senders"]) - populations[ends["pre"]][0].global_id,
        "post": np.asarray(events["targets"]) - populations[ends["post"]][0].global_id,
    }
    order = np.lexsort((columns["post"], columns["pre"], columns["step"]))
    columns["weight"] = np.asarray(events["weights"])
    return {f"weights of {name}/{key}": column[order] for key, column in columns.items()}


def drive(stimulus: Data, populations: dict[str, Any]) -> None:
    """Give every neuron of the target its own Poisson train; its delay does not matter."""
    if stimulus["kind"] == "spike_trains":
        return
    if stimulus["kind"] != "poisson_input":
        sys.exit(f"Stimulus {stimulus['name']} is not translated.")
    generator = nest.Create("poisson_generator", params={"rate": stimulus["rate"]})
    syn_spec = {"weight": number(stimulus["weight"]), "delay": 1.5}
    nest.Connect(generator, populations[stimulus["target"]], syn_spec=syn_spec)


def number(value: Any, sign: float = 1.0) -> Any:
    """A number, or NEST's parameter for a distribution."""
    if not isinstance(value, dict):
        return sign * value
    match value["kind"]:
        case "constant":
            return sign * value["value"]
        case "normal":
            drawn = nest.random.normal(value["mean"], value["std"])
        case "clipped_normal":
            drawn = nest.math.redraw(
                nest.random.normal(value["mean"], value["std"]),
                min=value.get("low", -INFINITE), max=value.get("high", INFINITE),
            )  # fmt: skip
        case "uniform":
            drawn = nest.random.uniform(value["low"], value["high"])
    return drawn if sign == 1.0 else sign * drawn


def probe(recorder: Data, populations: dict[str, Any], models: dict[str, str]) -> Any:
    """Connect a multimeter to the neurons of a recorder."""
    nodes = populations[recorder["population"]]
    available = set(nest.GetDefaults(NEURONS[models[recorder["population"]]])["recordables"])
    names = [n for v in recorder["variables"] for n in STATES.get(v, (v,)) if n in available]
    multimeter = nest.Create(
        "multimeter", params={"record_from": names, "interval": recorder["interval"]}
    )
    nest.Connect(multimeter, nodes[list(recorder["neurons"])])
    return multimeter


def samples_of(recorder: Data, multimeter: Any, model: str) -> dict[str, Any]:
    """Times [ms], and a (n_samples, n_neurons) array for each of NEST's variables."""
    events = multimeter.events
    order = np.lexsort((events["senders"], events["times"]))
    n_neurons = len(recorder["neurons"])
    found = {f"{recorder['name']}/times": np.unique(events["times"])}
    for variable in recorder["variables"]:
        parts = [events[n][order] for n in STATES.get(variable, (variable,)) if n in events]
        if parts:
            sign = -1.0 if (model, variable) in FLIPPED else 1.0
            values = sign * np.sum(parts, axis=0).reshape(-1, n_neurons)
            found[f"{recorder['name']}/{variable}"] = values
    return found


def spikes_of(recorder: Any, populations: dict[str, Any], dt: float) -> dict[str, Any]:
    """Spikes by step and by the neuron's number in the network, as a Frame holds them."""
    senders = np.asarray(recorder.events["senders"], np.int64)
    step = np.rint(np.asarray(recorder.events["times"]) / dt).astype(np.int64) - 1
    neuron, first = np.zeros_like(senders), 0
    for nodes in populations.values():
        inside = (senders >= nodes[0].global_id) & (senders <= nodes[-1].global_id)
        neuron[inside] = senders[inside] - nodes[0].global_id + first
        first += len(nodes)
    order = np.lexsort((neuron, step))
    return {"step": step[order], "neuron": neuron[order]}


if __name__ == "__main__":
    main()
