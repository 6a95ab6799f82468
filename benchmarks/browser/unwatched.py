"""A Chromium that no debugger watches: what one keeps of a page's traffic is not the page's memory.

Playwright follows a page's network from the first moment on. Chromium then keeps some kilobytes of
each message in the tab's process, so that a page seems to grow as long as it is sent anything.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from benchmarks.browser.visit import ARGUMENTS
from snnlab.doctor import GET_BROWSER, find_browser
from snnlab.errors import StateError

__all__ = ["Unwatched", "unwatched"]

_START_S = 30.0


class Unwatched:
    """Chromium in a process of its own; Playwright is attached only where it is asked for.

    Parameters
    ----------
    process : subprocess.Popen
    address : str
        Where a debugger attaches.
    """

    def __init__(self, process: subprocess.Popen[bytes], address: str) -> None:
        self._process = process
        self._address = address

    @contextmanager
    def attached(self, browser_type: Any) -> Iterator[Any]:
        """Yield the browser's own context, whose pages stay when Playwright goes.

        Parameters
        ----------
        browser_type : playwright BrowserType
        """
        browser = browser_type.connect_over_cdp(self._address)
        try:
            yield browser.contexts[0]
        finally:
            browser.close()

    def tab_mb(self) -> float:
        """Return the private memory [MB] of the largest process of a tab."""
        renderers = [
            each.memory_full_info().uss / 1e6
            for each in psutil.Process(self._process.pid).children(recursive=True)
            if "--type=renderer" in each.cmdline()
        ]
        return float(max(renderers))


@contextmanager
def unwatched(width: int = 1600, height: int = 1350) -> Iterator[Unwatched]:
    """Start Chromium without a window of `width` times `height` pixels, and end it.

    Raises
    ------
    StateError
        There is none, or it does not come up.
    """
    path = find_browser()
    if path is None:
        raise StateError("Chromium", "must be installed", got="no browser", remedy=GET_BROWSER)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [
            str(path), "--headless=new", "--remote-debugging-port=0", f"--user-data-dir={profile}",
            f"--window-size={width},{height}", *ARGUMENTS, "about:blank",
        ]  # fmt: skip
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            yield Unwatched(process, _address(Path(profile)))
        finally:
            process.terminate()
            process.wait(timeout=_START_S)


def _address(profile: Path) -> str:
    """Where it listens, on this computer alone; it writes its port down once it does."""
    told, until = profile / "DevToolsActivePort", time.monotonic() + _START_S
    while time.monotonic() < until:
        if told.exists() and (lines := told.read_text().splitlines()):
            return f"http://127.0.0.1:{lines[0]}"
        time.sleep(0.1)
    raise StateError("Chromium", f"must be there after {_START_S:g} s", got="no answer")
