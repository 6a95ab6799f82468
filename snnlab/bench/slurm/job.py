"""A command in a batch job: submit it, tell what it tells, name how it ends, cancel it if asked."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from snnlab.bench.slurm.inside import ERRORS, OUTCOME, OUTPUT, run_words
from snnlab.bench.slurm.options import DEFAULTS, Options, minutes_of
from snnlab.errors import ClusterError

__all__ = ["CLUSTERS", "Limits", "run_in_job"]

CLUSTERS = ("slurm", "local")
"""Where submitit runs jobs: on a cluster, or as a process of this machine, to try it out."""

JOBS = "jobs"
"""Folder, beside the logs of campaigns, with what is known of each job until it has ended well."""

_WAITING = {"PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "SUSPENDED", "READY"}
_ASK_S = 60.0
_SIGNAL_S = 60
"""A job is told this long before its time is over [s]; a quarter of its time, if that is less."""


@dataclass(frozen=True)
class Limits:
    """How long is waited, and how often is looked.

    Parameters
    ----------
    queue_s : float [s]
        Until a job begins; after that it is cancelled.
    grace_s : float [s]
        Beyond the time limit of the job.
    files_s : float [s]
        For the files of a job that has ended to come back from its node.
    first_look_s, last_look_s : float [s]
        Between questions to the scheduler: at the beginning, and in the end.
    answer_s : float [s]
        For an answer; one that takes longer is waited for beside all else.
    """

    queue_s: float = 86400.0
    grace_s: float = 120.0
    files_s: float = 15.0
    first_look_s: float = 2.0
    last_look_s: float = 30.0
    answer_s: float = 60.0


def run_in_job(
    words: Sequence[str],
    folder: Path,
    store: Path,
    options: Options,
    *,
    cpus: int = 1,
    cluster: str = "slurm",
    limits: Limits | None = None,
) -> int:
    """Run a command in a batch job and wait for it; return its exit code.

    Parameters
    ----------
    words : sequence of str
        Program and arguments.
    folder : Path
        Where it runs; on a file system that the nodes have, too.
    store : Path
        Folder of records, where the files of the job are kept: on such a file system, too.
    options : mapping
        As `options_of` gives them; they replace `DEFAULTS`.
    cpus : int
        Cores that are asked for unless the options say it.
    cluster : str
        One of `CLUSTERS`.
    limits : Limits, optional

    Raises
    ------
    ClusterError
        submitit or Slurm is not there, the job is refused, dies, is cancelled, or takes too long.

    Notes
    -----
    What the command writes comes here while it runs. Whatever ends this call (Ctrl-C, a signal, a
    limit) cancels the job. How a job ended is read from a file as JSON, never from what submitit
    has pickled.
    """
    asked = DEFAULTS | {"cpus-per-task": str(cpus)} | options
    minutes = minutes_of(asked.pop("time"), "Slurm")
    files = _new_folder(store)
    executor = _executor(files, cluster, asked, minutes)
    with _cancelled_unless_done(executor, list(words), str(folder), str(files)) as job:
        sys.stderr.write(f"job {job.job_id} submitted\n")
        watch = _Watch(job, files, limits or Limits(), minutes * 60.0, cluster)
        code = watch.wait()
    shutil.rmtree(files, ignore_errors=True)  # records are elsewhere
    return code


def _new_folder(store: Path) -> Path:
    jobs = store.resolve() / "campaigns" / JOBS
    jobs.mkdir(parents=True, exist_ok=True)
    ignore = jobs.parent / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")
    folder = jobs / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    folder.mkdir(mode=0o700)  # what lies here is run
    return folder


def _executor(files: Path, cluster: str, options: Options, minutes: int) -> Any:
    try:
        import submitit
    except ModuleNotFoundError as error:
        raise ClusterError(
            "Batch jobs", "need the package submitit", got="no such package",
            remedy="pip install 'snnlab-jupyter[slurm]'.",
        ) from error  # fmt: skip
    for program in ("sbatch", "srun", "scancel") if cluster == "slurm" else ():
        if shutil.which(program) is None:
            raise ClusterError(
                "Slurm", f"must have {program} on PATH", got="no such program",
                remedy="Run this on a login node, or leave --executor out to measure here.",
            )  # fmt: skip
    executor = submitit.AutoExecutor(files / "%j", cluster=cluster)
    given: dict[str, Any] = {"name": "snnlab-bench", "timeout_min": minutes}
    if cluster == "slurm":
        given["slurm_signal_delay_s"] = min(_SIGNAL_S, minutes * 15)
        # Underscores, so that an option replaces what submitit would ask for by itself.
        given["slurm_additional_parameters"] = {k.replace("-", "_"): v for k, v in options.items()}
    executor.update_parameters(**given)
    return executor


@contextmanager
def _cancelled_unless_done(
    executor: Any, words: list[str], folder: str, told: str
) -> Iterator[Any]:
    """Submit; should anything end the block early, even while it submits, cancel the job."""
    with ThreadPoolExecutor(1) as pool:
        coming: Future[Any] = pool.submit(executor.submit, run_words, words, folder, told)
        try:
            job = _submitted(coming)
            yield job
        except BaseException:
            if coming.exception(_ASK_S) is None:
                _cancel(coming.result())
            raise


def _submitted(coming: Future[Any]) -> Any:
    try:
        return coming.result()
    except Exception as error:  # submitit has errors of its own, and passes on those of sbatch
        raise ClusterError(
            "Batch job", "must be taken by the scheduler", got=" / ".join(str(error).split("\n")),
            remedy="Compare --slurm with what this cluster offers (sinfo, sbatch --help).",
        ) from error  # fmt: skip


def _cancel(job: Any) -> None:
    """Cancel a job that may have ended by itself."""
    try:
        job.cancel(check=False)
    except OSError as error:
        sys.stderr.write(f"job {job.job_id} could not be cancelled: {error}\n")
        return
    sys.stderr.write(f"job {job.job_id} cancelled\n")


@dataclass
class _Watch:
    """One job, watched until it has ended."""

    job: Any
    files: Path
    limits: Limits
    time_limit_s: float
    cluster: str
    state: str = "UNKNOWN"
    running_since: float | None = None
    _question: threading.Thread | None = None
    _answer: tuple[bool, str] = (False, "UNKNOWN")
    _read: dict[str, int] = field(default_factory=dict)

    def wait(self) -> int:
        """Tell what the job tells until it ends; return the exit code of its command."""
        began = time.monotonic()
        pause = self.limits.first_look_s
        look = began + pause
        while not (self.files / OUTCOME).exists():
            self._pass_on()
            time.sleep(0.2)
            if time.monotonic() < look:
                continue
            if self._has_ended():
                self._wait_for_files()
                break
            self._check_limits(began)
            pause = min(pause * 1.5, self.limits.last_look_s)
            look = time.monotonic() + pause
        self._pass_on()
        return self._code()

    def _has_ended(self) -> bool:
        """Whether the scheduler says so, or has no longer heard of the job."""
        self.files.chmod(0o700)  # a network file system then looks at the folder anew
        is_done, self.state = self._asked()
        if is_done:
            return True
        if self.state == "UNKNOWN" and self.cluster == "slurm":
            self.state = _of_queue(str(self.job.job_id))
        is_new = self.state.upper() not in _WAITING and self.state not in ("UNKNOWN", "GONE")
        if (self.files / OUTPUT).exists() or is_new:
            self.running_since = self.running_since or time.monotonic()
        if self.state.upper() in _WAITING:
            self.running_since = None  # also one that was queued again
        return self.state == "GONE"

    def _asked(self) -> tuple[bool, str]:
        """Whether the job has ended, and its state, as sacct tells: it has no time limit itself."""

        def ask() -> None:
            self._answer = (self.job.done(force_check=True), str(self.job.state))

        if self._question is None or not self._question.is_alive():
            self._answer = (False, "UNKNOWN")
            self._question = threading.Thread(target=ask, daemon=True)
            self._question.start()
        self._question.join(self.limits.answer_s)
        return self._answer

    def _wait_for_files(self) -> None:
        """Files of a node come a little later than the word of the scheduler."""
        until = time.monotonic() + self.limits.files_s
        while not (self.files / OUTCOME).exists() and time.monotonic() < until:
            time.sleep(0.2)

    def _check_limits(self, began: float) -> None:
        now = time.monotonic()
        running = self.running_since
        if running is not None and now - running > self.time_limit_s + self.limits.grace_s:
            self._fail(f"{self.state} beyond its time limit")
        if running is None and now - began > self.limits.queue_s:
            self._fail(f"{self.state} after {now - began:.0f} s in the queue")

    def _pass_on(self) -> None:
        """Write what is new in the files of the command."""
        for name, stream in ((OUTPUT, sys.stdout), (ERRORS, sys.stderr)):
            path = self.files / name
            if path.exists():
                with path.open("rb") as file:
                    self._read[name] = _pass_on(file, self._read.get(name, 0), stream)

    def _code(self) -> int:
        try:
            outcome = json.loads((self.files / OUTCOME).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self._fail(self.state)
        if "code" not in outcome:
            self._fail(f"{outcome['why']}, state {self.state}")
        code = int(outcome["code"])
        if code < 0:  # ended by a signal
            self._fail(f"its command was ended by signal {-code}, state {self.state}")
        return code

    def _fail(self, why: str) -> Any:
        raise ClusterError(
            f"Job {self.job.job_id}", "must run to its end", got=why,
            context=f"Its files are in {self.files}; {self._last_words()}",
            remedy="The same command goes on with the runs that are missing; "
            'more time: --slurm="--time=...".',
        )  # fmt: skip

    def _last_words(self) -> str:
        text = (self.job.stderr() or "").strip().splitlines()
        return f"its last words: {text[-1].strip()}" if text else "it has said nothing"


def _pass_on(file: IO[bytes], start: int, stream: Any) -> int:
    """Write whole lines from a place on; return where the rest begins."""
    file.seek(start)
    whole = file.read().rpartition(b"\n")
    stream.write((whole[0] + whole[1]).decode(errors="replace"))
    stream.flush()
    return start + len(whole[0]) + len(whole[1])


def _of_queue(job_id: str) -> str:
    """What the queue says of a job where nobody keeps accounts; ``"GONE"`` if it is not there."""
    try:
        told = subprocess.run(
            ["squeue", "--noheader", "--job", job_id, "--format", "%T"],
            capture_output=True, text=True, timeout=_ASK_S, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return "UNKNOWN"
    if told.returncode == 0:
        return told.stdout.strip() or "GONE"
    return "GONE" if "Invalid job id" in told.stderr else "UNKNOWN"
