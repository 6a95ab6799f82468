"""Make snnlab/bench/critical_values.csv anew: ``python -m benchmarks.critical_values FILE``."""

from __future__ import annotations

import sys
from pathlib import Path

from snnlab.bench.rank_test import ALPHAS, LENGTHS, simulate


def main(path: Path) -> None:
    """Write a row of critical values for each length."""
    head = "length," + ",".join(f"alpha_{alpha}" for alpha in ALPHAS)
    rows = [f"{n}," + ",".join(f"{v:.4f}" for v in simulate(n)) for n in LENGTHS]
    path.write_text("\n".join([head, *rows]) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
