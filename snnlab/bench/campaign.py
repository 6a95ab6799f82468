"""A series of runs, in random order within each round, that goes on where it was interrupted."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from snnlab import __version__
from snnlab.bench.block_ratio import METRICS, ratio_of_blocks
from snnlab.bench.environment import packages
from snnlab.bench.event_log import EventLog, read_events
from snnlab.bench.ids import content_id, new_record_id
from snnlab.bench.machine import MachineProfile, cores_for
from snnlab.bench.one_run import Arm, Run, run_once, run_together
from snnlab.bench.process import end_group
from snnlab.bench.recording import Batch, record_of, series_of
from snnlab.bench.sentinel import sentinel
from snnlab.bench.store import Store
from snnlab.errors import SpecError

__all__ = ["Campaign", "Finished", "run_campaign"]

FOLDER = "campaigns"
"""Folder of a store with the logs; they stay on this machine."""


@dataclass(frozen=True)
class Campaign:
    """What is run.

    Parameters
    ----------
    arms : tuple of Arm
        One record each.
    repeats : int
        Rounds; in each every arm runs once, with the seed of the round, in random order.
    machine : MachineProfile
    seed : int
        Of the first round, and of the orders.
    discard : int
        Runs of each arm before the first round.
    in_turns : bool
        The arms of a round run at the same time, a block of the measured time each in turn.
    stop : callable
        Gets the runs of every arm after each round; true ends the campaign early.
    stack_variant : str
        Name of the software environment, if there are several.
    submitter : str
        ORCID or pseudonym; empty by default.
    """

    arms: tuple[Arm, ...]
    repeats: int
    machine: MachineProfile
    seed: int = 1
    discard: int = 1
    in_turns: bool = False
    stop: Callable[[Sequence[Sequence[Run]]], bool] = lambda runs: False
    stack_variant: str = "default"
    submitter: str = ""

    def __post_init__(self) -> None:
        if not self.arms:
            raise SpecError("Campaign", "must have something to run", got="nothing")
        for arm in self.arms:
            n = arm.cell["threads"] * arm.cell["ranks"]
            if cores_for(n) is None:
                raise SpecError(
                    arm.label, "must have a core for each thread", got=f"{n} threads",
                    remedy="Take it out with --set threads=..., or run it on another machine.",
                )  # fmt: skip

    @property
    def key(self) -> str:
        """What a campaign that goes on must have in common with the one that was interrupted."""
        arms = [
            [dict(a.cell.values), a.cell.spec_id, a.tree.commit, a.tree.diff_sha256]
            for a in self.arms
        ]
        turns = ["in turns"] if self.in_turns else []
        return content_id(
            [arms, self.repeats, self.seed, self.machine.class_id, __version__, *turns]
        )

    def order(self, block: int) -> list[int]:
        """Return in which order the arms run in a round; the same every time."""
        places = list(range(len(self.arms)))
        random.Random(f"{self.key} {block}").shuffle(places)
        return places


@dataclass
class Finished:
    """What a campaign gave.

    Parameters
    ----------
    campaign : Campaign
    name : str
        Id of the campaign, which its records carry.
    runs : list of list of Run
        Of each arm, in the order of rounds.
    record_ids : list of str
        Of each arm.
    sentinel : tuple of float [s]
        Before and after.
    resumed : int
        Runs that were there from before.
    """

    campaign: Campaign
    name: str
    runs: list[list[Run]]
    record_ids: list[str]
    sentinel: tuple[float, ...] = ()
    resumed: int = 0


@dataclass
class _State:
    """What a log says has been done."""

    log: EventLog
    campaign: Campaign
    runs: dict[tuple[int, int], Run] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for event in self.log.of("done"):
            self.runs[event["arm"], event["block"]] = Run(**event["run"])
        _end_orphan(self.log.events)

    @property
    def begin(self) -> Mapping[str, Any]:
        return self.log.of("begin")[0]

    def of_arm(self, arm: int) -> list[Run]:
        """Runs of an arm, by round."""
        return [self.runs[key] for key in sorted(self.runs) if key[0] == arm]

    def all_runs(self) -> list[list[Run]]:
        return [self.of_arm(arm) for arm in range(len(self.campaign.arms))]


def run_campaign(
    campaign: Campaign,
    store: Store,
    *,
    tell: Callable[[str], object] = lambda line: None,
    is_fresh: bool = False,
) -> Finished:
    """Run what has not been run yet, and write a record for each arm.

    Parameters
    ----------
    campaign : Campaign
    store : Store
        Where the records go. The log is in its folder ``campaigns``, which git ignores.
    tell : callable
        Gets a line about each run as it ends.
    is_fresh : bool
        Begin anew, although an interrupted one could go on.

    Raises
    ------
    StateError
        Another process is at it.

    Notes
    -----
    What is done is on disk before the next run begins. After a kill the same call goes on with the
    run that was cut off; each record has the id that was drawn for it at the start, so that none is
    lost and none comes twice.
    """
    path = _log_path(campaign, store, is_fresh=is_fresh)
    with EventLog(path) as log:
        if not log.events:
            _begin(log, campaign)
        state = _State(log, campaign)
        resumed = len(state.runs)
        if resumed:
            tell(f"goes on after {resumed} runs")
        if not log.of("measured"):
            _measure(state, tell)
        finished = _record(state, store)
        finished.resumed = resumed
        if not log.of("end"):
            log.append("end", at=_now())
    return finished


def _log_path(campaign: Campaign, store: Store, *, is_fresh: bool) -> Path:
    """The log of an interrupted campaign of the same key, or a new one."""
    folder = store.root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")
    found = [] if is_fresh else sorted(folder.glob(f"*-{campaign.key}.jsonl"), reverse=True)
    for path in found:
        events = read_events(path)
        if not any(event["event"] == "end" for event in events):
            return path
    return folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{campaign.key}.jsonl"


def _begin(log: EventLog, campaign: Campaign) -> None:
    log.append(
        "begin", campaign=log.path.stem, at=_now(), key=campaign.key, snnlab=__version__,
        repeats=campaign.repeats, seed=campaign.seed, discard=campaign.discard,
        machine=dict(campaign.machine.facts), label=campaign.machine.label,
        packages=packages(), record_ids=[new_record_id() for _ in campaign.arms],
        arms=[arm.label for arm in campaign.arms],
    )  # fmt: skip


def _measure(state: _State, tell: Callable[[str], object]) -> None:
    """Run what is missing, until all is done or the stop rule says so."""
    campaign, log = state.campaign, state.log
    cores = max(
        (cores_for(a.cell["threads"] * a.cell["ranks"]) or [] for a in campaign.arms), key=len
    )
    if not log.of("sentinel"):
        log.append("sentinel", when="before", seconds=sentinel(cores))
    missing = [a for a in range(len(campaign.arms)) if len(state.of_arm(a)) < campaign.repeats]
    for arm in missing:
        for _ in range(campaign.discard):
            _run(state, arm, campaign.seed, lambda line: None, block=None)
    for block in range(campaign.repeats):
        left = [a for a in campaign.order(block) if (a, block) not in state.runs]
        if campaign.in_turns and left:
            _run_together(state, block, tell)
        elif left:
            for place, arm in enumerate(campaign.order(block)):
                if arm in left:
                    at = block * len(campaign.arms) + place
                    _run(state, arm, campaign.seed + block, tell, block=block, order=at)
        if campaign.stop(state.all_runs()):
            break
    log.append("sentinel", when="after", seconds=sentinel(cores))
    log.append("measured", at=_now())


def _run(
    state: _State, arm: int, seed: int, tell: Callable[[str], object], *,
    block: int | None, order: int = 0,
) -> None:  # fmt: skip
    def started(pid: int) -> None:
        state.log.append("started", arm=arm, block=block, pid=pid, since=_since(pid))

    run = run_once(state.campaign.arms[arm], seed, started=started)
    if block is None:
        state.log.append("discarded", arm=arm, status=run.status)
        return
    _done(state, arm, block, order, run, tell)


def _run_together(state: _State, block: int, tell: Callable[[str], object]) -> None:
    """Run all arms of a round, those too of which a kill has cut off the partner."""
    arms = state.campaign.arms

    def started(number: int, pid: int) -> None:
        state.log.append("started", arm=number, block=block, pid=pid, since=_since(pid))

    runs = run_together(arms, state.campaign.seed + block, started=started)
    for arm, run in enumerate(runs):
        _done(state, arm, block, block * len(arms) + arm, run, tell)


def _done(
    state: _State, arm: int, block: int, order: int, run: Run, tell: Callable[[str], object]
) -> None:
    event = state.log.append("done", arm=arm, block=block, order=order, run=run.as_json())
    # As the log has it, so that a campaign that goes on writes the same record.
    state.runs[arm, block] = run = Run(**json.loads(json.dumps(event["run"])))
    tell(_line(state.campaign, arm, block, run))


def _line(campaign: Campaign, arm: int, block: int, run: Run) -> str:
    head = f"{block + 1:3}/{campaign.repeats}  {campaign.arms[arm].label}"
    if not run.phases:
        return f"{head}  {run.status.upper()}: {run.why}"
    times = "  ".join(f"{p} {s:.4g} s" for p, s in run.phases.items() if "/" not in p)
    return f"{head}  {times}" + (f"  {run.status.upper()}: {run.why}" if run.why else "")


def _since(pid: int) -> float:
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return 0.0


def _end_orphan(events: Sequence[Mapping[str, Any]]) -> None:
    """End the run that a killed campaign has left behind: it would disturb the next one."""
    for last in reversed(events):
        if last["event"] in ("done", "discarded"):
            return
        if last["event"] == "started" and _since(last["pid"]) == last["since"] > 0:
            end_group(last["pid"])


def _record(state: _State, store: Store) -> Finished:
    """Write the records that are not there yet."""
    begin = state.begin
    readings = state.log.of("sentinel")
    sentinels = (float(readings[0]["seconds"]), float(readings[-1]["seconds"]))
    orders = {(e["arm"], e["block"]): e["order"] for e in state.log.of("done")}
    machine = MachineProfile(begin["machine"], begin["label"])
    recorded = {event["arm"] for event in state.log.of("recorded")}
    for number, arm in enumerate(state.campaign.arms):
        runs = {block: run for (a, block), run in sorted(state.runs.items()) if a == number}
        if number in recorded or not runs:
            continue
        batch = Batch(
            record_id=begin["record_ids"][number],
            recorded_at=state.log.of("measured")[0]["at"],
            campaign=begin["campaign"],
            machine=machine,
            sentinel=sentinels,
            orders={block: orders[number, block] for block in runs},
            packages=begin["packages"],
            stack_variant=state.campaign.stack_variant,
            submitter=state.campaign.submitter,
            pairs=_pairs(state, number) if state.campaign.in_turns and number else {},
        )
        record = record_of(arm, runs, batch)
        store.add(record)
        store.add_content("specs", arm.cell.science, name=arm.cell.spec_id)
        store.add_content("machines", dict(machine.facts), name=machine.class_id)
        state.log.append(
            "recorded", arm=number, record_id=record.record_id, series_id=series_of(arm, batch)
        )
    runs_of = state.all_runs()
    return Finished(
        state.campaign, begin["campaign"], runs_of, list(begin["record_ids"]), sentinels
    )


def _pairs(state: _State, arm: int) -> dict[str, Any]:
    """What an arm and the first one, taking turns, say of each other, round by round."""
    ratios: dict[str, dict[str, float]] = {}
    for (number, block), run in sorted(state.runs.items()):
        if number == arm and (0, block) in state.runs:
            first = state.runs[0, block]
            both = {metric: ratio_of_blocks(first, run, metric) for metric in METRICS}
            if all(map(math.isfinite, both.values())):
                ratios[str(block)] = both
    return {"with": state.begin["record_ids"][0], "log_ratio": ratios} if ratios else {}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
