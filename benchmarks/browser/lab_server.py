"""A real JupyterLab server on a free port, cut off from the settings of whoever runs the tests."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from snnlab.lab import environment

TOKEN = "browser-test"
START_S = 180.0
STOP_S = 15.0


class LabServer:
    """A running server.

    Parameters
    ----------
    port : int
        Where it listens.
    log : Path
        Its output.
    """

    def __init__(self, port: int, log: Path) -> None:
        self.port = port
        self.log = log

    def url(self, path: str) -> str:
        """Return the address of a page or of the API, token included."""
        joint = "&" if "?" in path else "?"
        return f"http://127.0.0.1:{self.port}/{path}{joint}token={TOKEN}"

    def api(self, path: str, method: str = "GET") -> Any:
        """Ask the server's API."""
        request = urllib.request.Request(self.url(f"api/{path}"), method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def stop_kernels(self) -> None:
        """Let the kernels end by themselves, so that they can stop what they have started."""
        for kernel in self.api("kernels"):
            self.api(f"kernels/{kernel['id']}", method="DELETE")


@contextmanager
def lab_server(root: Path, home: Path) -> Iterator[LabServer]:
    """Start JupyterLab as ``snnlab lab`` does, and stop it and its kernels at the end.

    Parameters
    ----------
    root : Path
        Folder whose notebooks it shows.
    home : Path
        Empty folder for settings, workspaces and logs.
    """
    server = LabServer(_free_port(), home / "lab.log")
    with server.log.open("w") as log:
        process = subprocess.Popen(
            _command(root, server.port), env=_variables(home), stdout=log,
            stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=_die_with_parent,  # noqa: PLW1509 (it calls no Python that may lock)
        )  # fmt: skip
        try:
            _wait(server, process)
            yield server
        finally:
            with contextlib.suppress(OSError):
                server.stop_kernels()
            _stop(process)


def _command(root: Path, port: int) -> list[str]:
    return [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
        f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.root_dir={root}", "--LabApp.expose_app_in_browser=True",
    ]  # fmt: skip


def _variables(home: Path) -> dict[str, str]:
    isolated = {
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
        "JUPYTERLAB_SETTINGS_DIR": home / "settings",
        "IPYTHONDIR": home / "ipython",
    }
    inherited = {**os.environ, **{name: str(path) for name, path in isolated.items()}}
    return environment(inherited, is_root=os.geteuid() == 0)


def _wait(server: LabServer, process: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        assert process.poll() is None, f"JupyterLab has ended:\n{server.log.read_text()[-4000:]}"
        with contextlib.suppress(OSError):
            server.api("status")
            return
        time.sleep(0.1)
    raise AssertionError(f"JupyterLab does not answer:\n{server.log.read_text()[-4000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(STOP_S)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _die_with_parent() -> None:
    """Take the server along when the tests are killed; only Linux can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)
