"""An event loop of its own, so that ranks start from a script, from a cell and from any thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from functools import cache
from typing import Any, TypeVar

__all__ = ["run"]

Result = TypeVar("Result")


def run(work: Coroutine[Any, Any, Result], timeout: float) -> Result:
    """Run a coroutine on the loop in the background and return its result.

    Parameters
    ----------
    work : coroutine
    timeout : float [s]
        Raises Python's TimeoutError, and ends the work, after this time.
    """
    future = asyncio.run_coroutine_threadsafe(asyncio.wait_for(work, timeout), _loop())
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """The loop of this process, which goes on until the process ends."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="snnlab cluster", daemon=True).start()
    return loop
