"""A question for each preset: what to turn, what to look at, and a size that one core can play."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from snnlab.errors import unknown_name

__all__ = ["CARDS", "Card", "card"]


@dataclass(frozen=True)
class Card:
    """How to begin with a preset.

    Parameters
    ----------
    preset : str
        Its name.
    question : str
        What can be found out by turning the knobs.
    knobs : tuple of str
        The three to turn.
    look_at : str
        Where the answer shows.
    rates : tuple of float [Hz]
        Between these, the mean rate of all neurons lies half a second after the start.
    settings : mapping
        Options for a size that one core of a small computer runs faster than it can be watched.
    """

    preset: str
    question: str
    knobs: tuple[str, str, str]
    look_at: str
    rates: tuple[float, float]
    settings: Mapping[str, float | str] = field(default_factory=dict)


CARDS: Mapping[str, Card] = {
    card.preset: card
    for card in (
        Card(
            "brunel",
            "From which g on does inhibition win, so that neurons fire irregularly?",
            ("g", "eta", "J"),
            "CV in the statistics: near 0 is regular, near 1 is like chance.",
            (10.0, 60.0),
            {"N": 2500},
        ),
        Card(
            "brunel_ring",
            "How much faster must one ring's drive be before its neighbours notice?",
            ("g", "eta", "J"),
            "The rates of the rings, one below the other.",
            (10.0, 60.0),
            {"N": 1000},
        ),
        Card(
            "coba",
            "Without any input, how weak may excitation become before the activity dies?",
            ("w_exc", "w_inh", "tau_inh"),
            "The raster: once it is empty, it stays so. Undo does not bring it back, rewind does.",
            (8.0, 30.0),
        ),
        Card(
            "homeostatic",
            "How long do neurons without synapses need to grow a network that fires as they like?",
            ("eps_exc", "growth_rate", "speed"),
            "The rate, which creeps to its target while synapses form.",
            (0.5, 30.0),
            {"N": 300, "speed": 20.0},
        ),
        Card(
            "hpc",
            "Does a network with a fifth of the synapses still fire like the whole one?",
            ("g", "eta", "J"),
            "Rate and CV; open it again with another K_scaling.",
            (5.0, 25.0),
            {"scale": 0.2, "K_scaling": 0.2},
        ),
        Card(
            "microcircuit",
            "Which layer falls silent first when the input from other areas becomes weaker?",
            ("g", "rate_ext", "w_ext"),
            "The rates of the eight populations, beside the published ones.",
            (0.5, 12.0),
            {"scale": 0.05},
        ),
        Card(
            "multi_area",
            "How strong must the synapses between areas be for one to wake the other?",
            ("g", "rate_ext", "chi"),
            "The rates of the areas.",
            (0.1, 20.0),
            {"areas": 2, "scale": 0.03},
        ),
        Card(
            "stdp",
            "At which alpha do synapses stop growing together and begin to part?",
            ("alpha", "learning_rate", "eta"),
            "The weights from exc to exc: add a recorder of synapses and plot its trace.",
            (10.0, 60.0),
            {"N": 2000},
        ),
        Card(
            "topographic_map",
            "Does a map still form when new synapses may come from anywhere?",
            ("sigma_form", "p_elim_pot", "learning_rate"),
            "The page of the map, MapPage(session): receptive fields and their spread.",
            (2.0, 40.0),
        ),
        Card(
            "topographic_map_slots",
            "How fast do receptive fields sharpen when weak synapses are removed more often?",
            ("sigma_form", "p_elim_dep", "learning_rate"),
            "The page of the map, MapPage(session): the spread of the afferents over time.",
            (2.0, 40.0),
        ),
    )
}
"""Preset -> its card."""


def card(preset: str) -> Card:
    """Return how to begin with a preset.

    Raises
    ------
    SpecError
        No such preset; the nearest names are offered.
    """
    if preset not in CARDS:
        raise unknown_name("preset", preset, CARDS)
    return CARDS[preset]
