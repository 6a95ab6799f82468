"""Which packages are there, in versions that fit, and whether they find what they load."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable
from pathlib import Path

from snnlab.doctor.finding import Finding

__all__ = ["lab_extensions", "package", "packages", "widget_extensions"]

DISTRIBUTION = "snnlab-jupyter"
WIDGET_EXTENSIONS = ("anywidget", "@jupyter-widgets/jupyterlab-manager")


def packages() -> list[Finding]:
    """Return one finding for each package that snnlab requires."""
    from packaging.requirements import Requirement

    wanted = [Requirement(line) for line in importlib.metadata.requires(DISTRIBUTION) or ()]
    needed = [need for need in wanted if need.marker is None or need.marker.evaluate({"extra": ""})]
    return [package(need.name, str(need.specifier)) for need in needed]


def package(name: str, specifier: str = "") -> Finding:
    """Return whether a package is installed in a version that fits.

    Parameters
    ----------
    name : str
        Name of the distribution.
    specifier : str
        Accepted versions, e.g. ``">=8.1"``; empty: any.
    """
    from packaging.specifiers import SpecifierSet

    mend = f"pip install '{name}{specifier}'"
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, "missing", "not installed", mend)
    if SpecifierSet(specifier).contains(version, prereleases=True):
        return Finding(name, "ok", version)
    return Finding(name, "missing", f"{version}, needs {specifier}", mend)


def lab_extensions() -> Finding:
    """Return whether JupyterLab can show the widgets."""
    from jupyter_core.paths import jupyter_path

    found = widget_extensions(map(Path, jupyter_path("labextensions")))
    absent = [name for name in WIDGET_EXTENSIONS if name not in found]
    if not absent:
        return Finding("Widgets in JupyterLab", "ok", ", ".join(sorted(found)))
    mend = "pip install --force-reinstall anywidget jupyterlab_widgets, then reload the page."
    return Finding("Widgets in JupyterLab", "missing", f"no {' and no '.join(absent)}", mend)


def widget_extensions(folders: Iterable[Path]) -> set[str]:
    """Return which of the extensions that snnlab's widgets need lie in `folders`."""
    return {
        name
        for folder in folders
        for name in WIDGET_EXTENSIONS
        if (folder / name / "package.json").is_file()
    }
