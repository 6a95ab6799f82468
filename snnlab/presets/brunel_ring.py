"""A ring of balanced random networks: each excites the next one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from snnlab.errors import SpecError
from snnlab.model.connectivity import FixedIndegree
from snnlab.model.network import Network, Projection
from snnlab.presets.brunel import brunel

__all__ = ["brunel_ring"]

N_DEFAULT = 1000


def brunel_ring(
    *,
    scale: float = 1.0,
    N: int = 0,
    rings: int = 4,
    coupling: float = 0.1,
    delay: float = 1.5,
    dt: float = 0.1,
    seed: int = 1,
) -> Network:
    """Return balanced random networks in a ring, each of which sends synapses to the next one.

    Made for measuring what a step of a distributed network costs: with one network a rank every
    rank sends to one and receives from one, however many there are. The networks are
    `snnlab.presets.brunel.brunel`; the knobs g, eta and J are those of all of them.

    Parameters
    ----------
    scale : float
        Multiplies the number of neurons of each network; the connection probability stays 0.1.
    N : int
        Neurons of each network, at least 10; 0: 1000.
    rings : int
        Number of networks; one alone is not coupled.
    coupling : float
        Part of the excitatory synapses of a neuron that comes from the network before.
    delay : float [ms]
        Of the synapses between networks; those within one have 1.5 ms.
    dt : float [ms]
        Time step.
    seed : int
        Seed of the network.

    Raises
    ------
    SpecError
        Fewer than ten neurons a network, no network, or a part that is not between 0 and 1.

    Notes
    -----
    The number of excitatory synapses of a neuron does not depend on the coupling, so rates hardly
    do while it is small; networks that hardly excite themselves oscillate around the ring.

    The networks follow one another, with their excitatory neurons first: ``R001.exc``,
    ``R001.inh``, ``R002.exc``, ...

    References
    ----------
    Brunel (2000), J. Comput. Neurosci. 8, 183-208: each of them.
    """
    if not 0.0 <= coupling <= 1.0:
        raise SpecError("brunel_ring.coupling", "must be between 0 and 1", got=f"{coupling:g}")
    if not 1 <= rings <= 999:
        raise SpecError("brunel_ring.rings", "must be between 1 and 999", got=str(rings))
    one = brunel(scale=scale, N=N or N_DEFAULT, dt=dt, seed=seed)
    names = [f"R{k + 1:03d}" for k in range(rings)]
    return one.replace(
        populations=[
            dataclasses.replace(p, name=f"{name}.{p.name}")
            for name in names
            for p in one.populations
        ],
        projections=list(_projections(one, names, coupling, delay)),
        stimuli=[
            dataclasses.replace(s, name=f"drive of {name}.{s.target}", target=f"{name}.{s.target}")
            for name in names
            for s in one.stimuli
        ],
        name="brunel_ring",
        description=f"Ring of {rings} balanced random networks",
    )


def _projections(
    one: Network, names: list[str], coupling: float, delay: float
) -> Iterator[Projection]:
    """The projections of each network, and those from the network before."""
    for k, name in enumerate(names):
        before = names[k - 1]
        for projection in one.projections:
            n = getattr(projection.rule, "indegree", 0)
            is_coupled = projection.pre == "exc" and before != name
            n_before = round(coupling * n) if is_coupled else 0
            ends = {"pre": f"{name}.{projection.pre}", "post": f"{name}.{projection.post}"}
            for source, count, lag in (
                (ends["pre"], n - n_before, projection.delay),
                (f"{before}.{projection.pre}", n_before, delay),
            ):
                if count:
                    yield dataclasses.replace(
                        projection, pre=source, post=ends["post"], rule=FixedIndegree(count),
                        delay=lag, name=f"{source}->{ends['post']}",
                    )  # fmt: skip
