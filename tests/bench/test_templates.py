"""Pipelines keep the published rules of the services, and call commands that exist."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from snnlab.bench.commands import SUBCOMMANDS
from snnlab.bench.templates.github import github_workflow
from snnlab.bench.templates.gitlab import gitlab_pipeline
from snnlab.bench.templates.pipeline import Pipeline
from snnlab.cli import main, make_parser
from snnlab.errors import SpecError

PIPELINE = Pipeline(specs=("benchmarks/specs/hpc.yaml", "benchmarks/specs/stdp.yaml"))
CLUSTER = Pipeline(
    specs=("benchmarks/specs/hpc.yaml",), runner="jacamar", slurm="--nodes=1 --exclusive", hours=2
)
TEXTS = {
    "github": github_workflow(PIPELINE),
    "gitlab": gitlab_pipeline(PIPELINE),
    "jacamar": gitlab_pipeline(CLUSTER),
    "srun": gitlab_pipeline(CLUSTER, by_srun=True),
}


@cache
def rules(service: str) -> Any:
    """A validator for the JSON schema that editors use for the pipelines of a service."""
    vendor = files("check_jsonschema") / "builtin_schemas/vendor"
    schema = json.loads((vendor / f"{service}.json").read_text(encoding="utf-8"))
    return jsonschema.validators.validator_for(schema)(schema)


@pytest.mark.parametrize("name", TEXTS)
def test_pipeline_keeps_the_published_rules(name: str) -> None:
    own = rules("github-workflows" if name == "github" else "gitlab-ci")
    broken = TEXTS[name].replace("script:", "scripts:").replace("runs-on", "run-on")
    good, bad = loaded(TEXTS[name]), loaded(broken)
    assert [error.message for error in own.iter_errors(good)] == []
    assert list(own.iter_errors(bad))


def loaded(text: str) -> dict[str, Any]:
    """A pipeline; YAML 1.1, unlike the services, reads the key ``on`` as true."""
    found = yaml.safe_load(text)
    return {"on" if key is True else key: value for key, value in found.items()}


def commands(text: str) -> list[list[str]]:
    """Every ``snnlab`` command of a pipeline, as words."""
    found = re.findall(r"snnlab (bench .*)", text.replace("|| [ $? -eq 11 ]", ""))
    return [shlex.split(line) for line in found if "`" not in line]


@pytest.mark.parametrize("name", TEXTS)
def test_commands_of_a_pipeline_exist(name: str) -> None:
    words = commands(TEXTS[name])
    assert {w[1] for w in words} == {"gate", "watch", "report"}
    for own in words:
        if own[1] in SUBCOMMANDS:
            make_parser("bench").parse_args(own)


def test_jacamar_gets_options_of_slurm_and_srun_is_called_without_it() -> None:
    jacamar: dict[str, Any] = yaml.safe_load(TEXTS["jacamar"])
    assert jacamar[".prepared"]["variables"] == {"SCHEDULER_PARAMETERS": "--nodes=1 --exclusive"}
    assert jacamar[".prepared"]["tags"] == ["jacamar"]
    srun: dict[str, Any] = yaml.safe_load(TEXTS["srun"])
    assert "variables" not in srun[".prepared"]
    assert srun["gate"]["script"][0].startswith("srun --nodes=1 --exclusive snnlab bench gate")


def test_noise_passes_and_slowdowns_do_not() -> None:
    gitlab: dict[str, Any] = yaml.safe_load(TEXTS["gitlab"])
    assert gitlab["gate"]["allow_failure"] == {"exit_codes": 11}
    run = yaml.safe_load(TEXTS["github"])["jobs"]["gate"]["steps"][3]["run"]
    for code, passes in ((0, True), (11, True), (12, False), (13, False), (14, False)):
        shell = run.replace("snnlab", "fake")
        script = f"set -e\nfake() {{ return {code}; }}\n{shell}"
        done = subprocess.run(["bash", "-c", script], check=False)
        assert (done.returncode == 0) == passes


def test_no_text_of_others_reaches_a_shell() -> None:
    """Titles and branch names of strangers could hold commands."""
    workflow: dict[str, Any] = yaml.safe_load(TEXTS["github"])
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            assert "${{" not in step.get("run", "")
    assert workflow["permissions"] == {"contents": "read"}


def test_records_are_kept_on_a_branch_of_their_own(tmp_path: Path) -> None:
    """The steps around the measurement, twice, on a real remote: each run adds its records."""

    def shell(script: str, folder: Path) -> str:
        done = subprocess.run(
            ["bash", "-e", "-c", script], cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    shell("git init -q --bare remote; git clone -q remote code", tmp_path)
    code = tmp_path / "code"
    shell("git config user.name a; git config user.email a@example.org; touch program", code)
    shell("git add -A; git commit -qm one; git push -q origin HEAD:main", code)
    steps = loaded(TEXTS["github"])["jobs"]["history"]["steps"]
    runs = {step["name"]: step["run"] for step in steps if "name" in step}
    for name in ("first", "second"):
        checkout = tmp_path / name
        shell(f"git clone -q -b main remote {name}", tmp_path)
        shell(runs["Fetch the records"], checkout)
        (checkout / "store" / f"{name}.nc").touch()
        shell(runs["Keep the records"], checkout)
        assert shell("git status --porcelain --untracked-files=no", checkout) == ""
    listed = shell("git ls-tree --name-only benchmarks", tmp_path / "remote")
    assert listed.split() == ["first.nc", "second.nc"]
    assert shell("git rev-list --count benchmarks", tmp_path / "remote").strip() == "2"


@pytest.mark.parametrize(
    "wrong",
    [
        {"specs": ()},
        {"specs": ("a.yaml; rm -rf x",)},
        {"specs": ("--store",)},
        {"branch": "main]\n"},
        {"schedule": "daily"},
        {"runner": "a b"},
        {"slurm": "--nodes=1; reboot"},
        {"hours": 0},
    ],
)
def test_what_a_shell_would_read_otherwise_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match=r"Pipeline\."):
        Pipeline(**({"specs": ("a.yaml",)} | wrong))


def test_command_prints_what_the_function_returns(capsys: pytest.CaptureFixture[str]) -> None:
    specs = list(PIPELINE.specs)
    assert main(["bench", "template", "github", *specs]) == 0
    assert capsys.readouterr().out == TEXTS["github"]
    own = ["--runner", "jacamar", "--slurm=--nodes=1 --exclusive", "--hours", "2"]
    assert main(["bench", "template", "gitlab", specs[0], *own]) == 0
    assert capsys.readouterr().out == TEXTS["jacamar"]
