"""Running the opening cell again and again leaves one session, and no more memory than before."""

from __future__ import annotations

from collections.abc import Iterator

import nbformat
import pytest
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from tests.notebooks.test_notebooks import FOLDER

CELL_S = 240
WARM_UP = 5
"""Runs after which what is loaded and kept once is there."""

ROOM = 20 * 2**20
"""What all runs together may leave [bytes]."""

_COUNT = """
import gc, threading, psutil
from snnlab.session import Session
gc.collect()
print(
    sum(isinstance(o, Session) for o in gc.get_objects()), threading.active_count(),
    psutil.Process().memory_info().rss,
)
"""


@pytest.fixture
def kernel() -> Iterator[BlockingKernelClient]:
    """A kernel as JupyterLab starts one."""
    manager, client = start_new_kernel(startup_timeout=CELL_S)
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def run(kernel: BlockingKernelClient, code: str) -> str:
    """Run a cell and return what it printed."""
    printed = []

    def note(message: dict[str, object]) -> None:
        content = message["content"]
        if message["msg_type"] == "stream" and isinstance(content, dict):
            printed.append(content["text"])

    reply = kernel.execute_interactive(code, timeout=CELL_S, output_hook=note)
    assert reply["content"]["status"] == "ok", reply["content"]
    return "".join(printed)


def counted(kernel: BlockingKernelClient) -> tuple[int, int, int]:
    """Sessions that are alive, threads, and memory [bytes]."""
    n_sessions, n_threads, n_bytes = run(kernel, _COUNT).split()
    return int(n_sessions), int(n_threads), int(n_bytes)


@pytest.mark.slow
@pytest.mark.timeout(3 * CELL_S)
def test_the_opening_cell_leaves_nothing_behind(
    kernel: BlockingKernelClient, pytestconfig: pytest.Config
) -> None:
    cells = nbformat.read(FOLDER / "01_first_spikes.ipynb", as_version=4).cells
    opening = next(cell.source for cell in cells if cell.cell_type == "code")
    code = f"{opening}\nsession.run('50 ms').wait(60)"
    for _ in range(WARM_UP):
        run(kernel, code)
    _, n_threads, before = counted(kernel)
    for _ in range(100 if pytestconfig.getoption("--thorough") else 20):
        run(kernel, code)
    n_sessions, n_threads_now, after = counted(kernel)
    assert n_sessions == 1
    assert n_threads_now <= n_threads + 1
    assert after - before < ROOM, f"{(after - before) / 2**20:.1f} MiB more"
