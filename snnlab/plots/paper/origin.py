"""Where the numbers of a figure come from, as text."""

from __future__ import annotations

import json
from typing import Any

from snnlab.errors import StateError
from snnlab.record import provenance

__all__ = ["origin_of"]


def origin_of(source: Any) -> dict[str, str]:
    """Return versions, seed, device, network and edits of a session or of a data set of one.

    Parameters
    ----------
    source : Session or Dataset
    """
    if not hasattr(source, "run_so_far"):
        facts = {name: str(value) for name, value in getattr(source, "attrs", {}).items()}
        network = json.loads(facts.get("network", "{}"))
    else:
        facts = _of_session(source)
        network = json.loads(facts["network"])
    version = provenance.versions()["snnlab"]
    return {**facts, "snnlab": version, "kind": "figure", "name": str(network.get("name", "run")),
            "seed": str(network.get("seed", "unknown"))}  # fmt: skip


def _of_session(session: Any) -> dict[str, str]:
    from snnlab.interop import native_json
    from snnlab.interop.checkpoint_file import edits_to_data

    try:
        run = session.run_so_far()
        network, edits = run.network, run.edits
    except StateError:  # it goes on from a checkpoint that does not know how its run began
        network, edits = session.network, ()
    text = json.dumps(edits_to_data(edits), ensure_ascii=False)
    return provenance.describe(native_json.dumps(network), device=session.device, edits=text)
