"""``snnlab dry-run``: what one rank of many would hold, told without the others."""

from __future__ import annotations

import argparse
import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnlab.dry_run.table import table_of
from snnlab.errors import SpecError

if TYPE_CHECKING:
    from snnlab.model.network import Network

__all__ = ["add_arguments", "main"]

_LONGEST_S = 3600
"""Wall-clock time [s] that building one rank may take."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``snnlab dry-run``."""
    add = parser.add_argument
    add("network", metavar="PRESET-OR-FILE.json", help="name of a preset, or a network file")
    add(
        "--ranks", default="1", metavar="P[,P...]",
        help="number of ranks; several numbers give a table, each from a process of its own",
    )  # fmt: skip
    add("--rank", type=int, default=0, metavar="R",
        help="which rank is built; the last one where there are fewer (default: 0)")  # fmt: skip
    add(
        "--device", choices=("cpu", "cuda"), default="cpu",
        help="cpu: the rank is built here (default); cuda: what it will hold on a GPU is worked "
        "out, which needs none",
    )  # fmt: skip
    add("--threads", type=int, default=1, metavar="T", help="threads of a rank (default: 1)")
    add("--scale", type=float, metavar="S", help="size of a preset relative to its publication")
    add(
        "--weak", action="store_true",
        help="--scale is that of one rank: the network grows with the ranks",
    )  # fmt: skip
    add("--rate", type=float, default=10.0, metavar="HZ",
        help="mean rate that is assumed where spikes are counted (default: 10)")  # fmt: skip
    add("--seed", type=int, metavar="N", help="seed (default: the network's)")
    add("--set", nargs="+", action="extend", default=[], metavar="NAME=VALUE", dest="settings",
        help="an option of the preset, a knob, or a parameter")  # fmt: skip
    add("--json", metavar="FILE|-", help="write the figures as JSON: a list, one object a row")


def main(args: argparse.Namespace) -> int:
    """Build the rank for each number of ranks, and report; return the exit code.

    Raises
    ------
    SpecError
        Something that cannot be meant; nothing has been built then.
    OutOfMemory
        What the rank would hold does not fit into the memory of this machine.
    """
    numbers = _numbers(args.ranks)
    if args.device == "cuda":
        rows = [_worked_out(args, n) for n in numbers]
    elif len(numbers) == 1:
        rows = [_built(args, numbers[0])]
    else:
        rows = [row for row in (_in_a_process(args, n) for n in numbers) if row is not None]
    if args.json is not None:
        _save(args.json, json.dumps(rows, indent=1, allow_nan=False) + "\n")
    if args.json != "-":
        sys.stdout.write(table_of(rows, on_gpus=args.device == "cuda") + "\n")
    return 0 if len(rows) == len(numbers) else 2


def _numbers(text: str) -> list[int]:
    try:
        numbers = [int(word) for word in text.split(",")]
    except ValueError:
        numbers = []
    if not numbers or min(numbers) < 1:
        raise SpecError(
            "--ranks", "must be numbers >= 1, separated by commas", got=repr(text),
            remedy="Write for example --ranks 1,64,4096",
        )  # fmt: skip
    return numbers


def _network(args: argparse.Namespace, ranks: int) -> Network:
    from snnlab.batch.settings import network_of

    if args.weak and args.scale is None:
        raise SpecError("--weak", "must be used with --scale, that of one rank", got="no --scale")
    scale = args.scale * ranks if args.weak else args.scale
    return network_of(args.network, args.settings, scale=scale, seed=args.seed)


def _worked_out(args: argparse.Namespace, ranks: int) -> dict[str, Any]:
    from snnlab.dry_run.on_gpu import gpu_dry_run

    network = _network(args, ranks)
    run = gpu_dry_run(network, ranks=ranks, rank=min(args.rank, ranks - 1))
    return {
        "network": network.name, "device": "cuda", **dataclasses.asdict(run),
        "held_bytes": run.held_bytes, "peak_bytes": run.peak_bytes,
    }  # fmt: skip


def _built(args: argparse.Namespace, ranks: int) -> dict[str, Any]:
    from snnlab.dry_run.rank import dry_run

    network, rank = _network(args, ranks), min(args.rank, ranks - 1)
    run = dry_run(network, ranks=ranks, rank=rank, threads=args.threads, rate=args.rate)
    return {"network": network.name, **dataclasses.asdict(run), "held_bytes": run.held_bytes}


def _in_a_process(args: argparse.Namespace, ranks: int) -> dict[str, Any] | None:
    """Build in a process whose memory is this rank's alone; what went wrong there is shown."""
    command = [sys.executable, "-m", "snnlab", "dry-run", args.network, "--json", "-",
               "--ranks", str(ranks), "--rank", str(args.rank), "--threads", str(args.threads),
               "--rate", str(args.rate)]  # fmt: skip
    command += [] if args.scale is None else ["--scale", str(args.scale)]
    command += ["--weak"] if args.weak else []
    command += [] if args.seed is None else ["--seed", str(args.seed)]
    command += ["--set", *args.settings] if args.settings else []
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, text=True, timeout=_LONGEST_S, check=False
        )
    except subprocess.TimeoutExpired:
        sys.stderr.write(f"{ranks} ranks: not built within {_LONGEST_S} s.\n")
        return None
    if done.returncode != 0:
        sys.stderr.write(f"{ranks} ranks: not built.\n")
        return None
    row: dict[str, Any] = json.loads(done.stdout)[0]
    return row


def _save(path: str, text: str) -> None:
    from snnlab.record.atomic import replacing

    if path == "-":
        sys.stdout.write(text)
        return
    with replacing(Path(path)) as partial:
        partial.write_text(text, encoding="utf-8")
