"""Records of runs: JSON lines, each checked and on disk before the next run begins.

``snnlab bench import`` takes them into a store.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

__all__ = ["FORMAT", "Records", "check", "checked", "read"]

FORMAT = 1

_SCHEMA = Path(__file__).with_name("record.schema.json")


class Records:
    """A file to which records are appended; what it holds is never changed.

    Parameters
    ----------
    path : Path
        Made with the first record.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, record: dict[str, Any]) -> None:
        """Append a record and wait until it is on disk.

        Raises
        ------
        jsonschema.ValidationError
            The record is not one; nothing is written.
        """
        check(record)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps(record, allow_nan=False) + "\n"
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())


def check(record: dict[str, Any]) -> None:
    """Raise jsonschema.ValidationError unless a record follows ``record.schema.json``."""
    _validator().validate(record)


def checked(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record, or one of a failed run where its figures cannot be."""
    try:
        check(record)
    except jsonschema.ValidationError as error:
        why = f"gave figures that cannot be: {error.json_path} {error.message}"
        return record | {"status": "failed", "why": why, "figures": {}, "versions": {}}
    return record


@cache
def _validator() -> Any:
    schema = json.loads(_SCHEMA.read_text(encoding="utf-8"))
    return jsonschema.Draft202012Validator(schema)


def read(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """Return the records of files, oldest first; a last line that was cut off is left out.

    Raises
    ------
    ValueError
        A line in the middle that is no record, with file and line.
    """
    found = []
    for path in paths:
        text = path.read_text(encoding="utf-8")
        for number, line in enumerate(text.splitlines(keepends=True), start=1):
            if not line.endswith("\n"):
                break
            try:
                record = json.loads(line)
                check(record)
            except (json.JSONDecodeError, jsonschema.ValidationError) as error:
                reason = str(error).partition("\n")[0]
                raise ValueError(f"{path}:{number}: not a record: {reason}") from error
            found.append(record)
    return sorted(found, key=lambda record: str(record["time"]))
