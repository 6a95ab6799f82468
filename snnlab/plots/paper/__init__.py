"""Figures for papers: drawn without a browser, with axes, provenance, and their numbers beside."""

from __future__ import annotations

from snnlab.plots.paper.figure import PANELS, SUFFIXES, Figure, figure

__all__ = ["PANELS", "SUFFIXES", "Figure", "figure"]
