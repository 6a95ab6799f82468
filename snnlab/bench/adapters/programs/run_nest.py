"""Run a network file of snnlab in NEST and print the figures as one JSON object.

``python run_nest.py network.json --threads 2 --warmup 100 --time 1000 --spikes spikes.npz``

Needs PyNEST and NumPy only. The file must hold numbers and distributions, no expressions of knobs.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("PYNEST_QUIET", "1")

import nest
import numpy as np

__all__ = ["main"]

Data = dict[str, Any]

NEURONS = {
    "LIFDelta": "iaf_psc_delta",
    "LIFExp": "iaf_psc_exp",
    "LIFExpShared": "iaf_psc_exp",
    "LIFAlpha": "iaf_psc_alpha",
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

TIMERS = {
    "simulate/update": "time_update",
    "simulate/collocate": "time_collocate_spike_data",
    "simulate/communicate": "time_communicate_spike_data",
    "simulate/deliver": "time_deliver_spike_data",
}
"""Phase -> NEST's detailed timer."""

INFINITE = float("inf")
N_SAMPLED = 500


def main() -> None:
    """Build, run, write the spikes, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("network", type=Path)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--warmup", type=float, required=True)
    parser.add_argument("--time", type=float, required=True)
    parser.add_argument("--touch", type=float, default=0.0)
    parser.add_argument("--spikes", type=Path, required=True)
    args = parser.parse_args()
    network = json.loads(args.network.read_text())
    silence()
    nest.ResetKernel()
    nest.set(local_num_threads=args.threads, resolution=network["dt"], rng_seed=network["seed"] + 1)
    touch_memory(args.touch)
    before, began = resident_bytes(), time.perf_counter()
    populations = build(network, is_run=args.time > 0.0)
    n_synapses = nest.num_connections
    recorder = stimulate_and_record(network, populations) if args.time > 0.0 else None
    nest.Prepare()
    phases = {"construct": time.perf_counter() - began}
    growth = resident_bytes() - before
    raw: dict[str, list[float]] = {}
    if recorder is not None:
        raw = simulate(args.warmup, args.time, phases)
    nest.Cleanup()
    figures = {
        "phases": phases,
        "model_time": args.time,
        "dt": network["dt"],
        "n_neurons": sum(p["size"] for p in network["populations"]),
        "n_synapses": n_synapses,
        "populations": {p["name"]: p["size"] for p in network["populations"]},
        "bytes": {"peak": peak_bytes(), "growth": growth},
        "raw": raw,
        "versions": {
            "nest": nest.__version__, "python": sys.version.split()[0], "numpy": np.__version__,
        },
    }  # fmt: skip
    if recorder is not None:
        first = next(iter(populations.values()))[0].global_id
        save_spikes(recorder, first, args.warmup, network["dt"], args.spikes)
    figures["values"] = plastic_weights(network, populations)
    print(json.dumps(figures))


def simulate(warmup: float, duration: float, phases: dict[str, float]) -> dict[str, list[float]]:
    """Run, and add the wall time of the phases; return all timers of NEST at their borders.

    Notes
    -----
    Between `Prepare` and `Cleanup` NEST's timers count on from one `Run` to the next: what a run
    takes is a difference. The wall time of the run itself is that of a Python clock.
    """
    readings = [timers()]
    for phase, time_ms in (("presim", warmup), ("simulate", duration)):
        began = time.perf_counter()
        nest.Run(time_ms)
        phases[phase] = time.perf_counter() - began
        readings.append(timers())
    _, before, after = readings
    phases |= {p: after[name] - before[name] for p, name in TIMERS.items() if name in after}
    return {name: [reading[name] for reading in readings] for name in after}


def timers() -> dict[str, float]:
    """Return NEST's timers, the largest of all ranks and threads; detailed ones if it has them."""
    status = nest.GetKernelStatus()
    return {
        str(name): float(np.max(value))
        for name, value in status.items()
        if str(name).startswith("time_") and np.size(value)
    }


def peak_bytes() -> int:
    """Return the most memory held; `getrusage` would count what the parent held, too."""
    return 1024 * int(re.findall(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())[0])


def touch_memory(gigabytes: float) -> None:
    """Touch memory in a process of its own, and give it back, as `run_snnlab` does."""
    if gigabytes > 0.0:
        code = f"import numpy; numpy.ones({int(gigabytes * 2**27)})"
        subprocess.run([sys.executable, "-c", code], check=True, timeout=300.0)


def silence() -> None:
    """Leave stdout to the figures."""
    if hasattr(nest, "VerbosityLevel"):
        nest.verbosity = nest.VerbosityLevel.ERROR
    else:
        nest.set_verbosity("M_ERROR")


def resident_bytes() -> int:
    """Memory that the process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def build(network: Data, *, is_run: bool) -> dict[str, Any]:
    """Create and connect the neurons; return the populations by name."""
    models = {p["name"]: p["neuron"] for p in network["populations"]}
    populations = {p["name"]: create(p) for p in network["populations"]}
    # Construction alone is compared with NEST's compact synapses.
    static = "static_synapse" if is_run else "static_synapse_hpc"
    for name in populations:
        # One model each: a thread holds at most 2^27 synapses of one model.
        nest.CopyModel(static, f"from_{name}")
    for projection in network["projections"]:
        connect(projection, populations, models[projection["post"]])
    return populations


def stimulate_and_record(network: Data, populations: dict[str, Any]) -> Any:
    """Connect the drive, and all neurons to a recorder, which is returned."""
    for stimulus in network["stimuli"]:
        drive(stimulus, populations)
    recorder = nest.Create("spike_recorder", params={"record_to": "memory"})
    for population in populations.values():
        nest.Connect(population, recorder)
    return recorder


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
    pre, post = populations[projection["pre"]], populations[projection["post"]]
    syn_spec = {
        "synapse_model": synapse_model(projection, post),
        "weight": number(projection["weight"], sign=-1.0 if is_flipped else 1.0),
        "delay": number(projection["delay"]),
    }
    nest.Connect(pre, post, conn_spec, syn_spec)


def synapse_model(projection: Data, post: Any) -> str:
    """Name of the synapse model of a projection; a plastic one is made for it."""
    match projection.get("synapse", "Static"):
        case "Static":
            return f"from_{projection['pre']}"
        case "STDP":
            name, p = f"stdp_{projection['name']}", projection["parameters"]
            post.tau_minus = p["tau_minus"]
            nest.CopyModel("stdp_synapse", name, {
                "tau_plus": p["tau_plus"], "lambda": p["learning_rate"], "alpha": p["alpha"],
                "Wmax": p["W_max"], "mu_plus": 0.0, "mu_minus": 0.0,
            })  # fmt: skip
            return name
        case "STDPPowerLaw":
            name, p = f"stdp_{projection['name']}", projection["parameters"]
            post.tau_minus = p["tau_minus"]
            nest.CopyModel("stdp_pl_synapse_hom", name, {
                "tau_plus": p["tau_plus"], "lambda": p["learning_rate"], "alpha": p["alpha"],
                "mu": p["mu"],
            })  # fmt: skip
            return name
        case other:
            sys.exit(f"Synapse {other} of {projection['name']} is not translated.")


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


def save_spikes(recorder: Any, first: int, warmup: float, dt: float, path: Path) -> None:
    """Write step and global id of the spikes after the warm-up."""
    events = recorder.events
    step = np.rint(np.asarray(events["times"]) / dt).astype(np.int64) - 1 - round(warmup / dt)
    neuron = np.asarray(events["senders"], np.int64) - first
    np.savez(path, step=step[step >= 0], neuron=neuron[step >= 0])


def plastic_weights(network: Data, populations: dict[str, Any]) -> Data:
    """Mean and standard deviation of the plastic weights, if there are any.

    Those of the first neurons only: NEST makes a Python object of every synapse it is asked for.
    """
    found = [
        nest.GetConnections(populations[p["pre"]][:N_SAMPLED], synapse_model=f"stdp_{p['name']}")
        for p in network["projections"]
        if p.get("synapse", "Static") != "Static"
    ]
    if not found:
        return {}
    every = np.concatenate([np.asarray(connections.weight) for connections in found])
    return {"weight_mean": float(every.mean()), "weight_std": float(every.std())}


if __name__ == "__main__":
    main()
