"""Records of runs that never were, valid to the last key."""

from __future__ import annotations

from typing import Any

MACHINE = {"processor": "AMD EPYC", "cores": 2, "memory_bytes": 2**34, "platform": "Linux"}


def record(
    simulate_s: float | None = 1.0, *, simulator: str = "snnlab", seed: int = 1, **changes: Any
) -> dict[str, Any]:
    """A run of one second of a network of 1000 neurons and a million synapses."""
    figures: dict[str, Any] = {
        "n_neurons": 1000, "n_synapses": 1_000_000, "build_s": 0.5, "peak_bytes": 2**28,
        "bytes_per_synapse": 2.0,
    }  # fmt: skip
    if simulate_s is not None:
        figures |= {
            "simulate_s": simulate_s, "n_spikes": 20_000, "n_events": 20_000_000, "rate": 20.0,
            "cv": 0.9, "real_time_factor": simulate_s, "ns_per_event": 50.0 * simulate_s,
        }  # fmt: skip
    return {
        "format": 1, "session": "20260101T000000Z", "time": f"2026-01-01T00:00:{seed:02}+00:00",
        "model": "brunel4k", "simulator": simulator, "setting": "", "round": seed, "seed": seed,
        "threads": 2, "busy": False, "warmup_ms": 100.0,
        "time_ms": 0.0 if simulate_s is None else 1000.0, "status": "ok", "why": "",
        "figures": figures, "versions": {simulator: "1.0"}, "load": [0.5, 0.5, 0.5],
        "machine": MACHINE, "revision": "abc",
        **changes,
    }  # fmt: skip
