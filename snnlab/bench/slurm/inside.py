"""What runs inside a batch job: the command itself, whose words go to files that others watch."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from snnlab.record.atomic import replacing

__all__ = ["ERRORS", "OUTCOME", "OUTPUT", "run_words"]

OUTPUT, ERRORS, OUTCOME = "stdout.txt", "stderr.txt", "outcome.json"
"""Files of a job: what the command writes as it goes on, and how it has ended."""

_TO_END_S = 20.0
"""How long a command that is told to end may take; Slurm kills 30 s after it has told."""


def run_words(words: Sequence[str], folder: str, told: str) -> int:
    """Run a command; return its exit code, which is in `OUTCOME`, too.

    Parameters
    ----------
    words : sequence of str
        Program and arguments.
    folder : str
        Where it runs.
    told : str
        Folder of the files that the submitter reads.
    """
    files = Path(told)
    _forget(files / OUTCOME)  # of a job that was queued again
    signal.signal(signal.SIGTERM, _end)
    with (files / OUTPUT).open("ab") as out, (files / ERRORS).open("ab") as err:
        process = subprocess.Popen(
            list(words), stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=folder,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        try:
            code = process.wait()
        except BaseException as error:  # the time is over, or somebody has cancelled the job
            _ended(process)
            _write(files / OUTCOME, {"why": str(error) or type(error).__name__})
            raise
    _write(files / OUTCOME, {"code": code})
    return code


def _end(number: int, frame: FrameType | None) -> None:
    sys.exit(f"told to end by {signal.Signals(number).name}")


def _ended(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_TO_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _forget(path: Path) -> None:
    path.unlink(missing_ok=True)


def _write(path: Path, outcome: dict[str, int | str]) -> None:
    with replacing(path) as partial:
        partial.write_text(json.dumps(outcome), encoding="utf-8")
