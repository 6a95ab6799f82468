"""Structural plasticity in NEST: elements and rewirings of snnlab's files become NEST's.

Part of `nest_side`; needs PyNEST and NumPy only.
"""

from __future__ import annotations

from typing import Any

import nest
import numpy as np

Data = dict[str, Any]

CURVES = {"linear_growth": "linear", "gaussian_growth": "gaussian", "sigmoid_growth": "sigmoid"}


def grows(network: Data, projection: Data) -> bool:
    """Whether the synapses of a projection grow from nothing."""
    return any(r["projection"] == projection["name"] for r in network.get("rewirings", ()))


def let_grow(network: Data, populations: dict[str, Any]) -> None:
    """Give neurons synaptic elements, and let these connect."""
    for owner in network["synaptic_elements"]:
        elements = {kind: element(curve) for kind, curve in owner["elements"].items()}
        shared = {name: owner[name] for name in ("tau_Ca", "beta_Ca", "Ca")}
        populations[owner["population"]].set(shared | {"synaptic_elements": elements})
    projections = {p["name"]: p for p in network["projections"]}
    synapses = {}
    for rewiring in network["rewirings"]:
        ends = {f"{e}_synaptic_element": rewiring[f"{e}_synaptic_element"] for e in ("pre", "post")}
        name = f"synapse_{'_'.join(ends.values())}"
        projection = projections[rewiring["projection"]]
        if name not in synapses:
            nest.CopyModel("static_synapse", name)
            numbers = {key: projection[key]["value"] for key in ("weight", "delay")}
            nest.SetDefaults(name, numbers)
            synapses[name] = {"synapse_model": name, **ends}
    nest.structural_plasticity_synapses = synapses
    nest.structural_plasticity_update_interval = network["rewirings"][0]["every"]
    nest.EnableStructuralPlasticity()


def element(curve: Data) -> Data:
    """Synaptic elements of one kind."""
    numbers = {name: value for name, value in curve.items() if name != "kind"}
    return {"growth_curve": CURVES[curve["kind"]], **numbers}


def simulate(network: Data, populations: dict[str, Any], duration: float) -> Data:
    """Simulate, and look before every update: calcium and elements as they are then.

    The end of a call of Simulate brings elements up to date, as the update would.
    """
    every = network["rewirings"][0]["every"]
    found: dict[str, list[Any]] = {}
    for _ in range(round(duration / every)):
        nest.Simulate(every)
        for owner in network["synaptic_elements"]:
            name, nodes = owner["population"], populations[owner["population"]]
            found.setdefault(f"{name}/Ca", []).append(nodes.get("Ca"))
            states = nodes.get("synaptic_elements")
            states = [states] if len(nodes) == 1 else states
            for kind in owner["elements"]:
                for number in ("z", "z_connected"):
                    values = [of_neuron[kind][number] for of_neuron in states]
                    found.setdefault(f"{name}/{kind}/{number}", []).append(values)
    return {name: np.array(values) for name, values in found.items()}
