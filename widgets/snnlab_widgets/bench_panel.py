"""Benchmarks on one panel: what is missing, a run with its progress, histories, records."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event, Thread
from typing import Any

import traitlets

from snnlab.bench.campaign import Campaign, run_campaign
from snnlab.bench.machine import MachineProfile, discover
from snnlab.bench.plan import Item, Plan, plan
from snnlab.bench.record import Record, read_record
from snnlab.bench.reproduce import recipe_of, reproduce
from snnlab.bench.spec import Spec
from snnlab.bench.store import Store
from snnlab.bench.tree import own_tree
from snnlab.errors import SnnlabError, SpecError
from snnlab_widgets.bench_rows import (
    comparison_rows,
    line_names,
    line_of,
    plan_rows,
    record_facts,
)
from snnlab_widgets.part import Part, script

__all__ = ["BenchPanel"]


class BenchPanel(Part):
    """Plan, run, compare and repeat benchmarks from a notebook.

    Runs go on in processes of their own while the notebook stays free. What is done is on disk
    before the next run begins: after a restart of the kernel the same panel goes on.

    Parameters
    ----------
    spec : Spec
        What is measured.
    store : path or Store
        Where the records are.
    machine : MachineProfile, optional
        Default: this one.
    repository : path, optional
        Of the code, for records that are made again; default: that of snnlab.
    pythons : mapping, optional
        Simulator -> interpreter.

    Examples
    --------
    ::

        from snnlab.bench.spec import spec_from

        BenchPanel(spec_from("small", model="brunel", parameters={"N": 1000}), "bench_store")
    """

    _esm = script("canvas.js", "bench_panel.js")
    plan: Any = traitlets.List().tag(sync=True)
    """See `bench_rows.plan_rows`."""
    status = traitlets.Dict().tag(sync=True)
    """``doing, done, total, line, error``."""
    lines: Any = traitlets.List().tag(sync=True)
    """Id and name of each history."""
    line = traitlets.Dict().tag(sync=True)
    """The history that is shown: ``id``, and what `bench_rows.line_of` returns."""
    record = traitlets.Dict().tag(sync=True)
    """The record that is shown; see `bench_rows.record_facts`, and ``recipe``."""
    comparison = traitlets.Dict().tag(sync=True)
    """See `bench_rows.comparison_rows`; empty while nothing is compared."""

    def __init__(
        self, spec: Spec, store: str | os.PathLike[str] | Store, *,
        machine: MachineProfile | None = None,
        repository: str | os.PathLike[str] | None = None,
        pythons: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self._spec = spec
        self._store = store if isinstance(store, Store) else Store(store)
        self._machine = discover() if machine is None else machine
        self._repository = Path(repository) if repository is not None else own_tree().folder
        self._pythons = dict(pythons or {})
        self._worker: Thread | None = None
        self._stop = Event()
        super().__init__(on_error=self._refuse)
        self.status = {"doing": "", "done": 0, "total": 0, "line": "", "error": ""}
        self.refresh()

    def refresh(self) -> None:
        """Look at the store again."""
        data = self._store.load()
        found = plan(self._spec, self._store, self._machine, pythons=self._pythons)
        self.plan = plan_rows(found)
        self.lines = line_names(data)
        known = [one["id"] for one in self.lines]
        if known:
            shown = str(self.line.get("id", ""))
            self._show(shown if shown in known else known[0], data)

    def wait(self, seconds: float | None = None) -> None:
        """Wait until what runs has ended, for so long at most."""
        if self._worker is not None:
            self._worker.join(seconds)

    def do_run(self) -> None:
        """Run what is missing."""
        found = plan(self._spec, self._store, self._machine, pythons=self._pythons)
        if not found.missing:
            raise SpecError(
                self._spec.name, "must lack something to be run", got="all is there, or cannot run"
            )
        items = found.missing
        total = sum(item.missing + item.arm.cell["discard"] for item in items)
        self._start("running", total, lambda: self._run(items))

    def do_stop(self) -> None:
        """End after the round that is running; what was measured becomes records."""
        self._stop.set()
        self.status = {**self.status, "line": "stops after this round"}

    def do_line(self, name: str) -> None:
        """Show another history."""
        self._show(name, self._store.load())

    def do_open(self, name: str) -> None:
        """Show a record, and what differs here from where it was made."""
        record = self._record(name)
        self.record = {**record_facts(record), "recipe": self._recipe(record)}

    def do_compare(self, a: str, b: str) -> None:
        """Show what differs between two records, and then their ratio."""
        self.comparison = comparison_rows(self._record(a), self._record(b))

    def do_reproduce(self, name: str) -> None:
        """Make a record again, and compare the two."""
        record = self._record(name)
        cell = recipe_of(record, self._repository, self._machine).cell
        self._start("reproducing", cell["repeats"] + cell["discard"],
                    lambda: self._reproduce(record))  # fmt: skip

    def close(self) -> None:
        """Take the panel away; a run ends after its round. Closing twice is allowed."""
        self._stop.set()
        super().close()

    # --- what takes long ----------------------------------------------------------------------

    def _start(self, doing: str, total: int, work: Callable[[], None]) -> None:
        if self._worker is not None and self._worker.is_alive():
            raise SpecError("Benchmark panel", "must be free", got="it runs something")
        self._stop.clear()
        self.status = {"doing": doing, "done": 0, "total": total, "line": "", "error": ""}
        self._worker = Thread(target=self._guarded, args=(work,), name="benchmarks", daemon=True)
        self._worker.start()

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # it goes to the page: a thread has nobody else to tell
            self._refuse(error)
        self.status = {**self.status, "doing": ""}
        try:
            self.refresh()
        except SnnlabError as error:
            self._refuse(error)

    def _run(self, items: tuple[Item, ...]) -> None:
        for batch in Plan(items).batches:
            campaign = Campaign(
                tuple(item.arm for item in batch), batch[0].missing, self._machine,
                seed=batch[0].seed, discard=batch[0].arm.cell["discard"],
                stop=lambda runs: self._stop.is_set(),
            )  # fmt: skip
            if not self._stop.is_set():
                run_campaign(campaign, self._store, tell=self._tell)

    def _reproduce(self, record: Record) -> None:
        again = reproduce(
            record, self._repository, self._store, self._machine, pythons=self._pythons,
            tell=self._tell,
        )  # fmt: skip
        self.comparison = comparison_rows(record, again)

    def _tell(self, line: str) -> None:
        is_run = not line.startswith(("differs:", "goes on"))
        done = min(self.status["done"] + is_run, self.status["total"])
        self.status = {**self.status, "done": done, "line": line}

    # --- what is shown ------------------------------------------------------------------------

    def _show(self, name: str, data: Any) -> None:
        self.line = {"id": name, **line_of(data, name)}

    def _record(self, name: str) -> Record:
        found = [path for path in self._store.paths() if path.stem == name]
        if not found:
            raise SpecError("Record", "must be in the store", got=name)
        return read_record(found[0])

    def _recipe(self, record: Record) -> dict[str, Any]:
        try:
            recipe = recipe_of(record, self._repository, self._machine)
        except SpecError as error:
            return {"can": False, "why": str(error), "differences": []}
        rows = [[d.group, d.name, d.a, d.b] for d in recipe.differences]
        return {"can": True, "why": "", "differences": rows}

    def _refuse(self, error: Exception) -> None:
        self.status = {**self.status, "error": str(error)}
