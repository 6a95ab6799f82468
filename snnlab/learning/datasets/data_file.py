"""A file of a data set: where it is published, and how to tell that it is the right one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from snnlab.errors import FormatError

__all__ = ["DataFile", "DataSet", "digest"]

_BLOCK = 2**20


@dataclass(frozen=True)
class DataFile:
    """One file as it is published.

    Parameters
    ----------
    name : str
        Of the file.
    addresses : tuple of str
        Where it is, the first choice first.
    checksums : tuple of str
        ``"md5:…"`` or ``"sha256:…"``, each of which is right: the first is that of what the
        addresses give, others are of the same data, compressed by somebody else.
    """

    name: str
    addresses: tuple[str, ...]
    checksums: tuple[str, ...]

    def check(self, path: Path) -> None:
        """Refuse a file that is not the published one.

        Raises
        ------
        FormatError
        """
        found = [digest(path, sum_.partition(":")[0]) for sum_ in self.checksums]
        if not set(found) & set(self.checksums):
            raise FormatError(
                f"File '{path}'", "must have the checksum " + " or ".join(self.checksums),
                got=found[0], remedy="It is cut off, damaged or another file: remove it, and it "
                "is downloaded again, or get it yourself from " + " or ".join(self.addresses) + ".",
            )  # fmt: skip


@dataclass(frozen=True)
class DataSet:
    """Files that belong together.

    Parameters
    ----------
    name : str
        As people call it.
    folders : tuple of str
        Names that its folder has among others; the first is used for downloads.
    files : tuple of DataFile
    attribution : str
        Who made it, and under which licence.
    system_folders : tuple of Path
        Where packages of the system put it.
    """

    name: str
    folders: tuple[str, ...]
    files: tuple[DataFile, ...]
    attribution: str
    system_folders: tuple[Path, ...] = ()


def digest(path: Path, kind: str) -> str:
    """Return the checksum of a file: ``"md5:…"``.

    Parameters
    ----------
    path : Path
    kind : "md5" or "sha256"
    """
    found = hashlib.new(kind, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return f"{kind}:{found.hexdigest()}"
