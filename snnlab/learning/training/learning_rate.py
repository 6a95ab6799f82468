"""How the learning rate falls from the first to the last epoch."""

from __future__ import annotations

__all__ = ["learning_rate_at"]


def learning_rate_at(epoch: int, n_epochs: int, first: float, last: float | None) -> float:
    """Return the learning rate of an epoch: a geometric series from `first` to `last`.

    Parameters
    ----------
    epoch : int
        From 0.
    n_epochs : int
    first : float
        Of the first epoch.
    last : float or None
        Of the last epoch; None: all epochs have the first's.
    """
    if last is None or n_epochs < 2:
        return first
    return float(first * (last / first) ** (epoch / (n_epochs - 1)))
