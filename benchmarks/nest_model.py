"""Run a network file of snnlab in NEST and print the figures as one JSON object.

``python nest_model.py network.json --threads 2 --warmup 100 --time 1000``

Needs PyNEST and NumPy only. The file must hold numbers and distributions, no expressions of knobs;
`compare_nest.py` writes such files.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import nest
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from snnlab.analysis.irregularity import mean_cv

Data = dict[str, Any]

NEURONS = {
    "LIFDelta": "iaf_psc_delta",
    "LIFExp": "iaf_psc_exp",
    "LIFExpShared": "iaf_psc_exp",
    "LIFCondExp": "iaf_cond_exp",
}
PARAMETERS = {
    "tau_syn": ("tau_syn_ex", "tau_syn_in"),
    "tau_syn_exc": ("tau_syn_ex",),
    "tau_syn_inh": ("tau_syn_in",),
}
"""Names that differ; all others are NEST's."""

STATES = {"V_m": "V_m", "g_exc": "g_ex", "g_inh": "g_in"}
POSITIVE_INHIBITION = {"LIFCondExp"}
"""Models whose inhibitory weights are positive here and negative in NEST."""

RULES = {"indegree": "indegree", "outdegree": "outdegree", "n": "N", "p": "p"}
RULES |= {"autapses": "allow_autapses", "multapses": "allow_multapses"}

INFINITE = float("inf")


def main() -> None:
    """Build, run, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("network", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--warmup", type=float, default=0.0)
    parser.add_argument("--time", type=float, default=1000.0)
    args = parser.parse_args()
    network = json.loads(args.network.read_text())
    started = time.perf_counter()
    populations, recorder = build(network, args.threads)
    n_synapses = nest.num_connections
    nest.Prepare()
    build_s = time.perf_counter() - started
    nest.Run(args.warmup)
    started = time.perf_counter()
    nest.Run(args.time)
    simulate_s = time.perf_counter() - started
    nest.Cleanup()
    spikes = measured_spikes(recorder, args.warmup)
    print(json.dumps({
        "n_synapses": n_synapses,
        **statistics(populations, spikes, args.time),
        "build_s": build_s,
        "simulate_s": simulate_s,
        "real_time_factor": simulate_s / (1e-3 * args.time),
        "peak_rss_bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        "versions": {"nest": nest.__version__, "python": sys.version.split()[0]},
    }))  # fmt: skip


def build(network: Data, threads: int) -> tuple[dict[str, Any], Any]:
    """Create and connect everything; return the populations by name and the spike recorder."""
    nest.ResetKernel()
    nest.set(local_num_threads=threads, resolution=network["dt"], rng_seed=network["seed"] + 1)
    models = {p["name"]: p["neuron"] for p in network["populations"]}
    populations = {p["name"]: create(p) for p in network["populations"]}
    for name in populations:
        # One model each: a thread holds at most 2^27 synapses of one model.
        nest.CopyModel("static_synapse", f"from_{name}")
    for projection in network["projections"]:
        connect(projection, populations, models[projection["post"]])
    for stimulus in network["stimuli"]:
        drive(stimulus, populations)
    recorder = nest.Create("spike_recorder", params={"record_to": "memory"})
    for population in populations.values():
        nest.Connect(population, recorder)
    return populations, recorder


def create(population: Data) -> Any:
    """Create the neurons of one population."""
    parameters = {
        name: number(value)
        for ours, value in population["parameters"].items()
        for name in PARAMETERS.get(ours, (ours,))
    }
    nodes = nest.Create(NEURONS[population["neuron"]], population["size"], params=parameters)
    for ours, value in population["initial"].items():
        if ours in STATES:
            setattr(nodes, STATES[ours], number(value))
        elif value != 0.0:
            sys.exit(f"State {ours} of {population['name']} can only start from 0 in NEST.")
    return nodes


def connect(projection: Data, populations: dict[str, Any], post_model: str) -> None:
    """Create the synapses of one projection."""
    rule = dict(projection["rule"])
    conn_spec = {"rule": rule.pop("kind")} | {RULES[key]: value for key, value in rule.items()}
    is_flipped = post_model in POSITIVE_INHIBITION and projection["receptor"] == "inh"
    syn_spec = {
        "synapse_model": f"from_{projection['pre']}",
        "weight": number(projection["weight"], sign=-1.0 if is_flipped else 1.0),
        "delay": number(projection["delay"]),
    }
    pre, post = populations[projection["pre"]], populations[projection["post"]]
    nest.Connect(pre, post, conn_spec, syn_spec)


def drive(stimulus: Data, populations: dict[str, Any]) -> None:
    """Give every neuron of the target its own Poisson train; its delay does not matter."""
    if stimulus["kind"] != "poisson_input":
        sys.exit(f"Stimulus {stimulus['name']}: only Poisson input is translated.")
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
        case "lognormal":
            drawn = value["scale"] * nest.random.lognormal(value["mean"], value["std"])
        case "uniform":
            drawn = nest.random.uniform(value["low"], value["high"])
    return drawn if sign == 1.0 else sign * drawn


def measured_spikes(recorder: Any, warmup: float) -> tuple[Any, Any]:
    """Senders and times [ms] after the warm-up."""
    events = recorder.events
    senders, times = np.asarray(events["senders"]), np.asarray(events["times"])
    after = times > warmup
    return senders[after], times[after]


def statistics(populations: dict[str, Any], spikes: tuple[Any, Any], duration: float) -> Data:
    """Rates and CVs per population, in the order of the network."""
    senders, times = spikes
    rates, cvs = [], []
    for nodes in populations.values():
        first, size = nodes[0].global_id, len(nodes)
        inside = (senders >= first) & (senders < first + size)
        rates.append(inside.sum() / size / (1e-3 * duration))
        cvs.append(mean_cv(times[inside], senders[inside] - first, size))
    return {"n_spikes": senders.size, "rates": rates, "cv": cvs}


if __name__ == "__main__":
    main()
