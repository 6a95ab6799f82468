"""Continuous benchmarking: what was measured, whether it changed, and who can repeat it."""
