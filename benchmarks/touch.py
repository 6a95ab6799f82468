"""Memory that the host of a virtual machine has given before a simulator asks for it."""

from __future__ import annotations

import subprocess
import sys

__all__ = ["touch_memory"]


def touch_memory(gigabytes: float) -> None:
    """Touch memory in a process of its own, and give it back.

    Parameters
    ----------
    gigabytes : float
        At most as much as the machine has; 0: do nothing.

    Notes
    -----
    A host that takes free memory back has to find it again, page by page, when it is touched next:
    up to 2 s for each GB, where memory at hand takes 0.05 s. What is freed here stays at hand for
    a second or so.
    """
    if gigabytes > 0.0:
        code = f"import numpy; numpy.ones({int(gigabytes * 2**27)})"
        subprocess.run([sys.executable, "-c", code], check=True, timeout=300.0)
