"""What differs between two measurements besides the version, before any ratio is shown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["ASIDE", "GROUPS", "VERSION_KEYS", "Comparison", "Difference", "confounders"]

VERSION_KEYS = frozenset(
    {"simulator_version", "commit", "commit_order", "commit_time", "tag", "version"}
)
"""Coordinates that say which version was measured; differences in them are what is compared."""

NAMES_A_VERSION = ("simulator_version", "commit", "tag", "version")
"""Of these one must be known of a side, before two sides are of one version."""

GROUPS: dict[str, tuple[str, ...]] = {
    "machine": ("machine_class_id", "machine_label", "backend", "gpu_model"),
    "stack": ("stack_id", "stack_variant"),
    "parameters": ("spec_id", "benchmark", "benchmark_version", "simulator"),
    "layout": ("layout_id", "n_nodes", "ranks", "threads"),
    "timer flags": ("timer_flags",),
}
"""Kinds of confounders and the coordinates of a record that belong to each.

Swept parameters (``p_<name>``) belong to the parameters.
"""

MATTERS = {
    "machine": "machine_class_id", "stack": "stack_id", "parameters": "spec_id",
    "layout": "layout_id",
}  # fmt: skip
"""Group -> what must be known of both sides before anything is put down to the version.

Timer flags are part of the stack.
"""

UNKNOWN = "not recorded"

ASIDE = frozenset({
    "record_id", "series_id", "recorded_at", "campaign", "submitter", "schema_version", "dirty",
    "anchor",
})  # fmt: skip
"""Coordinates that tell who measured when, or follow from others; a dirty tree has its own row."""

_IDS = frozenset({"spec_id", "layout_id", "machine_class_id", "machine_label", "stack_id"})


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same.

    Parameters
    ----------
    group : str
        One of `GROUPS`, or ``"version"``.
    name : str
        The parameter or coordinate, as its owner wrote it.
    a, b : str
        Its values; ``"not recorded"`` where a side does not tell. If both are, it is not known
        whether they differ.
    """

    group: str
    name: str
    a: str
    b: str

    @property
    def is_unknown(self) -> bool:
        """Whether neither side tells."""
        return self.a == self.b == UNKNOWN


@dataclass(frozen=True)
class Comparison:
    """All differences of two records; what may be said about their ratio follows.

    Parameters
    ----------
    differences : tuple of Difference
        Versions first, then in the order of `GROUPS`.
    """

    differences: tuple[Difference, ...]

    @property
    def confounders(self) -> tuple[Difference, ...]:
        """Differences that are not the version, and what is known of neither side."""
        return tuple(d for d in self.differences if d.group != "version" or d.is_unknown)

    @property
    def may_say_regression(self) -> bool:
        """Whether a loss could be put down to the version: nothing else differs, and it does."""
        return bool(self.differences) and not self.confounders

    def word_for(self, *, slower: bool) -> str:
        """Return what a difference in speed is called.

        Parameters
        ----------
        slower : bool
            Whether pairs measured in one batch have shown a loss.
        """
        unknown = [d.name for d in self.confounders if d.is_unknown]
        if unknown and len(unknown) == len(self.confounders):
            return f"difference (unknown whether the same: {', '.join(unknown)})"
        if not self.may_say_regression:
            return "difference (not only the version differs)" if self.confounders else "repetition"
        return "regression" if slower else "no regression shown"

    def __str__(self) -> str:
        if not self.differences:
            return "Nothing differs: the same version, machine, stack, parameters and layout."
        rows = [("what", "name", "a", "b")]
        rows += [(d.group, d.name, d.a, d.b) for d in self.differences]
        widths = [max(len(row[k]) for row in rows) for k in range(4)]
        lines = [
            "  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in rows
        ]
        if self.confounders:
            differ = ", ".join(d.name for d in self.confounders if not d.is_unknown)
            unknown = ", ".join(d.name for d in self.confounders if d.is_unknown)
            said = [f"{differ} differ as well"] if differ else []
            said += [f"whether {unknown} are the same is unknown"] if unknown else []
            lines.append(f"Not comparable as versions: {'; '.join(said)}.")
        return "\n".join(lines)


def confounders(a: Mapping[str, object], b: Mapping[str, object]) -> Comparison:
    """Return what differs between two records.

    An id (of a specification, a layout, a machine) is left out where a readable value of its group
    already tells the difference. What only one side has recorded counts as a difference, and what
    `MATTERS` and neither has recorded is unknown, as is whether files differed from a commit: not
    knowing is no proof of sameness. Where neither tells any version, that is unknown, too.

    Parameters
    ----------
    a, b : mapping of str to value
        Coordinates of two records; keys that are neither of `GROUPS`, a version nor a swept
        parameter say who measured when, and are left aside.

    Returns
    -------
    Comparison
        Print it before any ratio.
    """
    found: list[Difference] = []
    for key in sorted(VERSION_KEYS & (set(a) | set(b))):
        found += _difference("version", key, a, b)
    if all(_text(side.get(key)) == UNKNOWN for key in NAMES_A_VERSION for side in (a, b)):
        found.append(Difference("version", "version", UNKNOWN, UNKNOWN))
    for group, keys in GROUPS.items():
        swept = sorted(k for k in set(a) | set(b) if k.startswith("p_"))
        names = [*keys, *(swept if group == "parameters" else [])]
        own = [d for key in names for d in _difference(group, key, a, b)]
        readable = [d for d in own if d.name not in _IDS]
        found += readable or own
        needed = MATTERS.get(group)
        if needed and not own and _text(a.get(needed)) == _text(b.get(needed)) == UNKNOWN:
            found.append(Difference(group, needed, UNKNOWN, UNKNOWN))
    dirty = _text(a.get("dirty")), _text(b.get("dirty"))
    has_commit = _text(a.get("commit")) != UNKNOWN or _text(b.get("commit")) != UNKNOWN
    if dirty[0] != dirty[1] or dirty[0] == "1" or (dirty[0] == UNKNOWN and has_commit):
        found.append(Difference("stack", "dirty", *dirty))
    return Comparison(tuple(found))


def _difference(
    group: str, key: str, a: Mapping[str, object], b: Mapping[str, object]
) -> list[Difference]:
    left, right = a.get(key), b.get(key)
    if _text(left) == _text(right):
        return []
    return [Difference(group, key.removeprefix("p_"), _text(left), _text(right))]


def _text(value: object) -> str:
    """The value for a table; NumPy's 10.0 and Python's 10 are one value."""
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return UNKNOWN
    if isinstance(value, str):
        return value
    try:
        return f"{float(value):.12g}"  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return str(value)
