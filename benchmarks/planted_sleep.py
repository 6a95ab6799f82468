"""Plant a sleep in snnlab's own engine and let bisection find the commit.

``python -m benchmarks.planted_sleep``: clones this repository, puts two harmless commits and,
between them, one that sleeps in each chunk of the engine on top, and bisects with real runs of a
small network in processes of their own, five pairs for each commit: the sleep is no close case.
Exits with 0 if the planted commit is blamed; commits that noise leaves open are told as suspects.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from snnlab.bench.bisect import bisect, command
from snnlab.bench.verdict import Rule, Verdict
from snnlab.bench.worktree import git

ENGINE = Path("snnlab/arrays/engine.py")
PLACE = "    def advance(self, n_steps: int) -> Frame:\n"
DOCSTRING_END = '"""\n'

WORKLOAD = """
import sys
sys.path.insert(0, ".")
import time
from snnlab.launch import make_engine
from snnlab.presets import brunel
engine = make_engine(brunel(N=2500, seed=1 + int(sys.argv[1])), device="cpu", threads=1)
engine.advance(1000)
started = time.perf_counter()
for _ in range(20):
    engine.advance(100)
print(time.perf_counter() - started)
engine.close()
"""


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


def main(seconds: float) -> int:
    """Plant, bisect, tell; return the exit code."""
    repository = Path(__file__).resolve().parents[1]
    with tempfile.TemporaryDirectory(prefix="snnlab-planted-") as parent:
        clone = Path(parent) / "clone"
        git(repository, "clone", "-q", str(repository), str(clone))
        good = git(clone, "rev-parse", "HEAD")
        commits = [plant(clone, i, seconds if i == 1 else 0.0) for i in range(3)]
        measure = command([sys.executable, "-c", WORKLOAD])
        found = bisect(clone, good, commits[-1], measure, rule=Rule(looks=(5,)), tell=tell)
    print(f"planted {commits[1][:10]}, blamed {found.commit[:10] or 'none'}")
    print(f"suspects: {', '.join(c[:10] for c in found.suspects) or 'none'}")
    return 0 if found.commit == commits[1] else 1


if __name__ == "__main__":
    raise SystemExit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 0.005))
