"""Four lists of dependencies, one truth: pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.architecture.source import ROOT

CONDA_NAMES: dict[str, str] = {}
"""Name here -> name on conda-forge, where the two differ."""

CONDA_ONLY = {"python", "pip", "openmpi", "voila"}
ENVIRONMENTS = [ROOT / "environment.yml", ROOT / "binder/environment.yml"]

PIN = re.compile(r"(?P<name>[\w.-]+)==(?P<version>[\w.!+]+)(?: ; (?P<marker>[^\\]+?))? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?")


@cache
def project() -> dict[str, Requirement]:
    """Name -> requirement, as pyproject.toml has it."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = map(Requirement, table["dependencies"])
    return {canonicalize_name(need.name): need for need in wanted}


def conda(path: Path) -> dict[str, str]:
    """Name -> specifier of an environment.yml."""
    lines = yaml.safe_load(path.read_text())["dependencies"]
    parts = (re.fullmatch(r"([\w-]+)(.*)", line) for line in lines)
    return {part[1]: part[2] for part in parts if part}


@cache
def pins() -> list[dict[str, str | None]]:
    """Name, version and marker of every line of requirements.txt that is not a hash."""
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    matches = [PIN.fullmatch(line) for line in lines if not HASH.fullmatch(line)]
    assert all(matches), "something else than names, versions, markers and hashes"
    return [match.groupdict() for match in matches if match]


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=["root", "binder"])
def test_conda_environment_is_in_step(path: Path) -> None:
    ours = {CONDA_NAMES.get(name, name): need.specifier for name, need in project().items()}
    theirs = {name: SpecifierSet(spec) for name, spec in conda(path).items() if spec[:1] != "="}
    assert {name: spec for name, spec in theirs.items() if name not in CONDA_ONLY} == ours


def test_binder_names_its_python() -> None:
    assert conda(ENVIRONMENTS[1])["python"] == "=3.12"


def test_conda_environments_bring_an_mpi() -> None:
    assert all("openmpi" in conda(path) for path in ENVIRONMENTS)


def test_mpi_is_no_core_dependency() -> None:
    """It would hide the MPI of a cluster or of conda."""
    assert not {"openmpi", "mpich", "impi-rt"} & set(project())


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize("name", sorted(project()))
def test_pins_fit_the_project(name: str, python: str) -> None:
    environment = {"python_version": python, "python_full_version": f"{python}.0"}
    versions = [
        Version(str(pin["version"]))
        for pin in pins()
        if pin["name"] == name and applies(pin["marker"], environment)
    ]
    assert len(versions) == 1
    assert versions[0] in project()[name].specifier


def applies(marker: str | None, environment: dict[str, str]) -> bool:
    need = Requirement(f"any; {marker}" if marker else "any")
    return need.marker is None or need.marker.evaluate(environment)


def test_every_pin_has_a_hash() -> None:
    text = (ROOT / "requirements.txt").read_text()
    blocks = re.split(r"^(?=\S)", text, flags=re.MULTILINE)[1:]
    assert [block for block in blocks if "--hash=sha256:" not in block] == []
