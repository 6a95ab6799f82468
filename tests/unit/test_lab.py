"""``snnlab lab``: the command it becomes, the environment it sets, and the real server."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path

import pytest

from snnlab import cli, lab

TOKEN = "for-this-test-only"
EMPTY_NOTEBOOK = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}\n'


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    path = tmp_path / "my first.ipynb"
    path.write_text(EMPTY_NOTEBOOK)
    return path


def test_notebook_is_the_page_that_opens(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(notebook.parent)
    command = lab.jupyter_command(Path(notebook.name))
    assert command[:3] == [sys.executable, "-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={notebook.parent}" in command
    assert "--LabApp.default_url=/lab/tree/my%20first.ipynb" in command
    assert "--no-browser" not in command


def test_notebook_elsewhere_brings_its_folder(notebook: Path) -> None:
    command = lab.jupyter_command(notebook, browser=False, port=9999, extra=["--debug"])
    assert f"--ServerApp.root_dir={notebook.parent}" in command
    assert {"--no-browser", "--port=9999"} < set(command)
    assert command[-1] == "--debug"


def test_environment_keeps_what_the_user_set() -> None:
    name = next(iter(lab.MPI_DEFAULTS))
    variables = lab.environment({name: "7", "PATH": "/bin"}, is_root=False)
    assert variables[name] == "7"
    assert variables["PATH"].split(os.pathsep) == [sysconfig.get_path("scripts"), "/bin"]
    assert variables["JUPYTER_CONFIG_PATH"] == str(lab.CONFIG)
    assert "OMPI_ALLOW_RUN_AS_ROOT" not in variables


def test_environment_lets_root_start_ranks() -> None:
    variables = lab.environment({"JUPYTER_CONFIG_PATH": "/etc/mine"}, is_root=True)
    assert variables["OMPI_ALLOW_RUN_AS_ROOT"] == variables["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] == "1"
    assert variables["PRTE_MCA_rmaps_default_mapping_policy"] == ":oversubscribe"
    assert variables["JUPYTER_CONFIG_PATH"] == f"{lab.CONFIG}{os.pathsep}/etc/mine"


def test_misspelt_notebook_offers_the_nearest(
    notebook: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["lab", str(notebook.with_name("my frist.ipynb"))]) == 2
    assert capsys.readouterr().err.splitlines()[1] == "Did you mean my first.ipynb?"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server started by ``snnlab lab``, isolated from the user's Jupyter settings."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / "n.ipynb").write_text(EMPTY_NOTEBOOK)
    port = free_port()
    command = [sys.executable, "-m", "snnlab", "lab", "n.ipynb", "--no-browser", f"--port={port}"]
    command += ["--", f"--IdentityProvider.token={TOKEN}", "--ServerApp.port_retries=0"]
    private = {f"JUPYTER_{name}_DIR": str(folder / name) for name in ("CONFIG", "RUNTIME", "DATA")}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **private}, stdout=log, stderr=log
        )
        try:
            address = f"http://127.0.0.1:{port}"
            wait_until_it_answers(address, process, folder / "log")
            yield address
        finally:
            process.terminate()
            process.wait(timeout=30)


def wait_until_it_answers(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            get(f"{address}/api/status")
        except (OSError, HTTPException):
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()}")


def get(url: str) -> str:
    request = urllib.request.Request(url, headers={"Authorization": f"token {TOKEN}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(answer.read().decode())


def page_config(page: str) -> dict[str, object]:
    found = re.search(
        r'id="jupyter-config-data" type="application/json">(.*?)</script>', page, re.S
    )
    assert found, page[:500]
    config: dict[str, object] = json.loads(found[1])
    return config


def test_server_opens_the_notebook_without_news(server: str) -> None:
    config = page_config(get(f"{server}/"))
    assert config["treePath"] == "n.ipynb"
    assert config["disabledExtensions"] == ["@jupyterlab/apputils-extension:announcements"]


ASK_FOR_NO_DELAY = """
import asyncio, os, socket, sys
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from tornado.websocket import websocket_connect

async def main(port, token):
    app = ServerApp(ip="127.0.0.1", port=int(port), token=token, root_dir=".", allow_root=True)
    app.initialize(argv=[], find_extensions=False)
    kernel = await app.kernel_manager.start_kernel()
    address = f"ws://127.0.0.1:{app.port}/api/kernels/{kernel}/channels?token={token}"
    client = await websocket_connect(address)
    while not (connections := list(ZMQChannelsWebsocketConnection._open_sockets)):
        await asyncio.sleep(0.05)
    browser = connections[0].websocket_handler.ws_connection.stream.socket
    print(browser.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY), flush=True)
    client.close()
    await app.kernel_manager.shutdown_all(now=True)
    os._exit(0)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("config", "no_delay"), [(str(lab.CONFIG), "1"), ("", "0")], ids=["ours", "jupyter"]
)
def test_small_packets_leave_at_once(tmp_path: Path, config: str, no_delay: str) -> None:
    """The socket towards the browser has TCP_NODELAY with our settings, and not without them."""
    private = {f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in ("CONFIG", "RUNTIME")}
    done = subprocess.run(
        [sys.executable, "-c", ASK_FOR_NO_DELAY, str(free_port()), TOKEN],
        env={**os.environ, **private, "JUPYTER_CONFIG_PATH": config},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.strip() == no_delay, done.stderr
