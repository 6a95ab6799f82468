"""Benchmarks as batch jobs of Slurm, by way of submitit."""
