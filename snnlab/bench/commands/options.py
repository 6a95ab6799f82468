"""Options that several subcommands share."""

from __future__ import annotations

import argparse
import math
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from snnlab.bench.keys import SIMULATORS
from snnlab.bench.spec import Spec, load_spec
from snnlab.errors import SpecError

if TYPE_CHECKING:
    from snnlab.bench.record import Record
    from snnlab.bench.setting import Setting
    from snnlab.bench.store import Store

__all__ = [
    "add_run_arguments",
    "add_spec_arguments",
    "add_store_argument",
    "setting_of",
    "spec_of",
    "the_record",
]

STORE = "SNNLAB_BENCH_STORE"
"""Environment variable that names the folder of records."""


def add_spec_arguments(parser: argparse.ArgumentParser, *, several: bool = True) -> None:
    """Declare the specifications, and what changes them.

    Parameters
    ----------
    parser : ArgumentParser
    several : bool
        Whether more than one may be given.
    """
    parser.add_argument(
        "specs" if several else "spec", type=Path, metavar="SPEC.yaml",
        nargs="+" if several else None, help="specification of a benchmark",
    )  # fmt: skip
    parser.add_argument(
        "--set", nargs="+", action="extend", default=[], metavar="KEY=VALUE", dest="settings",
        help="overrides: threads=2 parameters.scale=0.1 axes.threads=[1,2]",
    )  # fmt: skip


def spec_of(path: Path, settings: list[str]) -> Spec:
    """Return a specification with the overrides of the command line.

    Parameters
    ----------
    path : Path
    settings : list of str
        ``KEY=VALUE``, the value as YAML has it.

    Raises
    ------
    SpecError
        A setting that cannot be meant.
    """
    spec = load_spec(path)
    return spec.override(_values(settings), by="command line") if settings else spec


def _values(settings: list[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or key in found:
            raise SpecError(
                "--set", "must be KEY=VALUE, each key once", got=repr(setting),
                remedy="Write for example --set threads=2 parameters.scale=0.1",
            )  # fmt: skip
        try:
            found[key] = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise SpecError("--set", "must have a value as YAML has it", got=setting) from error
    return found


def add_store_argument(parser: argparse.ArgumentParser) -> None:
    """Declare where records are."""
    parser.add_argument(
        "--store", type=Path, default=Path(os.environ.get(STORE, "bench_store")), metavar="DIR",
        help=f"folder of records (default: {STORE}, else bench_store)",
    )  # fmt: skip


def the_record(store: Store, text: str) -> Record:
    """Return the one record whose id begins so.

    Parameters
    ----------
    store : Store
    text : str

    Raises
    ------
    SpecError
        None does, or several do.
    """
    from snnlab.bench.compare import find_records

    found = find_records(store, text)
    if len(found) != 1:
        raise SpecError(
            f"Record {text}", f"must be one of {store.root}", got=f"{len(found)} that fit",
            remedy="snnlab bench show lists them.",
        )  # fmt: skip
    return found[0]


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what runs need besides a specification."""
    add = parser.add_argument
    add_store_argument(parser)
    add("--profile", type=Path, metavar="FILE.yaml", help="label and settings of this machine")
    add(
        "--python", action="append", default=[], metavar="SIMULATOR=PYTHON", dest="pythons",
        help="the interpreter that has a simulator (default: this one)",
    )  # fmt: skip
    add("--stack", default="default", metavar="NAME", help="name of the software environment")
    add("--submitter", default="", metavar="WHO", help="ORCID or pseudonym (default: nobody)")


def setting_of(args: argparse.Namespace, *, until: float = math.inf) -> Setting:
    """Return what the options of `add_run_arguments` mean; runs are told on stderr.

    Parameters
    ----------
    args : Namespace
    until : float [s]
        As in `Setting`.
    """
    from snnlab.bench.machine import discover
    from snnlab.bench.setting import Setting
    from snnlab.bench.store import Store

    pythons = {}
    for text in args.pythons:
        simulator, equals, python = text.partition("=")
        if not equals or simulator not in SIMULATORS:
            raise SpecError(
                "--python", "must be SIMULATOR=PYTHON", got=repr(text),
                remedy=f"Simulators are {', '.join(SIMULATORS)}.",
            )  # fmt: skip
        pythons[simulator] = python
    return Setting(Store(args.store), discover(args.profile), pythons, _tell, until)


def _tell(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
