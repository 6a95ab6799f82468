"""Simulators as the runner sees them: a command, what it prints, and why it cannot run."""
