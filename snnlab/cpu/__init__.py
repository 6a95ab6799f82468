"""The engine for this machine's CPU: compiled by Numba, one partition a thread."""
