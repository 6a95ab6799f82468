"""Plant a sleep in snnlab's own engine and let bisection find the commit.

``python -m benchmarks.planted_sleep [SHARE]``: clones this repository, puts two harmless commits
and, between them, one that sleeps in each chunk of the engine on top, and bisects with real runs of
a small network in processes of their own, ten pairs for each commit. The sleep makes the simulation
longer by SHARE, 0.05 by default. Exits with 0 if the planted commit is blamed; commits that noise
leaves open are told as suspects.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from snnlab.bench.bisect import bisect
from snnlab.bench.pairs import measure_of
from snnlab.bench.spec import spec_from
from snnlab.bench.verdict import Verdict
from snnlab.bench.worktree import git

ENGINE = Path("snnlab/arrays/engine.py")
PLACE = "    def advance(self, n_steps: int) -> Frame:\n"
DOCSTRING_END = '"""\n'

SPEC = spec_from(
    "planted", model="brunel", parameters={"N": 2500}, warmup=500, time=15_000,
    checks={"rate": [28, 38]}, time_limit=120,
)  # fmt: skip

PIECES = 10
"""Calls of `advance` in a measured run."""


def with_sleep(source: str, seconds: float) -> str:
    """Return the source of the engine with a sleep at the start of its `advance`."""
    head, _, rest = source.partition(PLACE)
    docstring, _, body = rest.partition(DOCSTRING_END)
    sleep = f"        import time\n\n        time.sleep({seconds})\n"
    return head + PLACE + docstring + DOCSTRING_END + sleep + body


def plant(clone: Path, number: int, seconds: float = 0.0) -> str:
    """Commit a harmless file and, with `seconds`, the sleep; return the commit."""
    (clone / "CHANGES_PLANTED.txt").write_text(f"commit {number}\n")
    if seconds:
        engine = clone / ENGINE
        engine.write_text(with_sleep(engine.read_text(), seconds))
    git(clone, "add", "-A")
    author = ("-c", "user.name=planted", "-c", "user.email=planted@example.org")
    git(clone, *author, "commit", "-q", "--no-verify", "-m", f"planted {number}")
    return git(clone, "rev-parse", "HEAD")


def tell(commit: str, found: Verdict) -> None:
    """Print each commit that was measured."""
    print(commit[:10], found, flush=True)


def main(share: float) -> int:
    """Plant, bisect, tell; return the exit code.

    Parameters
    ----------
    share : float
        Of the simulation, that the sleep takes.
    """
    repository = Path(__file__).resolve().parents[1]
    (cell,) = SPEC.cells()
    measure = measure_of(cell)
    with tempfile.TemporaryDirectory(prefix="snnlab-planted-") as parent:
        clone = Path(parent) / "clone"
        git(repository, "clone", "-q", str(repository), str(clone))
        good = git(clone, "rev-parse", "HEAD")
        simulate = min(measure(clone, seed) for seed in range(3))
        seconds = share * simulate / PIECES
        print(f"a run takes {simulate:.3f} s; planted {1e3 * seconds:.2f} ms in {PIECES} calls")
        commits = [plant(clone, i, seconds if i == 1 else 0.0) for i in range(3)]
        found = bisect(clone, good, commits[-1], measure, tell=tell)
    print(f"planted {commits[1][:10]}, blamed {found.commit[:10] or 'none'}")
    print(f"suspects: {', '.join(c[:10] for c in found.suspects) or 'none'}")
    return 0 if found.commit == commits[1] else 1


if __name__ == "__main__":
    raise SystemExit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 0.05))
