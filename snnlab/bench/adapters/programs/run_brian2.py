"""Run a network file of snnlab in Brian2 and print the figures as one JSON object.

``python run_brian2.py network.json --threads 2 --precision float32 --warmup 100 --time 1000
--spikes spikes.npz``

C++ standalone. Needs Brian2, NumPy and a C++ compiler only. Projections that differ in their target
alone become one, and so do all whose weights or delays are drawn, because each costs time in every
step; `Synapses` of constants are drawn in C++, others are given as arrays.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import brian2 as b2
import numpy as np

__all__ = ["main"]

Data = dict[str, Any]

EQUATIONS = {
    "LIFDelta": "dV_m/dt = ({leak}{constant})/tau_m : volt (unless refractory)",
    "LIFExpShared": """
        dV_m/dt = {leak}/tau_m + (I_syn + I_e)/C_m : volt (unless refractory)
        dI_syn/dt = -I_syn/tau_syn : amp
    """,
    "LIFCondExp": """
        dV_m/dt = (g_L*(E_L - V_m) + g_exc*(E_ex - V_m) + g_inh*(E_in - V_m))/C_m
            : volt (unless refractory)
        dg_exc/dt = -g_exc/tau_syn_exc : siemens
        dg_inh/dt = -g_inh/tau_syn_inh : siemens
    """,
}
METHODS = {"LIFDelta": "exact", "LIFExpShared": "exact", "LIFCondExp": "exponential_euler"}

TARGETS = {
    "LIFDelta": {"exc": "V_m", "inh": "V_m"},
    "LIFExpShared": {"exc": "I_syn", "inh": "I_syn"},
    "LIFCondExp": {"exc": "g_exc", "inh": "g_inh"},
}
"""Receptor -> variable that a spike changes."""

UNITS = {"V": b2.mV, "E": b2.mV, "I": b2.pA, "C": b2.pF, "g": b2.nS, "t": b2.ms, "tau": b2.ms}
"""First word of a name -> unit."""

POISSON_HZ = 8.0
"""Rate of each of the synapses that a Poisson input is made of."""

STDP = {
    "model": """
        w : {dimension}
        dK_plus/dt = -K_plus/tau_plus : 1 (event-driven)
        dK_minus/dt = -K_minus/tau_minus : 1 (event-driven)
    """,
    "deliver": "{target}_post += w",
    "pair": "K_plus += 1\nw = clip(w - alpha*learning_rate*W_max*K_minus, 0*W_max, W_max)",
    "back": "K_minus += 1\nw = clip(w + learning_rate*W_max*K_plus, 0*W_max, W_max)",
}


def main() -> None:
    """Define, compile, run, write the spikes, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("network", type=Path)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--precision", choices=("float32", "float64"), default="float64")
    parser.add_argument("--warmup", type=float, required=True)
    parser.add_argument("--time", type=float, required=True)
    parser.add_argument("--touch", type=float, default=0.0)
    parser.add_argument("--spikes", type=Path, required=True)
    args = parser.parse_args()
    network = json.loads(args.network.read_text())
    b2.prefs.core.default_float_dtype = getattr(np, args.precision)
    b2.defaultclock.dt = network["dt"] * b2.ms
    with tempfile.TemporaryDirectory() as folder:
        b2.set_device("cpp_standalone", directory=folder, build_on_run=False)
        b2.prefs.devices.cpp_standalone.openmp_threads = args.threads if args.threads > 1 else 0
        b2.seed(network["seed"])
        began = time.perf_counter()
        model = define(network)
        define_s = time.perf_counter() - began
        figures = simulate(model, args, folder, network["dt"])
    figures["phases"]["construct"] += model.arrays_s
    figures["phases"]["compile"] += define_s - model.arrays_s
    figures |= {
        "model_time": args.time,
        "dt": network["dt"],
        "n_neurons": sum(p["size"] for p in network["populations"]),
        "populations": {p["name"]: p["size"] for p in network["populations"]},
    }
    print(json.dumps(figures))


# --- what is run ----------------------------------------------------------------------------------


@dataclass
class Defined:
    """The network in Brian2's terms; `arrays_s` is what drawing its synapses in NumPy took."""

    objects: list[Any]
    neurons: Any
    synapses: list[Any]
    plastic: list[Any]
    arrays_s: float = 0.0


def define(network: Data) -> Defined:
    """Make all objects of the network."""
    kinds = {p["neuron"] for p in network["populations"]}
    if len(kinds) != 1 or not kinds <= set(EQUATIONS):
        sys.exit(f"Neurons {', '.join(sorted(kinds))} together are not translated.")
    kind = kinds.pop()
    draw = np.random.default_rng(network["seed"])
    slices = slices_of(network)
    neurons = make_neurons(network, kind, draw)
    model = Defined([neurons], neurons, [], [])
    model.objects += make_drive(network, kind, neurons, slices)
    constant = [p for p in network["projections"] if is_constant(p)]
    for group in alike(constant, key_of_projection, "post", slices):
        add_constant(model, group, kind, slices)
    began = time.perf_counter()
    if drawn := [p for p in network["projections"] if not is_constant(p)]:
        add_drawn(model, drawn, kind, slices, draw)
    model.arrays_s = time.perf_counter() - began
    model.objects += model.synapses
    return model


def slices_of(network: Data) -> dict[str, slice]:
    """Which neurons of the one group are those of each population."""
    edges = np.cumsum([0, *(p["size"] for p in network["populations"])])
    return {
        p["name"]: slice(int(edges[k]), int(edges[k + 1]))
        for k, p in enumerate(network["populations"])
    }


def make_neurons(network: Data, kind: str, draw: np.random.Generator) -> Any:
    """One group of all neurons, with their parameters and initial values."""
    populations = network["populations"]
    sizes = [p["size"] for p in populations]
    values = {name: [p["parameters"][name] for p in populations] for name in populations[0][
        "parameters"]}  # fmt: skip
    shared = {name: v[0] * unit_of(name) for name, v in values.items() if len(set(v)) == 1}
    own = {name: v for name, v in values.items() if name not in shared}
    is_zero = {name: float(v) == 0.0 for name, v in shared.items()}
    equations = EQUATIONS[kind].format(
        leak="-V_m" if is_zero.get("E_L") else "(E_L - V_m)",
        constant="" if is_zero.get("I_e") else " + I_e*tau_m/C_m",
    )
    equations += "".join(f"\n{name} : {dimension(name)} (constant)" for name in own)
    group = b2.NeuronGroup(
        sum(sizes), equations, threshold="V_m >= V_th", reset="V_m = V_reset",
        refractory=shared["t_ref"], method=METHODS[kind], namespace=shared,
    )  # fmt: skip
    for name, each in own.items():
        setattr(group, name, np.repeat(each, sizes) * unit_of(name))
    for name in populations[0]["initial"]:
        if name in group.variables:
            drawn = [numbers(p["initial"][name], p["size"], draw) for p in populations]
            setattr(group, name, np.concatenate(drawn) * unit_of(name))
    return group


def unit_of(name: str) -> Any:
    """Unit of a parameter or a state."""
    return UNITS[name.partition("_")[0]]


def dimension(name: str) -> str:
    """Brian2's word for the dimension of a parameter or a state."""
    return {"V": "volt", "E": "volt", "I": "amp", "C": "farad", "g": "siemens"}[name[0]]


def make_drive(network: Data, kind: str, neurons: Any, slices: dict[str, slice]) -> list[Any]:
    """The Poisson inputs; those of neighbours that are alike become one."""
    found = []
    for group in alike(network["stimuli"], key_of_stimulus, "target", slices):
        first = group[0]
        target = TARGETS[kind][first["receptor"]]
        n = max(round(first["rate"] / POISSON_HZ), 1)
        found.append(b2.PoissonInput(
            neurons[span(group, "target", slices)], target, n, first["rate"] / n * b2.Hz,
            weight=first["weight"] * unit_of(target),
        ))  # fmt: skip
    return found


def key_of_stimulus(stimulus: Data) -> Any:
    """What makes two inputs alike."""
    if stimulus["kind"] != "poisson_input":
        sys.exit(f"Stimulus {stimulus['name']}: only Poisson input is translated.")
    return stimulus["rate"], stimulus["weight"], stimulus["receptor"]


def key_of_projection(projection: Data) -> Any:
    """What makes two projections alike, but for their targets."""
    keys = ("pre", "rule", "weight", "delay", "receptor", "synapse", "parameters")
    return json.dumps([projection.get(key) for key in keys], sort_keys=True)


def alike(
    items: list[Data], key: Callable[[Data], Any], where: str, slices: dict[str, slice]
) -> list[list[Data]]:
    """Items in groups of equal keys whose targets follow each other."""

    def order(item: Data) -> Any:
        return key(item), slices[item[where]].start

    groups: list[list[Data]] = []
    for _, equal in groupby(sorted(items, key=order), key):
        previous: Data | None = None
        for item in equal:
            if previous and slices[previous[where]].stop == slices[item[where]].start:
                groups[-1].append(item)
            else:
                groups.append([item])
            previous = item
    return groups


def span(group: list[Data], where: str, slices: dict[str, slice]) -> slice:
    """All targets of a group."""
    return slice(slices[group[0][where]].start, slices[group[-1][where]].stop)


def is_constant(projection: Data) -> bool:
    """Whether all its synapses are equal and its rule is per target or per pair."""
    kinds = {projection["weight"]["kind"], projection["delay"]["kind"]}
    return kinds == {"constant"} and projection["rule"]["kind"] != "fixed_total_number"


def add_constant(model: Defined, group: list[Data], kind: str, slices: dict[str, slice]) -> None:
    """Synapses of one weight and delay, drawn in C++."""
    first = group[0]
    pre, post = model.neurons[slices[first["pre"]]], model.neurons[span(group, "post", slices)]
    target = TARGETS[kind][first["receptor"]]
    weight, delay = first["weight"]["value"] * unit_of(target), first["delay"]["value"] * b2.ms
    if first.get("synapse", "Static") == "STDP":
        synapses = plastic(pre, post, first["parameters"], target, delay)
        model.plastic.append(synapses)
    elif first.get("synapse", "Static") == "Static":
        on_pre = f"{target}_post += weight"
        synapses = b2.Synapses(pre, post, on_pre=on_pre, delay=delay, namespace={"weight": weight})
    else:
        sys.exit(f"Synapse {first['synapse']} of {first['name']} is not translated.")
    rule = first["rule"]
    match rule["kind"]:
        case "fixed_indegree":
            n_pre = slices[first["pre"]].stop - slices[first["pre"]].start
            synapses.connect(i=f"int(rand()*{n_pre}) for _ in range({rule['indegree']})")
        case "pairwise_bernoulli":
            synapses.connect(p=rule["p"])
        case other:
            sys.exit(f"Rule {other} of {first['name']} is not translated.")
    if model.plastic and synapses is model.plastic[-1]:
        synapses.w = weight
    model.synapses.append(synapses)


def plastic(pre: Any, post: Any, parameters: Data, target: str, delay: Any) -> Any:
    """Synapses with additive STDP of all pairs.

    All delay is dendritic: spikes of the target reach the synapse as late as its own reach the
    target.
    """
    units = {"tau_plus": b2.ms, "tau_minus": b2.ms, "W_max": unit_of(target)}
    namespace = {name: value * units.get(name, 1) for name, value in parameters.items()}
    deliver, pair = STDP["deliver"].format(target=target), STDP["pair"]
    return b2.Synapses(
        pre, post, STDP["model"].format(dimension=dimension(target)),
        on_pre={"deliver": deliver, "pair": pair}, on_post={"back": STDP["back"]},
        delay={"deliver": delay, "back": delay}, namespace=namespace,
    )  # fmt: skip


def add_drawn(
    model: Defined, group: list[Data], kind: str, slices: dict[str, slice],
    draw: np.random.Generator,
) -> None:  # fmt: skip
    """All synapses whose weights or delays vary, or whose total is fixed, from arrays."""
    targets = {TARGETS[kind][p["receptor"]] for p in group}
    if len(targets) > 1 or any(p["rule"]["kind"] != "fixed_total_number" for p in group):
        sys.exit("Drawn weights are translated for fixed total numbers and one variable only.")
    target = targets.pop()
    n = [p["rule"]["n"] for p in group]
    pre, post = (
        np.concatenate([
            draw.integers(slices[p[end]].start, slices[p[end]].stop, k, np.int32)
            for p, k in zip(group, n, strict=True)
        ])
        for end in ("pre", "post")
    )  # fmt: skip
    if all(p["weight"]["kind"] == p["delay"]["kind"] == "constant" for p in group) and len(n) == 1:
        weight = group[0]["weight"]["value"] * unit_of(target)
        synapses = b2.Synapses(
            model.neurons, model.neurons, on_pre=f"{target}_post += weight",
            delay=group[0]["delay"]["value"] * b2.ms, namespace={"weight": weight},
        )  # fmt: skip
        synapses.connect(i=pre, j=post)
    else:
        synapses = b2.Synapses(
            model.neurons, model.neurons, f"w : {dimension(target)} (constant)",
            on_pre=f"{target}_post += w",
        )  # fmt: skip
        synapses.connect(i=pre, j=post)
        weights = [numbers(p["weight"], k, draw) for p, k in zip(group, n, strict=True)]
        synapses.w = np.concatenate(weights) * unit_of(target)
        delays = [numbers(p["delay"], k, draw) for p, k in zip(group, n, strict=True)]
        synapses.delay = np.concatenate(delays) * b2.ms
    model.synapses.append(synapses)


def numbers(value: Any, n: int, draw: np.random.Generator) -> Any:
    """Draw `n` numbers of a distribution."""
    if not isinstance(value, dict):
        return np.full(n, value)
    match value["kind"]:
        case "constant":
            return np.full(n, value["value"])
        case "uniform":
            return draw.uniform(value["low"], value["high"], n)
        case "normal":
            return draw.normal(value["mean"], value["std"], n)
        case "clipped_normal":
            low, high = value.get("low", -np.inf), value.get("high", np.inf)
            drawn = draw.normal(value["mean"], value["std"], n)
            while (out := np.flatnonzero((drawn < low) | (drawn > high))).size:
                drawn[out] = draw.normal(value["mean"], value["std"], out.size)
            return drawn
        case other:
            sys.exit(f"Distribution {other} is not translated.")


# --- running it -----------------------------------------------------------------------------------


def simulate(model: Defined, args: argparse.Namespace, folder: str, dt: float) -> Data:
    """Compile and run; write the spikes; return the figures."""
    is_run = args.time > 0.0
    monitor = b2.SpikeMonitor(model.neurons)
    net = b2.Network(*model.objects, *([monitor] if is_run else []))
    for duration in (args.warmup or dt, args.time):
        stamp(folder)
        if duration:
            net.run(duration * b2.ms)
    stamp(folder)
    note_peak(folder)
    began = time.perf_counter()
    b2.device.build(directory=folder, compile=True, run=False)
    compile_s = time.perf_counter() - began
    touch_memory(args.touch)
    started = run_program(folder)
    stamps = [int(line) * 1e-9 for line in (Path(folder) / "stamps.txt").read_text().split()]
    simulate_s = stamps[2] - stamps[1]
    # The first run prepares the queues of spikes; what it simulates besides is not building.
    simulated = simulate_s * args.warmup / args.time if is_run else 0.0
    phases = {
        "construct": max(stamps[1] - started - simulated, stamps[0] - started),
        "compile": compile_s,
    }
    figures: Data = {
        "phases": phases,
        "n_synapses": sum(int(np.sum(s.N)) for s in model.synapses),
        "bytes": {"peak": 1024 * int((Path(folder) / "peak.txt").read_text().split()[0])},
        "versions": {
            "brian2": b2.__version__, "python": sys.version.split()[0], "numpy": np.__version__,
        },
    }  # fmt: skip
    if is_run:
        phases["simulate"] = simulate_s
        save_spikes(monitor, args.warmup, dt, args.spikes)
        figures["values"] = plastic_weights(model)
    return figures


def touch_memory(gigabytes: float) -> None:
    """Touch memory in a process of its own, and give it back, as `run_snnlab` does."""
    if gigabytes > 0.0:
        code = f"import numpy; numpy.ones({int(gigabytes * 2**27)})"
        subprocess.run([sys.executable, "-c", code], check=True, timeout=300.0)


def stamp(folder: str) -> None:
    """Let the program note the time when it comes here."""
    path = json.dumps(str(Path(folder) / "stamps.txt"))
    b2.device.insert_code(
        "main",
        "{ struct timespec _now; clock_gettime(CLOCK_MONOTONIC, &_now);"
        f" std::ofstream({path}, std::ios::app)"
        ' << _now.tv_sec * 1000000000LL + _now.tv_nsec << "\\n"; }',
    )


def note_peak(folder: str) -> None:
    """Let the program note at its end how much memory it has held.

    What the system tells of it from outside counts the process that started it, too.
    """
    path = json.dumps(str(Path(folder) / "peak.txt"))
    b2.device.insert_code(
        "main",
        '{ std::ifstream _in("/proc/self/status"); std::string _line;'
        f" std::ofstream _out({path});"
        ' while (std::getline(_in, _line)) if (_line.compare(0, 6, "VmHWM:") == 0)'
        ' _out << _line.substr(6) << "\\n"; }',
    )


def run_program(folder: str) -> float:
    """Run what was compiled; return when it started [s]."""
    usage: dict[str, float] = {}

    def call(*args: Any, **options: Any) -> int:
        process = subprocess.Popen(*args, **options)
        usage["started"] = time.clock_gettime(time.CLOCK_MONOTONIC)
        return process.wait()

    kept, subprocess.call = subprocess.call, call
    try:
        b2.device.run(directory=folder, with_output=False, run_args=[])
    finally:
        subprocess.call = kept
    return usage["started"]


def save_spikes(monitor: Any, warmup: float, dt: float, path: Path) -> None:
    """Write step and global id of the spikes after the warm-up."""
    step = np.rint(np.asarray(monitor.t / b2.ms) / dt).astype(np.int64) - round(warmup / dt)
    neuron = np.asarray(monitor.i, np.int64)
    np.savez(path, step=step[step >= 0], neuron=neuron[step >= 0])


def plastic_weights(model: Defined) -> Data:
    """Mean and standard deviation of the plastic weights [mV], if there are any."""
    if not model.plastic:
        return {}
    every = np.concatenate([np.asarray(synapses.w / b2.mV) for synapses in model.plastic])
    return {"weight_mean": float(every.mean()), "weight_std": float(every.std())}


if __name__ == "__main__":
    main()
