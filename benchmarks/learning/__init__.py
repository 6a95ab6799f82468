"""How fast and how well networks learn: ``python -m benchmarks.learning``."""
