"""Options that several subcommands share."""

from __future__ import annotations

import argparse
from pathlib import Path

import yaml

from snnlab.bench.spec import Spec, load_spec
from snnlab.errors import SpecError

__all__ = ["add_spec_arguments", "spec_of"]


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
