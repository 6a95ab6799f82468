"""``snnlab bench``: run, plan, show and compare benchmarks, guard against slowdowns."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

__all__ = ["SUBCOMMANDS", "add_arguments", "main"]

SUBCOMMANDS = {
    "run": "run what a specification still lacks in a store",
    "plan": "say what is there, what is missing and how long it would take",
    "ab": "measure two commits in pairs, in one batch, and give a verdict",
    "compare": "say what differs between two records or commits, then what may be said of speed",
    "show": "list the records of a store, or say all of one",
    "history": "tell the levels of each line of history, and what happened between them",
    "table": "write simulators side by side as Markdown; fail if a bar is missed",
    "gate": "fail on a slowdown that pairs have shown, a missed bar, or wrong science",
    "bisect": "find the commit that made a benchmark slower",
    "explain": "say where each value of a specification comes from",
    "watch": "measure what is due: new commits, a changed stack, a schedule, gaps",
    "report": "write the records of a store as pages that need no server",
    "import": "take in results of beNNch, asv, pytest-benchmark or ReFrame",
    "export": "write records as a table or for github-action-benchmark",
    "annotate": "exclude a record, call a change expected, or leave a note",
    "reproduce": "say what differs here and now, and run a record again at its version",
    "merge": "take over what other stores have, without git",
    "seal": "check records of before, and give them the seal that later ones have",
    "template": "print a pipeline for GitHub Actions or GitLab CI",
}
"""Name -> one line of help; each is a module of this package with `add_arguments` and `main`."""

MODULES = {"import": "take_in"}
"""Names that Python keeps for itself -> their modules."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands of ``snnlab bench``."""
    subparsers = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, text in SUBCOMMANDS.items():
        subparser = subparsers.add_parser(name, help=text, description=text)
        import_module(f"{__name__}.{MODULES.get(name, name)}").add_arguments(subparser)


def main(args: argparse.Namespace) -> int:
    """Do what was asked for; return the exit code of the subcommand."""
    module = MODULES.get(args.action, args.action)
    with _ended_by_signals():
        code: int = import_module(f"{__name__}.{module}").main(args)
    return code


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """A batch system that ends the command, or a terminal that is gone, ends the run with it.

    A signal that is ignored, as nohup does with SIGHUP, stays so; what is no handler of Python's,
    too.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    names = ("SIGTERM", "SIGHUP")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    heeded = [n for n in numbers if signal.getsignal(n) not in (signal.SIG_IGN, None)]
    before = {n: signal.signal(n, lambda number, frame: sys.exit(128 + number)) for n in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
