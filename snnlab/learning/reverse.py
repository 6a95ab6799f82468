"""Trials backwards in time, compiled: what a spike that arrives now is worth to its target.

The filters of e-prop are linear in the presynaptic trace, and their coefficients belong to the
target alone. So the sum over time can be transposed: with t running down, for neuron j::

    Z_k  <- (pi - pi*)_k + kappa Z_k
    G_j  <- sum_k B_jk Z_k + r_j                  r_j = c_reg (f_j - f_target)
    q_j  <- psi_j (G_j + mu_j)
    mu_j <- -beta psi_j G_j + (rho - beta psi_j) mu_j
    Q_j  <- q_j + alpha Q_j

The gradient of a weight is the sum of Q_j over the spikes that arrive by the synapse, that of a
read-out weight the sum of Z_k over the spikes of its source.
"""

from __future__ import annotations

from numba import njit

from snnlab.learning.step import add_columns

__all__ = ["add_errors", "reverse"]


@njit(nogil=True, error_model="numpy", cache=True)
def reverse(c, feedback, regulariser, error, psi, z, mu, q, drive):  # type: ignore[no-untyped-def]
    """Go back through a chunk of a trial.

    Parameters
    ----------
    c : (n,) real
        See `snnlab.learning.constants`.
    feedback : (n_outputs, n_hidden) real
    regulariser : (n_hidden,) real
        r of each neuron.
    error : (n_steps, n_outputs) real
        Of the steps of the chunk; Z takes its place.
    psi : (n_steps, stride) real
        Of the same steps; Q takes its place.
    z : (n_outputs,) real
    mu, q : (n_hidden,) real
        What comes from the chunk behind; changed to what the chunk before needs.
    drive : (n_hidden,) real
        Room for G.
    """
    alpha, rho, kappa, beta = c[2], c[3], c[4], c[5]
    n_hidden = mu.size
    for t in range(error.shape[0] - 1, -1, -1):
        for k in range(z.size):
            z[k] = error[t, k] + kappa * z[k]
            error[t, k] = z[k]
        for j in range(n_hidden):
            drive[j] = regulariser[j]
        add_columns(feedback, z, drive)
        for j in range(n_hidden):
            near, before = psi[t, j], mu[j]
            now = near * (drive[j] + before)
            q[j] = now + alpha * q[j]
            mu[j] = rho * before - beta * now
            psi[t, j] = q[j]


@njit(nogil=True, error_model="numpy", cache=True)
def add_errors(error, total):  # type: ignore[no-untyped-def]
    """Add what errors of some trials, which are Z by now, are worth to the biases.

    Parameters
    ----------
    error : (n_trials, n_steps, n_outputs) real
    total : (n_outputs,) float64
        Added to, trial by trial.
    """
    for g in range(error.shape[0]):
        for k in range(total.size):
            own = 0.0
            for t in range(error.shape[1] - 1, -1, -1):
                own += error[g, t, k]
            total[k] += own
