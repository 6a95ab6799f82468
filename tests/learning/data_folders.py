"""Small data sets in the layout of large ones, in a folder of the test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from snnlab.learning.datasets.data_file import DataSet, digest


def stand_in(
    data_set: DataSet, folder: Path, *, addresses: tuple[str, ...] = ("http://127.0.0.1:9/",)
) -> DataSet:
    """The data set, with the checksums of the files that are in `folder` under its names."""
    files = tuple(
        replace(
            file,
            addresses=tuple(host + file.name for host in addresses),
            checksums=(digest(folder / file.name, "md5"),),
        )
        for file in data_set.files
    )
    return replace(data_set, files=files, system_folders=())


def lay_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, home: str, members: Mapping[str, bytes]
) -> Path:
    """Write files into the folder `home` of ``SNNLAB_DATA``, with a cache of its own."""
    folder = tmp_path / "data" / home
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in members.items():
        (folder / name).write_bytes(content)
    monkeypatch.setenv("SNNLAB_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("SNNLAB_CACHE_DIR", str(tmp_path / "cache"))
    return folder


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Address under which this machine serves a folder to itself."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
