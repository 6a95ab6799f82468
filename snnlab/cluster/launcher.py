"""How a controller and engines are started: what ipyparallel is told."""

from __future__ import annotations

import logging
import os
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from snnlab.cluster.mpi import launch_environment, mpiexec
from snnlab.errors import SpecError

__all__ = ["LAUNCHERS", "SHARED_MEMORY", "Launch", "is_readable_by_others"]

LOOPBACK = ("127.0.0.1", "localhost", "::1")

SHARED_MEMORY = Path("/dev/shm")
"""Where Linux keeps files in memory."""

_NETWORKS = "OMPI_MCA_btl"

_YIELDS = "OMPI_MCA_mpi_yield_when_idle"
"""A rank that waits for another lets it have its core: here a browser and the notebook want some
too, and a rank that holds its core in vain keeps the one it waits for from coming."""

_GIVES_WAY = ("nice", "-n", "10")
"""Ranks on this computer let its notebook and browser go first: the worst pauses get shorter by a
third where they share its cores, and nothing takes longer where they do not."""

LAUNCHERS = {"mpi": "MPI", "slurm": "Slurm", "pbs": "PBS", "sge": "SGE"}
"""Ways to start engines -> prefix of ipyparallel's classes for it."""

_BATCH_SCRIPTS = {
    "pbs": "#!/bin/sh\n#PBS -V\n#PBS -N snnlab\n#PBS -l select={n}:mpiprocs=1\n",
    "sge": "#!/bin/sh\n#$ -V\n#$ -S /bin/sh\n#$ -N snnlab\n#$ -pe mpi {n}\n",
}
"""Heads of the scripts in place of ipyparallel's, which start single engines, not one MPI world."""


@dataclass(frozen=True)
class Launch:
    """What is to be started.

    Parameters
    ----------
    n : int
        Number of ranks.
    launcher : str
        One of `LAUNCHERS`.
    profile : str, optional
        Profile of IPython whose configuration of ipyparallel is used.
    ip : str
        Address on which the controller listens. Off the loopback all connections are encrypted.
    settings : mapping
        Settings of ipyparallel, ``{"SlurmEngineSetLauncher.queue": "gpu"}``.
    timeout : float [s]
        How long the start may take.
    """

    n: int
    launcher: str = "mpi"
    profile: str | None = None
    ip: str = LOOPBACK[0]
    settings: Mapping[str, Any] = field(default_factory=dict)
    timeout: float = 120.0

    def __post_init__(self) -> None:
        if isinstance(self.n, bool) or not isinstance(self.n, int) or self.n < 1:
            raise SpecError("ranks", "must be a whole number >= 1", got=repr(self.n))
        if self.launcher not in LAUNCHERS:
            raise SpecError(
                "launcher", f"must be one of {', '.join(LAUNCHERS)}", got=repr(self.launcher)
            )
        for name in self.settings:
            if not all(part.isidentifier() for part in name.split(".")) or name.count(".") != 1:
                raise SpecError(
                    "settings", "must be named like SlurmEngineSetLauncher.queue", got=repr(name)
                )

    @property
    def is_encrypted(self) -> bool:
        """Whether connections are encrypted: always where others can reach them."""
        return self.ip not in LOOPBACK

    @property
    def is_here(self) -> bool:
        """Whether all ranks run on this computer."""
        return self.launcher == "mpi" and not self.is_encrypted

    def cluster(self, cluster_id: str) -> Any:
        """Return ipyparallel's cluster of this name, not yet started."""
        import ipyparallel

        where = {"profile": self.profile} if self.profile else {}
        return ipyparallel.Cluster(
            cluster_id=cluster_id, engines=self.launcher, n=self.n, config=self.config(cluster_id),
            load_profile=self.profile is not None, controller_ip=self.ip,
            controller_args=self.controller_arguments(), delay=0.0, log=_silent(),
            shutdown_atexit=False, **where,
        )  # fmt: skip

    def controller_arguments(self) -> list[str]:
        """Return the arguments of the controller."""
        arguments = [
            "--HeartMonitor.period=500",
            "--HeartMonitor.max_heartmonitor_misses=20",
            "--nodb",  # it would keep results, up to a gigabyte
            "--usethreads",  # one process in place of eight
            "--IPController.broadcast_scheduler_depth=0",
            "--TaskScheduler.scheme_name=none",
            "--log-level=WARN",
        ]
        return [*arguments, "--IPController.enable_curve=True"] if self.is_encrypted else arguments

    def shared_memory(self, cluster_id: str) -> Path | None:
        """Return a folder for the memory that ranks share; None where MPI chooses it.

        Killed ranks leave files in it, which can be removed with it.
        """
        is_possible = self.is_here and SHARED_MEMORY.is_dir()
        return SHARED_MEMORY / cluster_id if is_possible else None

    def config(self, cluster_id: str) -> Any:
        """Return the configuration of the launchers; the user's settings go first."""
        from traitlets.config import Config

        config = Config()
        engines = config[f"{LAUNCHERS[self.launcher]}EngineSetLauncher"]
        # Two lines for each call otherwise.
        engines.engine_args = ["--log-level=WARN", "--IPEngine.timeout=60"]
        engines.environment = {**launch_environment(), **_import_path()}
        if self.is_here:
            # It passes on signals and tells of deaths: both are done by process number here.
            engines.engine_args.append("--IPEngine.enable_nanny=False")
            # Looking for networks that no rank needs takes a second.
            engines.environment[_NETWORKS] = os.environ.get(_NETWORKS, "self,sm")
            engines.environment[_YIELDS] = os.environ.get(_YIELDS, "1")
        if folder := self.shared_memory(cluster_id):
            engines.environment["OMPI_MCA_btl_sm_backing_directory"] = str(folder)
        if self.launcher == "mpi":
            engines.mpi_cmd = [*_GIVES_WAY, str(mpiexec())]
        else:
            engines.engine_args.append("--mpi")
        if self.launcher in _BATCH_SCRIPTS:
            head = _BATCH_SCRIPTS[self.launcher]
            engines.batch_template = f"{head}{mpiexec()} -n {{n}} {{program_and_args}}\n"
        for name, value in self.settings.items():
            owner, _, trait = name.partition(".")
            config[owner][trait] = value
        return config


def is_readable_by_others(connection: Mapping[str, Any]) -> bool:
    """Return whether a controller listens to other computers without encryption.

    Parameters
    ----------
    connection : mapping
        What ipyparallel writes into a connection file.
    """
    address = str(connection["interface"]).partition("://")[2]
    return address not in LOOPBACK and not connection.get("curve_serverkey")


def _import_path() -> dict[str, str]:
    """What engines need to import the same snnlab as this process, if it is not installed."""
    home = str(Path(__file__).parents[2])
    if home == sysconfig.get_path("purelib"):
        return {}
    others = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    return {"PYTHONPATH": os.pathsep.join(dict.fromkeys([home, *others]))}


def _silent() -> logging.Logger:
    """A logger that says nothing: what goes wrong is told by errors."""
    logger = logging.getLogger("snnlab.cluster")
    logger.propagate = False
    logger.setLevel(logging.CRITICAL + 1)
    logger.handlers = [logging.NullHandler()]
    return logger
