"""The command ``snnlab``: find the subcommand, load its module, turn errors into exit codes."""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module

from snnlab import __version__
from snnlab.errors import SnnlabError

__all__ = ["COMMANDS", "main", "make_parser"]

COMMANDS = {
    "lab": ("snnlab.lab", "open JupyterLab on the first notebook, or on yours"),
    "run": ("snnlab.batch", "run a preset or a network file without a notebook"),
    "dry-run": (
        "snnlab.dry_run",
        "build what one rank of many would hold, and say what it takes",
    ),
    "bench": (
        "snnlab.bench.commands",
        "measure, keep and compare benchmarks, find what slowed down",
    ),
    "doctor": ("snnlab.doctor", "say what is installed and how to mend what is not"),
}
"""Subcommand -> its module, which has `add_arguments` and `main`, and one line of help."""

USER_ERROR, CRASH, INTERRUPTED = 2, 1, 130


def make_parser(command: str | None) -> argparse.ArgumentParser:
    """Return the parser, with the arguments of `command` only.

    Parameters
    ----------
    command : str or None
        The subcommand whose module is loaded; the others stay unloaded, so that each
        starts as fast as it can.
    """
    parser = argparse.ArgumentParser(prog="snnlab", description="Spiking networks, live.")
    parser.add_argument("--version", action="version", version=f"snnlab {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (module, text) in COMMANDS.items():
        subparser = subparsers.add_parser(name, help=text, description=text)
        if name == command:
            import_module(module).add_arguments(subparser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments without the program's name; default: those of the process.

    Returns
    -------
    int
        0: done; 1: an unexpected exception, shown with its traceback; 2: a mistake in what was
        asked for, explained in up to three lines; 3: a run that numerical trouble has ended; 130:
        stopped by Ctrl-C.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    return _guarded(lambda: _dispatch(words))


def _dispatch(words: list[str]) -> int:
    own, passed_on = _split(words)
    command = next((word for word in own if not word.startswith("-")), None)
    parser = make_parser(command)
    args = parser.parse_args(own)
    if passed_on and "passed_on" not in args:
        parser.error(f"{command} takes no arguments after --")
    args.passed_on = passed_on
    code: int = import_module(COMMANDS[args.command][0]).main(args)
    return code


def _split(words: list[str]) -> tuple[list[str], list[str]]:
    """Split at the first ``--``: what is meant for snnlab, and what a subcommand passes on."""
    cut = words.index("--") if "--" in words else len(words)
    return words[:cut], words[cut + 1 :]


def _guarded(action: Callable[[], int]) -> int:
    """Call `action`; every way in which it can end becomes an exit code."""
    try:
        return action()
    except SnnlabError as error:
        print(error, file=sys.stderr)
        return USER_ERROR
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception:
        traceback.print_exc()
        return CRASH
