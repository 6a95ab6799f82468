"""The tidy table as CSV, or as Parquet where pyarrow is installed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import xarray as xr

from snnlab.bench.exporters.tidy import PLACES, tidy
from snnlab.errors import FormatError, SpecError, StorageError
from snnlab.record.atomic import replacing

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_table", "write_table"]

NUMBERS = {
    "value", "anchor", "commit_order", "dirty", "n_nodes", "ranks", "threads", "schema_version",
}  # fmt: skip


def write_table(data: xr.Dataset, path: Path) -> int:
    """Write records as a table; return its number of rows.

    Parameters
    ----------
    data : Dataset
        As `store.load` gives it.
    path : Path
        Ends in ``.csv`` or ``.parquet``; what is there is replaced.

    Raises
    ------
    SpecError
        Another ending, or Parquet without pyarrow.
    StorageError
        The disk does not take it.
    """
    _check_ending(path)
    table = tidy(data)
    try:
        with replacing(path) as partial:
            if path.suffix == ".csv":
                table.to_csv(partial, index=False, lineterminator="\n", encoding="utf-8")
            else:
                table.to_parquet(partial, index=False, engine="pyarrow")
    except OSError as error:
        raise StorageError(str(path), "must be writable", got=str(error)) from error
    return len(table)


def read_table(path: Path) -> pd.DataFrame:
    """Read a table that `write_table` wrote; texts stay texts, whatever they look like.

    Raises
    ------
    FormatError
        Not such a table.
    """
    import pandas as pd

    _check_ending(path)
    try:
        if path.suffix == ".csv":
            table = pd.read_csv(path, dtype=str, keep_default_na=False, na_filter=False)
        else:
            table = pd.read_parquet(path, engine="pyarrow")
    except (OSError, ValueError) as error:  # pandas and pyarrow derive theirs from ValueError
        raise FormatError(str(path), "must be a table of records", got=str(error)) from error
    missing = [name for name in PLACES if name not in table]
    if missing:
        raise FormatError(str(path), "must have the columns of records", got=f"no {missing[0]}")
    if path.suffix == ".csv":
        for name in NUMBERS & set(table):
            table[name] = pd.to_numeric(table[name], errors="coerce")
        table["repeat"] = table["repeat"].astype("int64")
    return table


def _check_ending(path: Path) -> None:
    if path.suffix not in {".csv", ".parquet"}:
        raise SpecError(
            "File of a table", "must end in .csv or .parquet", got=path.suffix or "no ending"
        )
    if path.suffix == ".parquet" and find_spec("pyarrow") is None:
        raise SpecError(
            str(path), "needs pyarrow", got="not installed",
            remedy="pip install pyarrow, or write .csv.",
        )  # fmt: skip
