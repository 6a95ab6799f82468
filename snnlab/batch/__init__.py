"""``snnlab run``: run a preset or a network file without a notebook, and say what came out."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from snnlab.errors import SpecError
from snnlab.units import format_quantity, to_canonical

if TYPE_CHECKING:
    from snnlab.batch.simulate import Run
    from snnlab.model.network import Network

__all__ = ["add_arguments", "main"]

INTERRUPTED = 130
UNWELL = 3
"""Exit code of a run that numerical trouble has ended."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``snnlab run``."""
    add = parser.add_argument
    add("network", metavar="PRESET-OR-FILE.json", help="name of a preset, or a network file")
    add("--scale", type=float, metavar="S", help="size of a preset relative to its publication")
    add(
        "--time", default="1000", metavar="MS", help='model time, also "1 s" (default: %(default)s)'
    )
    add("--warmup", default="0", metavar="MS", help="model time before, not measured (default: 0)")
    add("--seed", type=int, metavar="N", help="seed (default: the network's)")
    add("--dt", metavar="MS", help="time step (default: the network's)")
    add(
        "--threads",
        type=int,
        metavar="T",
        help="threads of the CPU, which is meant where this is given (default: by the size of the "
        "network)",
    )
    add(
        "--device",
        default="auto",
        metavar="DEVICE",
        help="cpu, cuda:0, ..., or auto: a GPU if there is one and the network gains by it "
        "(default: auto); of ranks that mpiexec starts cpu, or cuda: a GPU each",
    )
    add(
        "--transport",
        default="auto",
        metavar="HOW",
        help="what ranks on GPUs hand to MPI: device, memory of the GPU; host, a copy; or auto, "
        "the former where MPI says that it takes it (default: auto)",
    )
    add(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME=VALUE",
        dest="settings",
        help="an option of the preset, a knob, or a parameter: regime=AI g=5 exc.tau_m=15ms",
    )
    add(
        "--out",
        type=Path,
        metavar="FILE",
        help="write spikes and samples: FILE.nc or FILE.zarr at the end, or FILE.snnlog while it "
        "runs, which takes no memory and survives a crash; a log that is there is continued",
    )
    add("--json", metavar="FILE|-", help="write the figures as one JSON object")
    add("--quiet", action="store_true", help="print neither progress nor the table")


def main(args: argparse.Namespace) -> int:
    """Run the network and report; return the exit code.

    Started by mpiexec on several ranks, these hold the network together, and the first one reports.

    Parameters
    ----------
    args : argparse.Namespace
        With the arguments of `add_arguments`.

    Returns
    -------
    int
        0; 130 if Ctrl-C ended the run, 3 if numerical trouble did: what there was until then is
        saved and reported.

    Raises
    ------
    SpecError
        Something that cannot be meant; nothing has been computed then.
    StorageError
        The log cannot be written. A disk that is full is waited for.
    """
    from snnlab.batch.output import output_to
    from snnlab.batch.settings import network_of
    from snnlab.batch.simulate import run
    from snnlab.cluster.mpi import launched_as
    from snnlab.model.coarse_step import coarse_steps

    is_first = launched_as()[0] == 0
    if not is_first:  # the first rank writes for all
        args.out, args.json, args.quiet = None, None, True
    _check_outputs(args)
    network = network_of(args.network, args.settings, scale=args.scale, seed=args.seed, dt=args.dt)
    for text in coarse_steps(network) if is_first else ():
        sys.stderr.write(f"{text}\n")
    result = run(
        network,
        warmup=_steps("--warmup", args.warmup, network.dt),
        n_steps=_steps("--time", args.time, network.dt),
        device=args.device,
        threads=args.threads,
        transport=args.transport,
        show_progress=not args.quiet and sys.stderr.isatty(),
        output=output_to(args.out, network),
    )
    if is_first:
        _write(args, network, result)
    if result.fatal is not None:
        return UNWELL
    return 0 if result.is_complete else INTERRUPTED


def _write(args: argparse.Namespace, network: Network, result: Run) -> None:
    """Report on a run whose data are saved."""
    from snnlab.batch import report

    figures = report.figures(network, result)
    if args.json is not None:
        _save_json(args.json, json.dumps(figures, indent=1, allow_nan=False) + "\n")
    if not args.quiet:
        # The object alone belongs on stdout where it was asked for there.
        stream = sys.stderr if args.json == "-" else sys.stdout
        stream.write(report.table(network, result, figures) + "\n")
        stream.write(f"Data: {args.out}\n" if args.out else "")
    for trouble in result.troubles:
        sys.stderr.write(f"{trouble.text}\n")
    if not result.is_complete:
        t, cause = format_quantity(result.t, "ms"), "trouble" if result.fatal else "Ctrl-C"
        sys.stderr.write(f"Stopped by {cause} at t = {t}; everything until then is kept.\n")


def _save_json(path: str, text: str) -> None:
    from snnlab.record.atomic import replacing

    if path == "-":
        sys.stdout.write(text)
        return
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8")


def _check_outputs(args: argparse.Namespace) -> None:
    """Refuse what could not be written, before hours are spent on it."""
    from snnlab.batch.output import check_out

    if args.out is not None:
        check_out(args.out)
        _check_folder("--out", args.out)
    if args.json not in (None, "-"):
        _check_folder("--json", Path(args.json))


def _check_folder(option: str, path: Path) -> None:
    folder = path.parent
    if not os.access(folder, os.W_OK):
        raise SpecError(
            option,
            "must be in a folder that can be written to",
            got=f"'{folder}'",
            remedy="Create the folder, or name another one.",
        )


def _steps(option: str, duration: str, dt: float) -> int:
    """Number of steps in a duration [ms or with a unit]."""
    milliseconds = to_canonical(duration, "ms", where=option)
    steps = milliseconds / dt
    if not 0 <= steps < 2**53:
        raise SpecError(option, "must be >= 0 ms", got=format_quantity(milliseconds, "ms"))
    if abs(steps - round(steps)) > 1e-6:
        near = format_quantity(round(steps) * dt, "ms")
        raise SpecError(
            option,
            f"must be a multiple of dt = {dt:g} ms",
            got=format_quantity(milliseconds, "ms"),
            remedy=f"Write for example {near}.",
        )
    return round(steps)
