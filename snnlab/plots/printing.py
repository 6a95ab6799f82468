"""What a notebook prints is seen while its plots answer the browser.

Plots answer on a thread beside that of the cells (a subshell of the kernel). pyviz_comms puts a
buffer in the place of ``sys.stdout`` for as long as an answer takes: what a cell prints meanwhile
lands under the plot, and where two answers overlap, the buffer stays for good and nothing that is
printed is seen any more.
"""

from __future__ import annotations

import pyviz_comms

__all__ = ["leave_stdout_alone"]


class _Passed(list[str]):
    """In the place of what collects the lines printed by an answer; the kernel shows them."""

    def __enter__(self) -> _Passed:
        return self

    def __exit__(self, *exception: object) -> None:
        pass


def leave_stdout_alone() -> None:
    """Let answers of plots print as everything else does, from now on and for all plots."""
    pyviz_comms.StandardOutput = _Passed
