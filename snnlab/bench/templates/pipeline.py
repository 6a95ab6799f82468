"""What a pipeline is made for; names that go into YAML and a shell are checked first."""

from __future__ import annotations

import re
from dataclasses import dataclass

from snnlab.errors import SpecError

__all__ = ["Pipeline"]

PATTERNS = {
    "specs": re.compile(r"[\w][\w./*-]*"),
    "branch": re.compile(r"[\w][\w./-]*"),
    "store_branch": re.compile(r"[\w][\w./-]*"),
    "schedule": re.compile(r"[\d*/,-]+( [\d*/,-]+){4}"),
    "runner": re.compile(r"[\w][\w.-]*"),
    "slurm": re.compile(r"(--?[\w-]+(=[\w:.,%-]+)?( |$))+"),
}
"""Field -> what it may be; nothing that a shell or YAML would read as something else."""


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """What a pipeline measures, when and where.

    Parameters
    ----------
    specs : tuple of str
        Specifications, relative to the repository.
    branch : str
        Whose commits make the history.
    store_branch : str
        Branch that holds the records.
    schedule : str
        As cron has it, UTC; GitLab keeps its schedules in its own settings.
    runner : str
        Label (GitHub) or tag (GitLab) of the runner; the machine whose class a record names.
    slurm : str
        Options of Slurm for the job, as Jacamar takes them; empty without Slurm.
    hours : int
        After which nothing further begins.
    """

    specs: tuple[str, ...]
    branch: str = "main"
    store_branch: str = "benchmarks"
    schedule: str = "17 2 * * *"
    runner: str = "ubuntu-latest"
    slurm: str = ""
    hours: int = 5

    def __post_init__(self) -> None:
        if not self.specs:
            raise SpecError("Pipeline.specs", "must be at least one specification", got="none")
        if not 1 <= self.hours <= 23:
            raise SpecError("Pipeline.hours", "must be 1 to 23", got=str(self.hours))
        for name, pattern in PATTERNS.items():
            value = getattr(self, name)
            for text in value if isinstance(value, tuple) else (value,):
                if (text or name != "slurm") and not pattern.fullmatch(text):
                    raise SpecError(
                        f"Pipeline.{name}",
                        "must be letters, digits, few signs",
                        got=repr(text),
                    )

    @property
    def spec_words(self) -> str:
        """The specifications as words of a command."""
        return " ".join(self.specs)
