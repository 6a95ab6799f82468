"""``snnlab lab``: JupyterLab on a notebook, with what a live simulation needs set up."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import shutil
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import snnlab
from snnlab.errors import InternalError, SpecError, nearest

__all__ = [
    "CONFIG",
    "FIRST_NOTEBOOK",
    "add_arguments",
    "environment",
    "first_notebook",
    "jupyter_command",
    "main",
]

DISTRIBUTION = "snnlab-jupyter"
FIRST_NOTEBOOK = Path("notebooks/01_first_spikes.ipynb")
CONFIG = Path(snnlab.__file__).parent / "lab_config"
"""Folder of Jupyter settings: packets without delay, no news pop-up. The user's own stay valid."""

MPI_DEFAULTS = {"PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe"}
MPI_DEFAULTS_OF_ROOT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``snnlab lab``."""
    parser.add_argument(
        "notebook", nargs="?", type=Path, help="notebook to open (default: the first one)"
    )
    parser.add_argument(
        "--no-browser", action="store_true", help="start the server and print its address only"
    )
    parser.add_argument("--port", type=int, help="port of the server (default: Jupyter chooses)")
    parser.set_defaults(passed_on=[])
    parser.epilog = "What follows -- is passed on to JupyterLab: snnlab lab -- --ip=0.0.0.0"


def main(args: argparse.Namespace) -> int:
    """Become JupyterLab: this process is replaced, so signals reach the server itself."""
    notebook = _notebook(args.notebook)
    command = jupyter_command(
        notebook, browser=not args.no_browser, port=args.port, extra=args.passed_on
    )
    sys.stdout.flush()
    os.execve(command[0], command, environment(os.environ, is_root=_is_root()))


def jupyter_command(
    notebook: Path, *, browser: bool = True, port: int | None = None, extra: Sequence[str] = ()
) -> list[str]:
    """Return the command that starts JupyterLab on `notebook`.

    Parameters
    ----------
    notebook : Path
        An existing notebook. The server shows the current folder if the notebook lies in it,
        the notebook's own folder otherwise.
    browser : bool
        Whether to open a browser.
    port : int, optional
        Port of the server; default: Jupyter's choice.
    extra : sequence of str
        Further arguments of JupyterLab; they win over those above.

    Returns
    -------
    list of str
        The Python of this environment first.
    """
    notebook = notebook.resolve()
    root = Path.cwd() if notebook.is_relative_to(Path.cwd()) else notebook.parent
    page = "/lab/tree/" + quote(notebook.relative_to(root).as_posix())
    command = [sys.executable, "-m", "jupyterlab"]
    command += [f"--ServerApp.root_dir={root}", f"--LabApp.default_url={page}"]
    command += [] if browser else ["--no-browser"]
    command += [] if port is None else [f"--port={port}"]
    command += ["--allow-root"] if _is_root() else []
    return [*command, *extra]


def environment(inherited: Mapping[str, str], *, is_root: bool) -> dict[str, str]:
    """Return the variables for the server and the kernels and MPI ranks that it starts.

    Parameters
    ----------
    inherited : mapping
        The variables as they are; what the user has set is kept.
    is_root : bool
        Whether OpenMPI has to be told that running as root is meant.
    """
    variables = dict(MPI_DEFAULTS)
    variables |= MPI_DEFAULTS_OF_ROOT if is_root else {}
    variables |= inherited
    # mpiexec is looked up in PATH, and Jupyter may have been started by its full path.
    variables["PATH"] = _first(sysconfig.get_path("scripts"), inherited.get("PATH"))
    variables["JUPYTER_CONFIG_PATH"] = _first(str(CONFIG), inherited.get("JUPYTER_CONFIG_PATH"))
    return variables


def _first(folder: str, rest: str | None) -> str:
    return f"{folder}{os.pathsep}{rest}" if rest else folder


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _notebook(asked: Path | None) -> Path:
    if asked is None:
        return first_notebook()
    if not asked.is_file():
        close = nearest(asked.name, (path.name for path in asked.parent.glob("*.ipynb")))
        remedy = "Did you mean " + ", ".join(close) + "?" if close else "Check the path."
        raise SpecError("notebook", "must be an existing file", got=str(asked), remedy=remedy)
    return asked


def first_notebook() -> Path:
    """Return the first notebook of the checkout, or a copy of the installed one."""
    in_checkout = Path(snnlab.__file__).parents[1] / FIRST_NOTEBOOK
    if in_checkout.is_file():
        return in_checkout
    copy = Path(FIRST_NOTEBOOK.name)
    if not copy.exists():  # never over a notebook that the user has worked in
        shutil.copyfile(_installed_notebook(), copy)
        print(f"Copied {copy} to {Path.cwd()}.")
    return copy


def _installed_notebook() -> Path:
    for file in importlib.metadata.files(DISTRIBUTION) or ():
        if file.match(f"snnlab/{FIRST_NOTEBOOK}"):
            return Path(str(file.locate()))
    raise InternalError(
        "snnlab lab",
        f"must have {FIRST_NOTEBOOK.name} installed",
        got="no such file in the installation",
        remedy="Name a notebook: snnlab lab NOTEBOOK.",
    )
