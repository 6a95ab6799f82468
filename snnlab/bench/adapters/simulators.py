"""snnlab, NEST and Brian2, each run by a program of `programs` in an interpreter of its own."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from snnlab.bench.adapters.adapter import Job
from snnlab.bench.process import run_process
from snnlab.bench.spec import Cell
from snnlab.bench.tree import Tree, own_tree

if TYPE_CHECKING:
    from snnlab.model.network import Network

__all__ = ["PROGRAMS", "Peer", "Snnlab", "lacks"]

PROGRAMS = Path(__file__).with_name("programs")

LOOK_S = 60.0


@dataclass(frozen=True)
class Snnlab:
    """snnlab itself, at any version, on the CPU, a GPU or ranks.

    Parameters
    ----------
    python : str
        The interpreter.
    """

    python: str = sys.executable
    name: str = "snnlab"
    package: str = "snnlab"

    def missing(self, cell: Cell) -> str:
        """Return why a cell cannot run here."""
        device, ranks = cell["device"], cell["ranks"]
        if ranks > 1:
            if device not in ("cpu", "cuda"):
                return f"ranks take the GPUs of their host in turn: device cuda, not {device}"
            if reason := lacks(self.python, "mpi4py") or _no_mpiexec():
                return reason
        return "" if device == "cpu" else _no_device(device)

    def command(self, job: Job) -> list[str]:
        """Return the command of a run; the preset is made by the version that is measured."""
        cell = job.cell
        model = cell.model_file.resolve() if cell.model_file is not None else cell["model"]
        return [
            self.python, str(PROGRAMS / "run_snnlab.py"), str(model),
            "--parameters", json.dumps(cell["parameters"], sort_keys=True),
            "--seed", str(job.seed), "--device", cell["device"], "--ranks", str(cell["ranks"]),
            "--precision", cell["precision"], *_protocol(job),
            *(["--exchange", cell["exchange"]] if cell.is_told("exchange") else []),
            *(["--turns", str(job.n_blocks)] if job.n_blocks else []),
        ]  # fmt: skip

    def tree(self, cell: Cell) -> Tree:
        """Return the version that runs this."""
        return own_tree()

    def network(self, cell: Cell) -> Network | None:
        """Return the network as this version makes it."""
        return made(cell)


@dataclass(frozen=True)
class Peer:
    """Another simulator, which translates a network file of snnlab.

    Parameters
    ----------
    name : str
        ``"nest"`` or ``"brian2"``.
    python : str
        An interpreter that has it.
    """

    name: str
    python: str = sys.executable

    @property
    def package(self) -> str:
        """What the interpreter must have."""
        return self.name

    def missing(self, cell: Cell) -> str:
        """Return why a cell cannot run here."""
        if cell["device"] != "cpu" or cell["ranks"] > 1:
            return f"{self.name} takes part with threads of one CPU"
        return lacks(self.python, self.package)

    def command(self, job: Job) -> list[str]:
        """Return the command of a run, after writing the network file."""
        from snnlab.bench.adapters.plain import plain
        from snnlab.interop import native_json

        path = job.scratch / "network.json"
        native_json.save(plain(made(job.cell, job.seed)), path)
        precision = ["--precision", job.cell["precision"]] if self.name == "brian2" else []
        program = PROGRAMS / f"run_{self.name}.py"
        return [self.python, str(program), str(path), *precision, *_protocol(job)]

    def tree(self, cell: Cell) -> Tree:
        """Return no version: that of the package tells."""
        return Tree(cell.folder)

    def network(self, cell: Cell) -> Network | None:
        """Return the network that is translated."""
        return made(cell)


def _protocol(job: Job) -> list[str]:
    cell = job.cell
    return [
        "--threads", str(cell["threads"]), "--warmup", f"{cell['warmup']:.17g}",
        "--time", f"{cell['time']:.17g}", "--spikes", str(job.spikes),
        *(["--touch", f"{cell['touch']:.17g}"] if cell.is_told("touch") else []),
    ]  # fmt: skip


def made(cell: Cell, seed: int | None = None) -> Network:
    """Return the network of a cell.

    Parameters
    ----------
    cell : Cell
    seed : int, optional
        Default: as the model has it.
    """
    from snnlab.launch import resolve

    model = cell.model_file if cell.model_file is not None else cell["model"]
    network = resolve(model, **cell["parameters"])
    return network if seed is None else network.replace(seed=seed)


def _no_mpiexec() -> str:
    from snnlab.cluster.mpi import mpiexec
    from snnlab.errors import ClusterError

    try:
        mpiexec()
    except ClusterError as error:
        return " ".join(str(error).split())
    return ""


def _no_device(device: str) -> str:
    from snnlab.cuda.available import device_index, obstacle
    from snnlab.cuda.probe import look

    error = obstacle(look(), device_index(device) or 0)
    return "" if error is None else " ".join(str(error).split())


@cache
def lacks(python: str, package: str) -> str:
    """Return why an interpreter cannot import a package; empty if it is found there.

    Parameters
    ----------
    python : str
    package : str
    """
    look = (
        "import importlib.util, sys; sys.path = [p for p in sys.path if p]; "
        f"found = importlib.util.find_spec({package!r}) is not None; "
        "print('{\"found\": ' + str(found).lower() + '}')"
    )
    try:
        outcome = run_process([python, "-c", look], timeout_s=LOOK_S)
    except OSError as error:
        return f"{python}: {error.strerror}"
    if outcome.status != "ok":
        return outcome.why
    return "" if outcome.figures["found"] else f"{python} has no package {package}"
