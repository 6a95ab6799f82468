"""The whole source of an engine: constants, structs, models and the kernels that use them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from snnlab.arrays.marks import MARK_WORDS
from snnlab.arrays.plastic import PLASTIC_FIELDS, Plastic
from snnlab.arrays.poisson import CDF_SIZE
from snnlab.arrays.program import TABLE_FIELDS, Drive, Probes, Program, Synapses
from snnlab.arrays.rewiring import (
    ATTEMPT,
    DONE_STEP,
    DRAWN_WORDS,
    EVENT_FIELDS,
    FORMED,
    FULL,
    GONE,
    HAS_ADJUSTED,
    N_EVENTS,
    N_NOTES,
    N_TRIED,
    NEEDS_ROOM,
    NEXT,
    PAIR_WORDS,
    PAIRS_AT_LEAST,
    PAIRS_AT_MOST,
    PAIRS_EACH,
    RANK_WORDS,
    REWIRING,
    REWIRING_FIELDS,
    ROW,
    RULE_WORDS,
    SHORT,
    TICKS,
    Rewirings,
)
from snnlab.build.layout import BLOCK
from snnlab.build.storage import PACKED, SHARED
from snnlab.cuda.choosers import neuron_chooser, rule_choosers, synapse_choosers
from snnlab.cuda.codes import Codes
from snnlab.cuda.connect import construction_source
from snnlab.cuda.program import (
    BLOCKS_AT_ONCE,
    BLOCKS_WITH_PLASTICITY,
    COUNTERS,
    PIECE,
    THREADS,
    Held,
    Items,
    Work,
)
from snnlab.cuda.row_bits import RowPlaces
from snnlab.cuda.sources import kernel_text, program_text
from snnlab.cuda.structs import declare_type
from snnlab.cuda.wire import Wire
from snnlab.rules.emit_row import NUMBERS
from snnlab.rules.rewiring import PAIR

__all__ = ["NETWORK", "engine_source", "n_words"]

NETWORK: dict[str, Any] = {
    "program": Program,
    "synapses": Synapses,
    "row_places": RowPlaces,
    "drive": Drive,
    "probes": Probes,
    "plastic": Plastic,
    "rewirings": Rewirings,
    "held": Held,
    "work": Work,
    "items": Items,
    "plastic_items": Items,
}
"""Member of the struct ``Network`` -> its type; in the order in which they lie in memory."""


def n_words() -> int:
    """Return the size of the struct ``Network`` in words of 8 bytes."""
    return sum(len(kind._fields) for kind in NETWORK.values())


def engine_source(codes: Codes, precision: str, *, has_ranks: bool = False) -> str:
    """Return the source of an engine.

    Parameters
    ----------
    codes : Codes
        The models of its network.
    precision : str
    has_ranks : bool
        Whether other ranks hold a part of the network.
    """
    return program_text(
        precision,
        kernel_text("threads"),
        construction_source(),
        _constants(codes),
        _structs(),
        kernel_text("rule_functions"),
        *(code.source for code in codes.neurons),
        *(code.source for code in codes.synapses),
        *(code.source for code in codes.rewirings),
        *(kernel_text(name) for name in ("input", "update")),
        neuron_chooser(codes.neurons),
        *(kernel_text(name) for name in ("deliver", "plasticity")),
        synapse_choosers(codes.synapses),
        rule_choosers(codes.rewirings),
        *(kernel_text(name) for name in ("learn", "rewire_choice", "rewire", "replace", "loop")),
        *(_for_ranks(codes) if has_ranks else []),
    )


def _for_ranks(codes: Codes) -> list[str]:
    """Sources of the kernels that ranks call: to exchange spikes, where rules change rows."""
    names = ["exchange"]
    names += ["call_rules"] if codes.rewirings else []
    names += ["replace_by_ranks"] if any(code.replaces for code in codes.rewirings) else []
    return [declare_type(Wire), *map(kernel_text, names)]


def _constants(codes: Codes) -> str:
    """Numbers that Python and the kernels share."""
    rules = codes.rewirings
    values = {
        "BLOCK": BLOCK, "CDF_SIZE": CDF_SIZE, "PIECE": PIECE, "THREADS": THREADS,
        "BLOCKS_AT_ONCE": BLOCKS_WITH_PLASTICITY if codes.synapses else BLOCKS_AT_ONCE,
        "SHARED": SHARED, "PACKED": PACKED, **COUNTERS,
        **_columns("TABLE", TABLE_FIELDS),
        **_columns("PLASTIC", PLASTIC_FIELDS),
        **_columns("NUMBER", NUMBERS),
        **_columns("REWIRING", REWIRING_FIELDS),
        "NOTE_REWIRING": REWIRING, "NOTE_ATTEMPT": ATTEMPT, "NOTE_DONE_STEP": DONE_STEP,
        "NOTE_NEEDS_ROOM": NEEDS_ROOM, "NOTE_N_EVENTS": N_EVENTS, "N_NOTES": N_NOTES,
        "PAIR_WORDS": PAIR_WORDS, "RANK_WORDS": RANK_WORDS, "MARK_WORDS": MARK_WORDS,
        "N_PAIR": len(PAIR),
        "REPLACING_ROW": ROW, "REPLACING_GONE": GONE, "REPLACING_FORMED": FORMED,
        "REPLACING_NEXT": NEXT, "REPLACING_FULL": FULL, "REPLACING_N_TRIED": N_TRIED,
        "REPLACING_HAS_ADJUSTED": HAS_ADJUSTED,
        "COUNT_SHORT": SHORT, "COUNT_TICKS": TICKS, "N_EVENT_FIELDS": len(EVENT_FIELDS),
        "N_RULES": len(rules), "N_REPLACING": sum(code.replaces for code in rules),
        "MOST_RULE_STATES": max((len(code.tree.states) for code in rules), default=1),
        "N_REWIRING_FIELDS": len(REWIRING_FIELDS),
        "N_TABLE_FIELDS": len(TABLE_FIELDS), "N_PLASTIC_FIELDS": len(PLASTIC_FIELDS),
        "N_NUMBERS": len(NUMBERS),
    }  # fmt: skip
    lines = [f"    {name} = {value}," for name, value in values.items()]
    return "\n".join(["enum {", *lines, "};", *_wide_constants(), ""])


def _wide_constants() -> list[str]:
    """Numbers that, beside the others, would make them all unsigned or long."""
    words = {"RULE_WORDS": RULE_WORDS, "DRAWN_WORDS": DRAWN_WORDS}
    pairs = {
        "PAIRS_AT_LEAST": PAIRS_AT_LEAST, "PAIRS_EACH": PAIRS_EACH, "PAIRS_AT_MOST": PAIRS_AT_MOST,
    }  # fmt: skip
    return [
        *(f"constexpr u32 {name} = {value}u;" for name, value in words.items()),
        *(f"constexpr i64 {name} = {value}ll;" for name, value in pairs.items()),
    ]


def _columns(prefix: str, names: Iterable[str]) -> dict[str, int]:
    return {f"{prefix}_{name.upper()}": k for k, name in enumerate(names)}


def _structs() -> str:
    """The structs of a network, and the one that holds them all."""
    kinds = dict.fromkeys(NETWORK.values())
    members = [f"    {kind.__name__} {name};" for name, kind in NETWORK.items()]
    return "\n".join(
        [*(declare_type(kind) for kind in kinds), "struct Network {", *members, "};", ""]
    )
