"""A scheduler of one node: sbatch, srun, squeue, sacct and scancel, by the name it is called by.

Jobs really run, one supervisor each. The folder in SLURM_STAND_IN holds, for each job, its state
and how it is to end; the files `hold`, `refuse`, `no_accounts` and `no_answer` in it tell what the
cluster does.
A minute of a time limit lasts SLURM_STAND_IN_MINUTE seconds.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

ROOT = Path(os.environ["SLURM_STAND_IN"])
MINUTE = float(os.environ.get("SLURM_STAND_IN_MINUTE", "60"))
ACTIVE = ("PENDING", "RUNNING")


def state(job: str) -> str:
    path = ROOT / job / "state"
    return path.read_text() if path.exists() else ""


def become(job: str, word: str) -> None:
    partial = ROOT / job / "state.partial"
    partial.write_text(word)
    partial.replace(ROOT / job / "state")


def sbatch(words: list[str]) -> int:
    if (ROOT / "refuse").exists():
        sys.stderr.write("sbatch: error: invalid partition specified: nowhere\n")
        return 1
    job = str(101 + len(list(ROOT.glob("*/"))))
    (ROOT / job).mkdir()
    (ROOT / job / "script").write_text(Path(words[0]).read_text())
    become(job, "PENDING")
    subprocess.Popen(
        [sys.executable, __file__, "supervise", job], start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    sys.stdout.write(f"Submitted batch job {job}\n")
    return 0


def supervise(words: list[str]) -> int:
    (job,) = words
    text = (ROOT / job / "script").read_text()
    options = dict(re.findall(r"^#SBATCH --([\w-]+)=(.*)$", text, re.MULTILINE))
    while (ROOT / "hold").exists() and not (ROOT / job / "end").exists():
        time.sleep(0.02)
    if (ROOT / job / "end").exists():
        become(job, (ROOT / job / "end").read_text())
        return 0
    become(job, "RUNNING")
    place = {"SLURM_JOB_ID": job, "SLURM_JOB_NODELIST": "node1", "SLURM_JOB_NUM_NODES": "1"}
    output = shlex.split(options["output"])[0].replace("%j", job)
    with open(output, "ab") as out:
        process = subprocess.Popen(
            ["bash", str(ROOT / job / "script")], stdout=out, stderr=out, start_new_session=True,
            env=os.environ | place,
        )  # fmt: skip
    over = time.monotonic() + int(options["time"]) * MINUTE
    warned = over - int(options["signal"].partition("@")[2]) * MINUTE / 60.0
    verdict = ""
    while process.poll() is None and not verdict:
        time.sleep(0.02)
        if (ROOT / job / "end").exists():
            verdict = (ROOT / job / "end").read_text()
        elif time.monotonic() > over:
            verdict = "TIMEOUT"
        elif time.monotonic() > warned:
            warned = over + MINUTE
            signal_all(process.pid, signal.SIGUSR2, skip="bash")
    if verdict:
        if verdict != "NODE_FAIL":
            signal_all(process.pid, signal.SIGTERM)
            wait(process, 5.0)
        signal_all(process.pid, signal.SIGKILL)
    become(job, verdict or ("COMPLETED" if process.wait() == 0 else "FAILED"))
    return 0


def wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    until = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < until:
        time.sleep(0.02)


def signal_all(pid: int, number: int, skip: str = "") -> None:
    """To a job and all that it has started, as the control group of a node has it."""
    try:
        leader = psutil.Process(pid)
        for one in [*leader.children(recursive=True), leader]:
            if one.name() != skip:
                one.send_signal(number)
    except psutil.NoSuchProcess:
        return


def srun(words: list[str]) -> int:
    own, job = [], os.environ["SLURM_JOB_ID"]
    while words and words[0].startswith("--"):
        own.append(words.pop(0))
        if own[-1] in ("--output", "--error"):
            own.append(words.pop(0).replace("%j", job).replace("%t", "0"))
    for name, number in (("--output", 1), ("--error", 2)):
        file = os.open(own[own.index(name) + 1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(file, number)
    place = {"SLURM_PROCID": "0", "SLURM_LOCALID": "0", "SLURM_NTASKS": "1", "SLURM_NODEID": "0"}
    os.execvpe(words[0], words, os.environ | place)


def squeue(words: list[str]) -> int:
    job = words[words.index("--job") + 1]
    if state(job) not in ACTIVE:
        sys.stderr.write("slurm_load_jobs error: Invalid job id specified\n")
        return 1
    sys.stdout.write(state(job) + "\n")
    return 0


def sacct(words: list[str]) -> int:
    while (ROOT / "no_answer").exists():
        time.sleep(0.1)
    if (ROOT / "no_accounts").exists():
        sys.stderr.write("Slurm accounting storage is disabled\n")
        return 1
    sys.stdout.write("JobID|State|NodeList\n")
    for job in (word for word, before in zip(words[1:], words, strict=False) if before == "-j"):
        sys.stdout.write(f"{job}|{state(job)}|node1\n{job}.batch|{state(job)}|node1\n")
    return 0


def scancel(words: list[str]) -> int:
    (ROOT / words[0] / "end").write_text("CANCELLED by 1000")
    return 0


if __name__ == "__main__":
    called = Path(sys.argv[0]).name
    rest = sys.argv[1:]
    if called.endswith(".py"):
        called = rest.pop(0)
    sys.exit({
        "sbatch": sbatch, "srun": srun, "squeue": squeue, "sacct": sacct, "scancel": scancel,
        "supervise": supervise,
    }[called](rest))  # fmt: skip
