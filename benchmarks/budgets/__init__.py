"""What the laboratory promises to whoever works with it: ``python -m benchmarks.budgets``."""
