"""How several workers share the tests: what starts processes in one queue, beside the rest."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

PROCESSES = ("tests/browser/", "tests/cluster/")
"""Folders whose tests start browsers and ranks, and so run one after the other."""

LONG = (
    "tests/notebooks/test_notebooks.py",
    "tests/unit/cuda/test_engine_source.py",
    "tests/features/test_cuda_models.py",
    "tests/statistics/test_topographic_map_slots.py",
    "tests/features/test_cuda_rewiring.py",
    "tests/features/test_synapses.py",
    "tests/features/test_cuda_replacing.py",
    "tests/features/test_cuda_memory.py",
    "tests/features/test_lesions.py",
    "tests/properties/test_replay.py",
    "tests/features/test_rewiring_slots.py",
    "tests/features/test_initial_weights.py",
    "tests/features/test_marks.py",
    "tests/peers/test_networks.py",
    "tests/properties/test_twins.py",
    "tests/properties/test_log_full_disk.py",
    "tests/features/test_session_life.py",
    "tests/peers/test_structural_plasticity.py",
    "tests/features/test_rows.py",
    "tests/unit/test_lab.py",
    "tests/properties/test_log_recovery.py",
    "tests/features/test_plastic_edits.py",
    "tests/properties/test_large_log_recovery.py",
    "tests/bench/test_slurm.py",
    "tests/bench/test_adapters.py",
    "tests/properties/test_log_kill.py",
    "tests/features/test_autosave.py",
    "tests/features/test_thread_invariance.py",
    "tests/features/test_rewiring_work.py",
)
"""Files that take long for the number of their tests, the longest first: begun last, one of them
would leave the other workers without work at the end."""

_FIRST = ("processes", *LONG)


class TwoQueues(LoadFileScheduling):
    """One worker takes all tests of `PROCESSES`, the others take the rest file by file.

    A file's tests stay together, as they share what they build. The queue of processes is begun
    first, then what is long, then files by the number of their tests.
    """

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(PROCESSES):
            return "processes"
        return str(super()._split_scope(nodeid))

    def _assign_work_unit(self, node: object) -> None:
        """Give a worker what is first in the order above."""
        first = next((name for name in _FIRST if name in self.workqueue), None)
        if first is not None:
            self.workqueue.move_to_end(first, last=False)
        super()._assign_work_unit(node)
