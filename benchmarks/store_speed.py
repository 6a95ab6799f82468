"""How long a store takes to load: ``python -m benchmarks.store_speed 10000``.

It holds copies, with ids and hashes of their own, of the records of this repository: forty
quantities over ten runs, provenance and all. It is loaded without an index, with one, and after a
hundred more have come. With ``--unsealed`` the copies have no seal, as records of before.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from snnlab.bench.ids import new_record_id
from snnlab.bench.quick_read import quick_read
from snnlab.bench.read_many import processes_for
from snnlab.bench.record import HASH, content_hash
from snnlab.bench.seal import seal, unsealed
from snnlab.bench.store import Store

REAL = Path(__file__).with_name("store") / "records"
N_NEW, N_LOADS = 100, 3


def main() -> None:
    """Fill a store in a temporary folder, then load it again and again."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.store_speed", description=__doc__)
    parser.add_argument("records", type=int, nargs="?", default=1000)
    parser.add_argument("--unsealed", action="store_true")
    args = parser.parse_args()
    n_records, is_sealed = args.records, not args.unsealed
    with tempfile.TemporaryDirectory() as folder:
        store = Store(folder)
        copy(n_records, store, is_sealed=is_sealed)
        processes = processes_for(n_records)
        load(store, f"without index, {processes} processes", processes)
        for _ in range(N_LOADS):
            load(store, "from the index")
        for _ in range(N_LOADS):
            copy(N_NEW, store, is_sealed=is_sealed)
            load(store, f"from the index and {N_NEW} new records")


def copy(n: int, store: Store, *, is_sealed: bool) -> None:
    """Put copies of real records into a store."""
    paths = sorted(REAL.rglob("*.nc"))
    sources = [(p, unsealed(p.read_bytes()), q) for p in paths if (q := quick_read(p)) is not None]
    for number in range(n):
        path, content, found = sources[number % len(sources)]
        name = new_record_id()
        found.variables["record_id"].values[0] = name
        # Both stand in the file as plain text of the same length.
        content = content.replace(path.stem.encode(), name.encode())
        own = content_hash(found)
        content = content.replace(found.attrs[HASH].encode(), own.encode())
        if is_sealed:
            content = seal(content, replace(found, attrs={**found.attrs, HASH: own}))
        target = store.root / "records" / path.parent.parent.name / path.parent.name
        target.mkdir(parents=True, exist_ok=True)
        (target / f"{name}.nc").write_bytes(content)


def load(store: Store, what: str, processes: int = 1) -> None:
    """Load a store, and tell how long that took."""
    began, cpu = time.perf_counter(), time.process_time()
    n = store.load(processes=processes).sizes["record"]
    took, used = time.perf_counter() - began, time.process_time() - cpu
    print(f"{n} loaded {what}: {took:.2f} s, {used:.2f} s of this process", flush=True)


if __name__ == "__main__":
    main()
