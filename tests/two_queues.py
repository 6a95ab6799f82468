"""How several workers share the tests: what starts processes in one queue, beside the rest."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

PROCESSES = ("tests/browser/", "tests/cluster/", "tests/notebooks/")
"""Folders whose tests start browsers, kernels and ranks, and so run one after the other."""


class TwoQueues(LoadFileScheduling):
    """One worker takes all tests of the folders above, the others take the rest file by file.

    A file's tests stay together, as they share what they build.
    """

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(PROCESSES):
            return "processes"
        return str(super()._split_scope(nodeid))

    def _assign_work_unit(self, node: object) -> None:
        """The longest queue is begun first, whatever the number of its tests."""
        if "processes" in self.workqueue:
            self.workqueue.move_to_end("processes", last=False)
        super()._assign_work_unit(node)
