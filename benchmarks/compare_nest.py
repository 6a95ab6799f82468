"""Run the same networks in snnlab and in NEST, in turn, and compare speed and rates.

``python benchmarks/compare_nest.py brunel10k microcircuit0.1 --rounds 5 --nest-python PATH``

On a machine that does other things as well only runs in turn mean anything, so quote medians and
ratios. Each round has its own seed; a record of all runs goes into ``benchmarks/records``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from snnlab import presets
from snnlab.interop import native_json
from snnlab.model.network import Network
from snnlab.model.stimuli import PoissonInput, Stimulus
from snnlab.record.provenance import cpu_model

HERE = Path(__file__).parent

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "brunel4k": ("brunel", {"N": 4_000}),
    "brunel10k": ("brunel", {"N": 10_000}),
    "brunel20k": ("brunel", {"N": 20_000}),
    "coba4k": ("coba", {}),
    "microcircuit0.1": ("microcircuit", {"N_scaling": 0.1, "K_scaling": 0.1}),
    "microcircuit0.1k1": ("microcircuit", {"N_scaling": 0.1, "K_scaling": 1.0}),
}
DEFAULT = [name for name in CASES if name != "coba4k"]

Runs = dict[str, list[dict[str, Any]]]


def main() -> None:
    """Run all cases, print a summary of each and keep a record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(CASES)}")
    parser.add_argument("--rounds", type=int, default=3, help="runs, each with its own seed")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--warmup", type=float, default=100.0, help="not timed [ms]")
    parser.add_argument("--time", type=float, default=1000.0, help="timed [ms]")
    parser.add_argument("--nest-python", default=sys.executable, help="a Python that has NEST")
    parser.add_argument("--records", type=Path, default=HERE / "records")
    args = parser.parse_args()
    if unknown := set(args.cases) - set(CASES):
        parser.error(f"unknown case {', '.join(sorted(unknown))}; there are {', '.join(CASES)}")
    for case in args.cases or DEFAULT:
        name, settings = CASES[case]
        network = presets.load(name, **settings)
        runs = run_in_turn(network, args)
        print(f"\n{case}: {network.n_neurons} neurons, {args.threads} threads, "
              f"{args.rounds} rounds, {args.time:g} ms\n")  # fmt: skip
        print("\n".join([*speed_rows(runs), "", *rate_rows(network, runs)]), flush=True)
        write_record(args.records, case, runs, args)


def run_in_turn(network: Network, args: argparse.Namespace) -> Runs:
    """Alternate the simulators, and which of them begins, over the seeds."""
    options = ["--threads", args.threads, "--warmup", args.warmup, "--time", args.time]
    runs: Runs = {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "network.json"
        commands = {
            "snnlab": [sys.executable, "-m", "snnlab", "run", file, *options, "--json", "-",
                       "--quiet"],
            "nest": [args.nest_python, HERE / "nest_model.py", file, *options],
        }  # fmt: skip
        for seed in range(1, args.rounds + 1):
            native_json.save(numbers_only(network.replace(seed=seed)), file)
            for simulator in list(commands)[:: 1 if seed % 2 else -1]:
                figures = {"seed": seed, **figures_of(commands[simulator])}
                runs.setdefault(simulator, []).append(figures)
    return {simulator: runs[simulator] for simulator in commands}


def figures_of(command: list[Any]) -> dict[str, Any]:
    """The JSON object that ends what a command prints."""
    environment = os.environ | {"PYNEST_QUIET": "1", "PYTHONPATH": str(HERE.parent)}
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, timeout=3600, check=False,
        env=environment,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")
    figures: dict[str, Any] = json.loads(done.stdout[done.stdout.index("{") :])
    return figures


def numbers_only(network: Network) -> Network:
    """The same network with a number in place of every expression."""
    return network.replace(
        populations=tuple(
            replace(p, parameters=network.parameters_of(p), initial=network.initial_of(p))
            for p in network.populations
        ),
        projections=tuple(
            replace(
                p, weight=network.weight_of(p), delay=network.delay_of(p),
                receptor=network.receptor_of(p),
            )
            for p in network.projections
        ),
        stimuli=tuple(stimulus_of_numbers(network, s) for s in network.stimuli),
        knobs=(),
    )  # fmt: skip


def stimulus_of_numbers(network: Network, stimulus: Stimulus) -> Stimulus:
    """The same stimulus with a number in place of every expression."""
    if not isinstance(stimulus, PoissonInput):
        return stimulus
    weight = float(network.weight_of(stimulus).quantile(0.5))
    rate = network.number(stimulus.rate, "Hz", where=stimulus.name)
    return replace(stimulus, rate=rate, weight=weight)


# --- what came out --------------------------------------------------------------------------------


def speed_rows(runs: Runs) -> Iterator[str]:
    """Median times of each simulator, and how many times as fast snnlab is."""
    yield f"{'':8}  build [s]  simulate [s]    min ... max  real-time factor  ratio"
    slowest = medians(runs["nest"])
    for simulator, figures in runs.items():
        middle = medians(figures)
        times = [run["simulate_s"] for run in figures]
        yield (
            f"{simulator:8}  {middle['build_s']:9.3f}  {middle['simulate_s']:12.3f}  "
            f"{min(times):6.3f} ... {max(times):6.3f}  {middle['real_time_factor']:11.3f}  "
            f"{slowest['simulate_s'] / middle['simulate_s']:6.1f}"
        )


def medians(figures: list[dict[str, Any]]) -> dict[str, float]:
    """Median over the rounds of what has a time or a size."""
    names = ("build_s", "simulate_s", "real_time_factor", "peak_rss_bytes")
    return {name: statistics.median(run[name] for run in figures) for name in names}


def rate_rows(network: Network, runs: Runs) -> Iterator[str]:
    """Mean and standard deviation over the seeds of each population's rate and CV."""
    yield f"{'':8}  snnlab [Hz]      NEST [Hz]        difference   CV snnlab  CV NEST"
    for i, population in enumerate(network.populations):
        ours, theirs = ([run["rates"][i] for run in runs[s]] for s in ("snnlab", "nest"))
        cvs = [statistics.mean(run["cv"][i] or 0.0 for run in runs[s]) for s in ("snnlab", "nest")]
        mean, reference = statistics.mean(ours), statistics.mean(theirs)
        yield (
            f"{population.name:8}  {mean:6.3f} +- {spread(ours):5.3f}  "
            f"{reference:6.3f} +- {spread(theirs):5.3f}  {mean - reference:+6.3f} "
            f"({(mean - reference) / (reference or 1.0):+5.1%})  {cvs[0]:7.3f}  {cvs[1]:7.3f}"
        )


def spread(values: list[float]) -> float:
    """Standard deviation over the seeds; 0 for a single one."""
    return statistics.stdev(values) if len(values) > 1 else 0.0


def write_record(folder: Path, case: str, runs: Runs, args: argparse.Namespace) -> None:
    """Keep all runs of a case in a file of its own."""
    now = datetime.now(UTC)
    record = {
        "case": case,
        "date": now.isoformat(timespec="seconds"),
        "machine": {
            "processor": cpu_model(), "cores": os.cpu_count(), "platform": platform.platform(),
            "load": os.getloadavg(),
        },
        "settings": {name: getattr(args, name) for name in ("threads", "warmup", "time", "rounds")},
        "medians": {simulator: medians(figures) for simulator, figures in runs.items()},
        "runs": runs,
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{now:%Y%m%dT%H%M%SZ}-{case}.json"
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(f"\nRecord: {path}")


if __name__ == "__main__":
    main()
