"""A workflow of GitHub Actions: a gate for pull requests, a history and its pages for a branch."""

from __future__ import annotations

from snnlab.bench.templates.pipeline import Pipeline

__all__ = ["github_workflow"]

WORKFLOW = """\
# Benchmarks: pairs for pull requests, a history of {branch} with its pages.
# Made by `snnlab bench template github`; records are on the branch {store_branch}.
name: benchmarks
on:
  push:
    branches: [{branch}]
  pull_request:
  schedule:
    - cron: "{schedule}"
  workflow_dispatch:
permissions:
  contents: read
env:
  SNNLAB_BENCH_STORE: store

jobs:
  gate:
    # Fails on a slowdown that pairs have shown, or on wrong science; noise passes (exit code 11).
    if: github.event_name == 'pull_request'
    runs-on: {runner}
    timeout-minutes: {minutes}
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: pip install .
      - name: Pairs against the branch
        env:
          BASE: ${{{{ github.event.pull_request.base.sha }}}}
        run: snnlab bench gate {specs} --against "$BASE" --seconds {seconds} || [ $? -eq 11 ]
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: records
          path: store

  history:
    if: github.event_name != 'pull_request'
    runs-on: {runner}
    timeout-minutes: {minutes}
    # Two that measure at once would disturb each other.
    concurrency:
      group: benchmarks
      cancel-in-progress: false
    permissions:
      contents: write
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: pip install .
      - name: Fetch the records
        run: |
          if git fetch origin "{store_branch}"; then
            git worktree add --detach store FETCH_HEAD
          else
            git worktree add --detach store
            git -C store checkout --orphan "{store_branch}"
            git -C store rm -rfq .
          fi
      - name: Measure what is due
        run: snnlab bench watch {specs} --ref HEAD --looks 1 --hours {hours} --every 24
      - name: Keep the records
        run: |
          git -C store add -A
          git -C store -c user.name=benchmarks -c user.email=benchmarks@localhost \
commit -m "Records of $(date -u +%F)" || exit 0
          git -C store push origin "HEAD:{store_branch}"
      - name: Pages
        if: always()
        run: snnlab bench report site
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: site
          path: site
"""


def github_workflow(pipeline: Pipeline) -> str:
    """Return the text of a workflow file, for ``.github/workflows``.

    Parameters
    ----------
    pipeline : Pipeline
    """
    return WORKFLOW.format(
        branch=pipeline.branch, store_branch=pipeline.store_branch, schedule=pipeline.schedule,
        runner=pipeline.runner, specs=pipeline.spec_words, hours=pipeline.hours,
        minutes=60 * pipeline.hours + 45, seconds=3600 * pipeline.hours,
    )  # fmt: skip
