"""Parts of the loop: each is compiled by itself, when a network needs it, and called by address.

Compiled into the loop, each would be optimised once more on every level of calls above it, and a
network without plasticity or rewiring would wait for their code all the same.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from numba import cfunc, int64

__all__ = ["Part", "part"]


class Part:
    """A function of the loop; call it with `snnlab.rules.call.call_rule`.

    Parameters
    ----------
    function : callable
        On what is lent, pointers and int64; returns an int64. See `snnlab.rules.lend`.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self._compiled: dict[Any, Any] = {}

    def address(self, kinds: Mapping[str, Any]) -> int:
        """Compile it, or take it from the cache, and return its address.

        Parameters
        ----------
        kinds : mapping
            Numba types of its arguments, by name; the others are int64.
        """
        names = inspect.signature(self.function).parameters
        signature = int64(*(kinds.get(name, int64) for name in names))
        if signature not in self._compiled:
            compiler = cfunc(signature, cache=True, error_model="numpy")
            self._compiled[signature] = compiler(self.function)
        return int(self._compiled[signature].address)


def part(function: Callable[..., Any]) -> Part:
    """Make a function a part of the loop."""
    return Part(function)
