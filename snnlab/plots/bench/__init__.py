"""Plots of benchmarks: how long, how much memory and energy, on what, and since when."""
