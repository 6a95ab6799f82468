"""A visit of a row of plastic synapses, as Numba source.

Only outgoing rows are touched. What a postsynaptic spike does to a synapse is made up for when the
row is visited next, from the last spikes of the target; the result is the same to the bit as if it
had been done at once.

A row is walked in pieces of `PIECE` synapses. What is known of the targets is gathered first:
their newest spike, their traces, and which of them have fired more than once since the last visit.
Those older spikes are then gone through round by round, from the oldest to the second newest; only
the synapses of a round are touched. The newest spike and the presynaptic one come last, for all
synapses of the piece. Loops that compute have no branches and read no memory at random, so they
become vector instructions.
"""

from __future__ import annotations

from snnlab.rules.synapse import EFFECT, SynapseRule, TraceRule
from snnlab.rules.synapse_source import arguments, indented, parameters, read, relaxed, states
from snnlab.rules.tree import Statement

__all__ = ["LISTS", "NUMBERS", "PIECE", "RECENT", "emit_row"]

RECENT = 9
"""Newest spikes of each neuron that are kept in arrays of their own, one for each age."""

PIECE = 256
"""Synapses of a row that are dealt with together."""

LISTS = (RECENT - 1) * PIECE
"""Most spikes in the rounds of a piece, and room for what is written but not kept: all recent ones
but a synapse's newest."""

_VECTOR = 16
"""Synapses of a round are computed in multiples of this, some of them for nothing."""

NUMBERS = (
    "step", "last_pre", "done", "first", "last", "stride", "low", "n_targets", "history",
    "n_delays", "first_delay", "ring_base", "ring_slots", "slot_stride",
)  # fmt: skip
"""What a visit of a row is told, in this order; then the lag of each delay.

step : the step of the presynaptic spike, or up to which the row is brought
last_pre : step of the presynaptic spike before
done : postsynaptic spikes that reached the synapses up to this step are in the weights
first, last : synapses of the row
stride : synapses of the projection, the distance between two state variables
low, n_targets : first local slot of the postsynaptic population, and its slots
history : spikes that are remembered of each postsynaptic neuron, a power of two
n_delays, first_delay, ring_base, ring_slots, slot_stride : where effects go
lag : dendritic less axonal part of the delay [steps]
"""

_ROW = """

@cfunc(row, cache=True, error_model="numpy")
def {kind}(
    targets_at, state_at, ring_at, ends_at, recent_steps_at, recent_traces_at, steps_at,
    traces_at, counts_at, pre_at, mod_at, params_at, numbers_at,
):
    targets = carray(targets_at, 1)
    state = carray(state_at, 1)
    ring = carray(ring_at, 1)
    ends = carray(ends_at, 1)
    recent_steps = carray(recent_steps_at, 1)
    recent_traces = carray(recent_traces_at, 1)
    spike_steps = carray(steps_at, 1)
    traces = carray(traces_at, 1)
    counts = carray(counts_at, 1)
    pre = carray(pre_at, 1)
    mod = carray(mod_at, 1)
    params = carray(params_at, 1)
    numbers = carray(numbers_at, 1)
{numbers}
{params}
{head}
    older = uint64(n_targets)
    oldest = uint64({last_age}) * older
    mask = history - 1
    offset = short(done - last_pre)
    clipped = int32(0)
    e = first
    ring_slot = (step + first_delay) % ring_slots
    for d in range(n_delays):
        stop = last if n_delays == 1 else first + int64(ends[d])
        lag = numbers[{n_numbers} + d]
        base = uint64(ring_base + ring_slot * slot_stride)
        reached = int32(step - lag)
        since = int32(done - lag)
        while e < stop:
            begin = uint64(e)
            n = uint64(min(stop - e, int64({piece})))
{gather}
            for j in range(n):
{compute}
{scatter}
            e += int64({piece})
        e = stop
        ring_slot += 1
        if ring_slot == ring_slots:
            ring_slot = int64(0)
    return int64(clipped)
"""


def emit_row(rule: SynapseRule, kind: str) -> str:
    """Write the function that visits one row.

    Parameters
    ----------
    rule : SynapseRule
    kind : str
        ``"spike"``: brings the row up to date and delivers a presynaptic spike; ``"catch_up"``:
        brings it up to date; ``"every_step"``: the same, then runs the rule of every step. The
        name of the function.
    """
    numbers = [f"{name} = numbers[{k}]" for k, name in enumerate(NUMBERS)]
    visit = _Visit(rule, kind)
    return _ROW.format(
        kind=kind,
        numbers=indented(numbers, 1),
        params=indented(parameters(rule), 1),
        head=indented(visit.head(), 1),
        last_age=RECENT - 1,
        n_numbers=len(NUMBERS),
        piece=PIECE,
        gather=indented(visit.catch_up(), 3),
        compute=indented(visit.compute(), 4),
        scatter=indented(_SCATTER if kind == "spike" else (), 3),
    )


_SCATTER = (
    "for j in range(n):",
    "    ring[base + uint64(targets[begin + j])] += effects[j]",
)


def _block(lines: list[str], head: str) -> list[str]:
    return [head, *("    " + line for line in lines)]


class _Visit:
    """What one kind of visit needs to know, and how it is written.

    Steps are 32-bit numbers whose differences are right though they wrap. A place is a neuron's
    place in the arrays of recent spikes: ``age * n_targets + neuron``.
    """

    def __init__(self, rule: SynapseRule, kind: str) -> None:
        self.rule, self.kind = rule, kind
        programs = {"spike": rule.on_pre, "every_step": rule.every_step}
        self.program: tuple[Statement, ...] = programs.get(kind, ())
        """What happens to a synapse once it is up to date."""
        self.past = read(rule, self.program, "post")
        """Traces of the target that it reads."""
        self.before = read(rule, rule.on_post, "post")
        """Traces of the target that a postsynaptic spike reads: as they were before it."""
        self.catches_up = bool(rule.on_post)

    # --- what is the same for all synapses of a row, and room for what is not ---------------------

    def head(self) -> list[str]:
        """Traces of the source, and scratch."""
        lines = [f"q_{t.name} = pre[{k}]" for k, t in enumerate(self.rule.pre)]
        for trace in read(self.rule, self.program, "pre"):
            value = relaxed(self.rule, trace, f"q_{trace.name}", "step - last_pre")
            lines.append(f"a_{trace.name} = {value}")
        mod = self.rule.mod
        lines += [f"m_{t.name} = mod[{mod.index(t)}]" for t in read(self.rule, self.program, "mod")]
        if self.kind == "spike":
            lines.append("effects = stack_piece(int32(0))")
        if not (self.catches_up or self.past):
            return lines
        return lines + self._room()

    def _room(self) -> list[str]:
        whole, number = "stack_piece(int32(0))", "stack_piece(real(0.0))"
        lines = [f"hidden = {whole}", "deep = stack_lists(int32(0))"]
        if self.past:
            lines += [f"past = {whole}"] + [f"past_{t.name} = {number}" for t in self.past]
        if not self.catches_up:
            return lines
        lines += [f"newest = {whole}", f"elapsed_at = {whole}"]
        lines += [f"{name} = stack_lists(int32(0))" for name in ("lanes", "places")]
        lines += [f"starts = {whole}"]
        lines += [f"s_at_{name} = {number}" for name in self.rule.states]
        if self.before:
            lines += [f"next = {whole}", f"gap_at = {whole}"]
        for t in self.before:
            lines += [f"next_{t.name} = {number}", f"b_at_{t.name} = {number}"]
        return lines

    # --- older spikes -----------------------------------------------------------------------------

    def catch_up(self) -> list[str]:
        """Gather what is known of the targets; go through all new spikes but the newest."""
        if not (self.catches_up or self.past):
            return []
        lines = ["n_hidden = uint64(0)", "n_deep = uint64(0)", "n_again = uint64(0)"]
        lines += _block(self._gather(), "for j in range(n):")
        lines += _block(self._look_behind(), "for h in range(n_hidden):")
        if self.catches_up:
            lines += self._rounds()
        lines += _block(self._go_deep(), "for h in range(n_deep):")
        return lines + (self._go_through_rounds() if self.catches_up else [])

    def _trace(self, trace: TraceRule, place: str) -> str:
        k = self.rule.post.index(trace)
        at = place if k == 0 else f"{place} + uint64({k * RECENT}) * older"
        return f"recent_traces[{at}]"

    def _gather(self) -> list[str]:
        """As if all spikes had reached their synapses; those of which that is not true are listed.

        A spike that arrives with the presynaptic one is in no trace that this one sees.
        """
        lines = ["i = uint64(targets[begin + j]) - uint64(low)", "step_0 = recent_steps[i]"]
        sign = ">=" if self.kind == "spike" and self.past else ">"
        lines += [f"is_hidden = int32(step_0 - reached) {sign} int32(0)"]
        lines += ["hidden[n_hidden] = int32(j)", "n_hidden += uint64(is_hidden)"]
        lines += self._note("past", self.past, "step_0", "i")
        if not self.catches_up:
            return lines
        lines += ["second = i + older", "step_1 = recent_steps[second]", "newest[j] = step_0"]
        lines += self._note("next", self.before, "step_1", "second")
        return [
            *lines,
            "lanes[n_again] = int32(j)",
            "places[n_again] = int32(second)",
            "n_again += uint64((int32(step_1 - since) > int32(0)) & (not is_hidden))",
        ]

    def _note(self, name: str, traces: list[TraceRule], step: str, place: str) -> list[str]:
        """Note a spike and the traces after it under a name."""
        lines = [f"{name}[j] = {step}"] if traces else []
        return lines + [f"{name}_{t.name}[j] = {self._trace(t, place)}" for t in traces]

    def _look_behind(self) -> list[str]:
        """Find the newest spike that has reached the synapse, behind those under way."""
        lost = ["deep[n_deep] = int32(j)", "n_deep += uint64(1)", "continue"]
        if self.catches_up:
            lost = ["newest[j] = since", *lost]
        lines = [
            "j = uint64(hidden[h])",
            "place = uint64(targets[begin + j]) - uint64(low)",
            "while place < oldest - older and int32(recent_steps[place] - reached) > int32(0):",
            "    place += older",
            *_block(lost, "if int32(recent_steps[place] - reached) > int32(0):"),
        ]
        if self.past:
            lines += [f"seen = place{self._is_simultaneous('recent_steps[place]')} * older"]
            lines += self._note("past", self.past, "recent_steps[seen]", "seen")
        if not self.catches_up:
            return lines
        lines += ["newest[j] = recent_steps[place]", "second = place + older"]
        lines += self._note("next", self.before, "recent_steps[second]", "second")
        return [
            *lines,
            "lanes[n_again] = int32(j)",
            "places[n_again] = int32(second)",
            "n_again += uint64(int32(recent_steps[second] - since) > int32(0))",
        ]

    def _is_simultaneous(self, step: str) -> str:
        return f" + uint64({step} == reached)" if self.kind == "spike" else " + uint64(0)"

    def _rounds(self) -> list[str]:
        """List the synapses with a new spike of each age; what is older yet lies deep."""
        return [
            "n_rounds = 0",
            "from_, to = uint64(0), n_again",
            "while to > from_:",
            "    starts[n_rounds] = int32(from_)",
            "    n_rounds += 1",
            "    n_again = to",
            "    for m in range(from_, to):",
            "        place = uint64(places[m]) + older",
            "        is_new = int32(recent_steps[place] - since) > int32(0)",
            "        is_last = place >= oldest",
            "        deep[n_deep] = lanes[m]",
            "        n_deep += uint64(is_new & is_last)",
            "        lanes[n_again] = lanes[m]",
            "        places[n_again] = int32(place)",
            "        n_again += uint64(is_new & (not is_last))",
            "    from_, to = to, n_again",
            "starts[n_rounds] = int32(from_)",
        ]

    def _go_deep(self) -> list[str]:
        """Run `on_post` for new spikes that only the history knows, oldest first."""
        lines = [
            "j = uint64(deep[h])",
            "i = uint64(targets[begin + j]) - uint64(low)",
            "history_at = i * uint64(history)",
            "k = counts[i] - 1",
            "while int32(spike_steps[history_at + uint64(k & mask)] - reached) > int32(0):",
            "    k -= 1",
        ]
        if self.past:
            newest = "spike_steps[history_at + uint64(k & mask)]"
            hidden = f"int64({newest} == reached)" if self.kind == "spike" else "0"
            lines += [
                f"at = history_at + uint64((k - {hidden}) & mask)",
                "past[j] = spike_steps[at]",
            ]
            lines += [f"past_{t.name}[j] = {self._remembered(t, 'at')}" for t in self.past]
        return lines + (self._replay() if self.catches_up else [])

    def _remembered(self, trace: TraceRule, at: str) -> str:
        n, k = len(self.rule.post), self.rule.post.index(trace)
        return f"traces[{at}]" if n == 1 else f"traces[{at} * uint64({n}) + uint64({k})]"

    def _replay(self) -> list[str]:
        lines = [
            f"last_deep = min(k, counts[i] - {RECENT})",
            "k = last_deep + 1",
            "forgotten = counts[i] - history + 1",
            "while k > forgotten and "
            "int32(spike_steps[history_at + uint64((k - 1) & mask)] - since) > int32(0):",
            "    k -= 1",
            *self._load(),
        ]
        event = [
            "at = history_at + uint64(k & mask)",
            "before = history_at + uint64((k - 1) & mask)",
            "elapsed = int32(int32(spike_steps[at] - since) + offset)",
            "gap = int32(spike_steps[at] - spike_steps[before])",
            *self._on_post("gap", {t.name: self._remembered(t, "before") for t in self.before}),
            "k += 1",
        ]
        return [*lines, *_block(event, "while k <= last_deep:"), *self._store()]

    def _go_through_rounds(self) -> list[str]:
        """Run `on_post` for the listed spikes, the oldest first."""
        lines = [
            "n_rounds -= 1",
            "from_ = uint64(starts[n_rounds])",
            "n_lanes = uint64(starts[n_rounds + 1]) - from_",
            *_block(self._take_round(), "for m in range(n_lanes):"),
            f"for m in range((n_lanes + uint64({_VECTOR - 1})) & uint64({-_VECTOR & 0xFFFF})):",
            *("    " + line for line in self._compute_round()),
            *_block(self._give_round(), "for m in range(n_lanes):"),
        ]
        return _block(lines, "while n_rounds > 0:")

    def _take_round(self) -> list[str]:
        lines = [
            "e_lane = begin + uint64(lanes[from_ + m])",
            "place = uint64(places[from_ + m])",
            "step_0 = recent_steps[place]",
            "elapsed_at[m] = int32(int32(step_0 - since) + offset)",
        ]
        for k, name in enumerate(self.rule.states):
            lines += [f"s_at_{name}[m] = state[{_of_state(k, 'e_lane')}]"]
        if self.before:
            lines += ["gap_at[m] = int32(step_0 - recent_steps[place + older])"]
        return lines + [
            f"b_at_{t.name}[m] = {self._trace(t, 'place + older')}" for t in self.before
        ]

    def _compute_round(self) -> list[str]:
        lines = [f"s_{name} = s_at_{name}[m]" for name in self.rule.states]
        lines += ["elapsed = elapsed_at[m]"]
        lines += self._on_post("gap_at[m]", {t.name: f"b_at_{t.name}[m]" for t in self.before})
        return lines + [f"s_at_{name}[m] = s_{name}" for name in self.rule.states]

    def _give_round(self) -> list[str]:
        lines = ["e_lane = begin + uint64(lanes[from_ + m])"]
        for k, name in enumerate(self.rule.states):
            lines += [f"state[{_of_state(k, 'e_lane')}] = s_at_{name}[m]"]
        return lines

    def _on_post(self, gap: str, before: dict[str, str]) -> list[str]:
        """A postsynaptic spike, `elapsed` after the last presynaptic one."""
        rule = self.rule
        lines = [
            f"then_{t.name} = {relaxed(rule, t, f'q_{t.name}', 'elapsed')}"
            for t in read(rule, rule.on_post, "pre")
        ]
        for t in self.before:
            lines += [f"b_{t.name} = {relaxed(rule, t, before[t.name], gap)}"]
        names = arguments(rule, rule.on_post, {"pre": "then", "post": "b"})
        lines += [f"({states(rule)},) = on_post({names})"]
        return lines + [f"s_{name} = flushed(s_{name})" for name in rule.states]

    # --- the newest spike, then the presynaptic one -----------------------------------------------

    def compute(self) -> list[str]:
        """Bring one synapse up to date, and do to it what the visit is for."""
        lines = self._load()
        if self.catches_up:
            lines += self._newest()
        for t in self.past:
            value = relaxed(self.rule, t, f"past_{t.name}[j]", "int32(reached - past[j])")
            lines += [f"b_{t.name} = {value}"]
        if self.kind == "spike":
            lines += self._pre_event()
        elif self.kind == "every_step":
            names = arguments(self.rule, self.program)
            lines += [f"({states(self.rule)},) = at_step({names})"]
        return lines + self._store()

    def _newest(self) -> list[str]:
        """``on_post`` for the newest spike, kept only where that is new."""
        lines = ["age = int32(newest[j] - since)", "elapsed = int32(age + offset)"]
        lines += [f"kept_{name} = s_{name}" for name in self.rule.states]
        before = {t.name: f"next_{t.name}[j]" for t in self.before}
        lines += self._on_post("int32(newest[j] - next[j])", before)
        return lines + [
            f"s_{name} = s_{name} if age > int32(0) else kept_{name}" for name in self.rule.states
        ]

    def _pre_event(self) -> list[str]:
        """``on_pre``; an effect that the input cannot hold is cut and counted."""
        names = arguments(self.rule, self.rule.on_pre, {"pre": "a", "post": "b"})
        return [
            f"{EFFECT.name}, {states(self.rule)} = on_pre({names})",
            f"scaled = {EFFECT.name} * scale",
            "clipped += int32(0) if abs(scaled) <= limit else int32(1)",
            "scaled = scaled if scaled <= limit else limit",
            "scaled = scaled if scaled >= -limit else -limit",
            "effects[j] = int32(np.rint(scaled))",
        ]

    def _load(self) -> list[str]:
        return [
            f"s_{name} = state[{_of_state(k, 'begin + j')}]"
            for k, name in enumerate(self.rule.states)
        ]

    def _store(self) -> list[str]:
        return [
            f"state[{_of_state(k, 'begin + j')}] = flushed(s_{name})"
            for k, name in enumerate(self.rule.states)
        ]


def _of_state(k: int, synapse: str) -> str:
    """Index of state variable number `k` of a synapse."""
    return synapse if k == 0 else f"{synapse} + uint64({k} * stride)"
