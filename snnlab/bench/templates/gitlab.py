"""A pipeline of GitLab CI, also on clusters: by Jacamar, or from a login node by srun.

With Jacamar the runner itself submits the job, under the account of whoever began the pipeline. On
a runner without it, a job on the login node hands the command to Slurm, which streams what it
prints and ends with its exit code: nothing else is needed there, and nothing is pickled.
"""

from __future__ import annotations

from snnlab.bench.templates.pipeline import Pipeline

__all__ = ["gitlab_pipeline"]

HEAD = """\
# Benchmarks: pairs for merge requests, a history of {branch} with its pages.
# Made by `snnlab bench template gitlab`; records are on the branch {store_branch}. Schedules are
# kept in GitLab's settings. The job that pushes records needs a project access token with
# write_repository in the masked variable BENCHMARK_TOKEN.
workflow:
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: $CI_PIPELINE_SOURCE == "schedule"
    - if: $CI_PIPELINE_SOURCE == "web"
    - if: $CI_COMMIT_BRANCH == "{branch}"

variables:
  GIT_DEPTH: "0"
  SNNLAB_BENCH_STORE: store

.prepared:
  tags: [{runner}]
  timeout: {hours} hours 45 minutes
  before_script:
    - python3 -m venv .bench
    - . .bench/bin/activate
    - pip install .
{scheduler}
gate:
  extends: .prepared
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
  script:
    - {gate}
  # Noise shows nothing and passes with a warning.
  allow_failure:
    exit_codes: 11
  artifacts:
    when: always
    paths: [store]

history:
  extends: .prepared
  rules:
    - if: $CI_PIPELINE_SOURCE != "merge_request_event"
  # Two that measure at once would disturb each other.
  resource_group: benchmarks
  script:
    - |
      if git fetch origin "{store_branch}"; then
        git worktree add --detach store FETCH_HEAD
      else
        git worktree add --detach store
        git -C store checkout --orphan "{store_branch}"
        git -C store rm -rfq .
      fi
    - {watch}
    - snnlab bench report site
    - git -C store add -A
    - git -C store -c user.name=benchmarks -c user.email=benchmarks@localhost \
commit -m "Records" || exit 0
    - git -C store push \
"https://benchmarks:${{BENCHMARK_TOKEN}}@${{CI_SERVER_HOST}}/${{CI_PROJECT_PATH}}.git" \
"HEAD:{store_branch}"
  artifacts:
    when: always
    paths: [site]
"""

JACAMAR = """\
  variables:
    SCHEDULER_PARAMETERS: "{slurm}"
"""

GATE = 'snnlab bench gate {specs} --against "$CI_MERGE_REQUEST_DIFF_BASE_SHA" --seconds {seconds}'
WATCH = "snnlab bench watch {specs} --ref HEAD --looks 1 --hours {hours} --every 24"


def gitlab_pipeline(pipeline: Pipeline, *, by_srun: bool = False) -> str:
    """Return the text of ``.gitlab-ci.yml``.

    Parameters
    ----------
    pipeline : Pipeline
        With `slurm`, measurements run in a job of Slurm.
    by_srun : bool
        Whether a job on the login node starts it; else Jacamar does.
    """
    gate = GATE.format(specs=pipeline.spec_words, seconds=3600 * pipeline.hours)
    watch = WATCH.format(specs=pipeline.spec_words, hours=pipeline.hours)
    if by_srun:
        gate, watch = (f"srun {pipeline.slurm} {c}".replace("  ", " ") for c in (gate, watch))
    is_jacamar = bool(pipeline.slurm) and not by_srun
    return HEAD.format(
        branch=pipeline.branch, store_branch=pipeline.store_branch, runner=pipeline.runner,
        hours=pipeline.hours, gate=gate, watch=watch,
        scheduler=JACAMAR.format(slurm=pipeline.slurm) if is_jacamar else "",
    )  # fmt: skip
