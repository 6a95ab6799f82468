"""Run the published topographic map in PyGeNN and print the figures as one JSON object.

``TOPOMAP=DIR python run_pygenn.py --scale 1 --seed 1 --warmup 100 --time 60000 --spikes f``

Needs PyGeNN 5 and a checkout of the authors' program, github: jhnnsnk/genn_structural_plasticity,
of which DIR is the folder ``topomap``. It is run as it stands. GeNN computes on the backend that it
chooses itself, a GPU where there is one, whatever the number of threads.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pygenn

Parameters = dict[str, Any]

GROUP = "UpdateConnectivity"
"""What the authors' program calls its rules of rewiring."""


def main() -> None:
    """Build, run, write the spikes, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--warmup", type=float, required=True)
    parser.add_argument("--time", type=float, required=True)
    parser.add_argument("--spikes", type=Path, required=True)
    args = parser.parse_args()
    if "TOPOMAP" not in os.environ:
        sys.exit("TOPOMAP must name the folder topomap of the authors' program")
    sys.path.insert(0, str(Path(os.environ["TOPOMAP"]).resolve()))
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # GeNN writes what it compiles into the working directory
        print(json.dumps(run(args)))


def run(args: argparse.Namespace) -> Parameters:
    """Build, run and write the spikes; return the figures."""
    warmup, duration = args.warmup, args.time
    import parameters  # of the authors' program
    import topographic_map_model as topomap

    began = time.perf_counter()
    net, sim = parameters.set_params(
        parameters.net_dict, parameters.sim_dict, {"scale": args.scale},
        {"seed": args.seed, "tsim": warmup + duration, "dir": "data"},
    )  # fmt: skip
    np.random.seed(args.seed)  # noqa: NPY002  (the authors' program draws from it)
    model, *parts = topomap.initialize_topographic_map_model(net)
    source, target, *projections = parts[:4]
    n_steps = topomap.initialise_simulation(model, sim)
    model.build()
    model.load(num_recording_timesteps=n_steps)
    build_s = time.perf_counter() - began
    n_synapses = sum(topomap.get_connectivity(p)[0].size for p in projections)
    advance(model, topomap, net, source, parts[-1], warmup)
    before = timers(model)
    began = time.perf_counter()
    advance(model, topomap, net, source, parts[-1], warmup + duration)
    simulate_s = time.perf_counter() - began
    phases = {f"simulate/{name}": seconds - before[name] for name, seconds in timers(model).items()}
    save_spikes(model, (source, target), warmup, args.spikes)
    weights = np.concatenate([np.ravel(topomap.get_weights(p)) for p in projections])
    nanosiemens = 1e3 * weights.astype(np.float64)
    phases |= {"construct": build_s, "simulate": simulate_s}
    return {
        "phases": phases, "n_synapses": int(n_synapses), "bytes": {"peak": peak_bytes()},
        "model_time": duration, "dt": model.dt,
        "populations": {"source": source.num_neurons, "target": target.num_neurons},
        "values": {
            "weight_mean": float(nanosiemens.mean()), "weight_std": float(nanosiemens.std()),
        },
        "versions": {"pygenn": pygenn.__version__},
    }  # fmt: skip


def peak_bytes() -> int:
    """Return the most memory held; `getrusage` would count what the parent held, too."""
    return 1024 * int(re.findall(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())[0])


def advance(
    model: Any, topomap: Any, net: Parameters, source: Any, rates: Any, until: float
) -> None:
    """Step until a time [ms]; move the bump and rewire when it is time, as the authors do."""
    interval = net["neuron_param_space_src_corrTrue"]["stim_interval"]
    while model.t < until:
        model.step_time()
        if model.t % interval == 0:
            topomap.set_stimulus_rates(source, net["grid_num_x_default"], rates)
        if model.t % net["update_interval"] == 0:
            model.custom_update(GROUP)


def timers(model: Any) -> dict[str, float]:
    """GeNN's timers [s], by the names that snnlab has for these phases."""
    return {
        "update": model.neuron_update_time,
        "deliver": model.presynaptic_update_time,
        "plasticity": model.postsynaptic_update_time,
        "rewire": (
            model.get_custom_update_time(GROUP)
            + model.get_custom_update_host_time(GROUP)
            + model.get_custom_update_remap_time(GROUP)
        ),
    }


def save_spikes(model: Any, groups: tuple[Any, Any], warmup: float, path: Path) -> None:
    """Write step and global id of the spikes after the warm-up."""
    model.pull_recording_buffers_from_device()
    steps, neurons = [], []
    first = 0
    for group in groups:
        times, ids = group.spike_recording_data[0]
        steps.append(np.rint((np.asarray(times) - warmup) / model.dt).astype(np.int64))
        neurons.append(np.asarray(ids, np.int64) + first)
        first += group.num_neurons
    step, neuron = np.concatenate(steps), np.concatenate(neurons)
    np.savez(path, step=step[step >= 0], neuron=neuron[step >= 0])


if __name__ == "__main__":
    main()
