"""Engines that somebody else has started, and that go on when we leave."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from snnlab.errors import ClusterError

__all__ = ["Connected", "Connection"]


@dataclass(frozen=True)
class Connection:
    """Where a running cluster of ipyparallel is found.

    Parameters
    ----------
    cluster_id : str
        Its name; empty for the one that ``ipcluster start`` starts.
    profile : str, optional
        Profile of IPython in which its connection file lies.
    n : int, optional
        Number of engines to wait for; default: those that are there.
    timeout : float [s]
        How long to wait.
    """

    cluster_id: str = ""
    profile: str | None = None
    n: int | None = None
    timeout: float = 120.0


class Connected:
    """A connection to a controller and its engines.

    Parameters
    ----------
    connection : Connection

    Raises
    ------
    ClusterError
        There is no such cluster, or not enough engines.
    """

    last_words = 0.0
    """How long [s] its launcher may take to say how a rank died: it says nothing here."""

    def __init__(self, connection: Connection) -> None:
        self.cluster_id = connection.cluster_id
        self.client = _client(connection)
        deadline = time.monotonic() + connection.timeout
        wanted = connection.n or 1
        while len(self.client.ids) < wanted:
            if time.monotonic() > deadline:
                got = len(self.client.ids)
                self.end()
                raise ClusterError(
                    f"{wanted} ranks", f"must be there within {connection.timeout:g} s",
                    got=f"{got}", remedy="ipcluster engines --engines=mpi -n 4 starts some.",
                )  # fmt: skip
            time.sleep(0.02)

    def is_over(self) -> bool:
        """Whether the launcher has ended, which is not known here: engines tell it themselves."""
        return False

    def output(self) -> str:
        """Return what the launcher has written, which is not known here."""
        return ""

    def end(self) -> None:
        """Leave; the engines go on."""
        self.client.close(linger=0)


def _client(connection: Connection) -> Any:
    import ipyparallel

    where = {"profile": connection.profile} if connection.profile else {}
    cluster = ipyparallel.Cluster(
        cluster_id=connection.cluster_id, load_profile=False, shutdown_atexit=False, **where
    )
    try:
        return ipyparallel.Client(
            profile_dir=cluster.profile_dir, cluster_id=connection.cluster_id,
            timeout=connection.timeout,
        )  # fmt: skip
    except (OSError, TimeoutError) as error:
        raise ClusterError(
            "the cluster", "must be running", got=repr(connection.cluster_id),
            context=" ".join(str(error).split()),
            remedy="ipcluster list shows those that are; ipcluster start --engines=mpi -n 4 "
            "starts one.",
        ) from error  # fmt: skip
