"""Any program that prints its phases as JSON: other simulators, scripts, compiled programs."""

from __future__ import annotations

import re
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from snnlab.bench.adapters.adapter import Job
from snnlab.bench.spec import Cell
from snnlab.bench.tree import Tree, tree_of
from snnlab.errors import SpecError

if TYPE_CHECKING:
    from snnlab.model.network import Network

__all__ = ["AnyCommand"]

_PLACEHOLDER = re.compile(r"\{(\w+)\}")

_KEYS = ("threads", "ranks", "device", "precision", "time", "warmup", "model", "touch")


@dataclass(frozen=True)
class AnyCommand:
    """A command of the specification, run without a shell in the folder of the checkout.

    Parameters
    ----------
    python : str
        What ``{python}`` stands for.
    """

    python: str = sys.executable
    name: str = "command"
    package: str = ""

    def missing(self, cell: Cell) -> str:
        """Return why a cell cannot run here."""
        program = cell["command"][0]
        known = program.startswith("{") or shutil.which(program) is not None
        return "" if known else f"there is no program {program} in PATH"

    def command(self, job: Job) -> list[str]:
        """Return the words of the command, filled in."""
        cell = job.cell
        known: dict[str, Any] = {
            "python": self.python, "seed": job.seed, "spikes": job.spikes,
            "scratch": job.scratch, "folder": cell.folder.resolve(),
            **{key: cell[key] for key in _KEYS}, **cell["parameters"],
        }  # fmt: skip
        return [_filled(word, known) for word in cell["command"]]

    def tree(self, cell: Cell) -> Tree:
        """Return the checkout that the specification lies in."""
        return tree_of(cell.folder.resolve())

    def network(self, cell: Cell) -> Network | None:
        """Return nothing: what a command runs, it alone knows."""
        return None


def _filled(word: str, known: dict[str, Any]) -> str:
    """A word with values in place of names in braces; nothing is evaluated."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in known:
            raise SpecError(
                "command", "must use names that are there", got=f"{{{name}}}",
                remedy=f"There are {', '.join(known)}.",
            )  # fmt: skip
        found = known[name]
        return f"{found:.12g}" if isinstance(found, float) else str(found)

    return _PLACEHOLDER.sub(value, word)
