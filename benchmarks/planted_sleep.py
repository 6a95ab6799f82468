"""Plant a sleep in snnlab's own engine and let bisection find the commit.

``python -m benchmarks.planted_sleep [SHARE] [--busy]``: clones this repository, puts two harmless
commits and, between them, one that sleeps in each chunk of the engine on top, and bisects with real
runs of a small network in turns, ten pairs for each commit, up to twenty while they are
inconclusive. The sleep makes the simulation longer by SHARE, 0.05 by default; with ``--busy`` it is
a loop that computes, which the processor's time sees as well as the wall time. Exits with 0 if the
planted commit is blamed; commits that noise leaves open are told as suspects.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from snnlab.bench.adapters.choice import adapter_for
from snnlab.bench.bisect import bisect
from snnlab.bench.one_run import Arm, run_together
from snnlab.bench.pairs import measure_of
from snnlab.bench.spec import spec_from
from snnlab.bench.tree import tree_of
from snnlab.bench.verdict import Rule, Verdict
from snnlab.bench.worktree import git
from snnlab.errors import StateError

ENGINE = Path("snnlab/arrays/engine.py")
PLACE = "    def advance(self, n_steps: int) -> Frame:\n"
DOCSTRING_END = '"""\n'

SPEC = spec_from(
    "planted", model="brunel", parameters={"N": 1000}, warmup=100, time=10_000,
    checks={"rate": [38, 50]}, time_limit=120,
)  # fmt: skip
"""Small, so that building it anew, which averages over places in memory, costs next to nothing."""

RULE = Rule()

SLEEP = """        import time

        time.sleep({seconds})
"""

BUSY = """        import time

        end = time.perf_counter() + {seconds}
        while time.perf_counter() < end:
            continue
"""


def with_delay(source: str, delay: str) -> str:
    """Return the source of the engine with a delay at the start of its `advance`."""
    head, place, rest = source.partition(PLACE)
    if not place:
        raise StateError("planted sleep", f"must find {PLACE.strip()}", got="another engine")
    docstring, _, body = rest.partition(DOCSTRING_END)
    return head + PLACE + docstring + DOCSTRING_END + delay + body


def sleep_of(seconds: float) -> float:
    """Return what to ask of `time.sleep` for it to take so long: it takes longer than asked."""
    longer = []
    for _ in range(200):
        began = time.perf_counter()
        time.sleep(seconds)
        longer.append(time.perf_counter() - began - seconds)
    return max(seconds - median(longer), 0.0)


def plant(clone: Path, number: int, delay: str = "") -> str:
    """Commit a harmless file and, if there is one, the delay; return the commit."""
    (clone / "CHANGES_PLANTED.txt").write_text(f"commit {number}\n")
    if delay:
        engine = clone / ENGINE
        engine.write_text(with_delay(engine.read_text(), delay))
    git(clone, "add", "-A")
    author = ("-c", "user.name=planted", "-c", "user.email=planted@example.org")
    git(clone, *author, "commit", "-q", "--no-verify", "-m", f"planted {number}")
    return git(clone, "rev-parse", "HEAD")


def tell(commit: str, found: Verdict) -> None:
    """Print each commit that was measured."""
    print(commit[:10], found, flush=True)


def block_seconds(repository: Path) -> float:
    """Return how long one call of `advance` of a measured run takes."""
    (cell,) = SPEC.cells()
    adapter = adapter_for("snnlab")
    run, _ = run_together([Arm(cell, adapter, tree_of(repository))] * 2, 1)
    if not run.counts:
        raise StateError("planted sleep", "must measure a run first", got=run.why)
    return float(median(s for blocks in run.raw["blocks"] for s in blocks["wall"]))


def main(share: float, *, is_busy: bool = False) -> int:
    """Plant, bisect, tell; return the exit code.

    Parameters
    ----------
    share : float
        Of the simulation, that the delay takes.
    is_busy : bool
        Compute in place of sleeping.
    """
    began = time.perf_counter()
    repository = Path(__file__).resolve().parents[1]
    (cell,) = SPEC.cells()
    with tempfile.TemporaryDirectory(prefix="snnlab-planted-") as parent:
        clone = Path(parent) / "clone"
        git(repository, "clone", "-q", str(repository), str(clone))
        good = git(clone, "rev-parse", "HEAD")
        block = block_seconds(clone)
        seconds = share * block
        delay = BUSY.format(seconds=seconds) if is_busy else SLEEP.format(seconds=sleep_of(seconds))
        print(f"a block takes {1e3 * block:.2f} ms; planted {1e3 * seconds:.3f} ms", flush=True)
        commits = [plant(clone, i, delay if i == 1 else "") for i in range(3)]
        found = bisect(clone, good, commits[-1], measure_of(cell), rule=RULE, tell=tell)
    print(f"planted {commits[1][:10]}, blamed {found.commit[:10] or 'none'}")
    print(f"suspects: {', '.join(c[:10] for c in found.suspects) or 'none'}")
    print(f"{time.perf_counter() - began:.0f} s")
    return 0 if found.commit == commits[1] else 1


if __name__ == "__main__":
    asked = argparse.ArgumentParser(prog="python -m benchmarks.planted_sleep")
    asked.add_argument("share", type=float, nargs="?", default=0.05)
    asked.add_argument("--busy", action="store_true", help="compute in place of sleeping")
    args = asked.parse_args()
    sys.exit(main(args.share, is_busy=args.busy))
