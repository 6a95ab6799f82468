"""The CUDA engine on the host's device, made as `CpuEngine` is."""

from __future__ import annotations

from snnlab.cuda.engine import CudaEngine
from snnlab.model.network import Network
from tests.host_device.host_device import HostDevice


def on_device(
    network: Network, *, threads: int | None = None, precision: str = "float32"
) -> CudaEngine:
    """Return an engine whose blocks run in so many threads, in an order of their own."""
    resident = threads or 1
    return CudaEngine(network, HostDevice(seed=resident, resident=resident), precision=precision)
