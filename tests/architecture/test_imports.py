"""Arrows run one way, there is no circle, and heavy packages stay in the folder that owns them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from tests.architecture.source import Module, expect_none, module, modules

LAYERS = (
    {"errors", "units"},
    {"model", "rules", "frames", "analysis"},
    {"build", "record", "presets"},
    {"engine"},
    {"arrays"},
    {"cpu", "cuda"},
    {"session", "learning", "interop", "plots"},
    {"cluster"},
    {"launch"},
    {"bench", "batch", "doctor", "dry_run", "lab", "lab_server"},
    {"root"},
    {"cli", "widgets"},
    {"__main__"},
)
"""Each may import what stands above it, and its neighbours as long as they do not import it."""

LEVEL = {component: level for level, layer in enumerate(LAYERS) for component in layer}

MAY_IMPORT_ONLY = {"presets": {"errors", "units", "model", "presets"}}

OWNERS = {
    "holoviews": ("snnlab.plots",),
    "datashader": ("snnlab.plots",),
    "mpi4py": ("snnlab.cluster",),
    "ipyparallel": ("snnlab.cluster",),
    "cupy": ("snnlab.cuda", "snnlab.cluster.devices"),
    "ipywidgets": ("snnlab_widgets",),
    "anywidget": ("snnlab_widgets",),
    "jupyter_server": ("snnlab.lab_server",),
    "benchmarks": (),
}
"""Foreign package -> the only places that import it, early or late."""


def target_component(target: str, names: Iterable[str]) -> str | None:
    """Component that an import leads to; None outside snnlab, and for the bare package."""
    first, _, rest = target.partition(".")
    if first == "snnlab_widgets":
        return "widgets"
    if first != "snnlab" or not rest or rest.startswith("__"):
        return None
    component = rest.partition(".")[0]
    return component if f"snnlab.{component}" in names else "root"


def arrows(source: Iterable[Module]) -> dict[tuple[str, str], str]:
    """Pairs (component, component that it imports) -> one place where it does."""
    source = list(source)
    names = {m.name for m in source}
    found: dict[tuple[str, str], str] = {}
    for m in source:
        for imported in m.imports():
            target = target_component(imported.target, names)
            if target is not None and target != m.component:
                place = f"{m.name}:{imported.line} imports {imported.target}"
                found.setdefault((m.component, target), place)
    return found


def unknown_components(source: Iterable[Module]) -> list[str]:
    """Components that no layer names."""
    return sorted({m.component for m in source} - set(LEVEL))


def back_up_arrows(source: Iterable[Module]) -> list[str]:
    """Imports that lead to a higher layer, or out of the set that a component is held to."""
    return [
        place
        for (start, end), place in arrows(source).items()
        if LEVEL[end] > LEVEL[start] or end not in MAY_IMPORT_ONLY.get(start, LEVEL)
    ]


def circles(graph: Mapping[str, Iterable[str]]) -> list[str]:
    """Circles of a graph, each written as a path that returns to its start."""
    found: list[str] = []
    done: set[str] = set()

    def visit(node: str, path: list[str]) -> None:
        if node in path:
            found.append(" -> ".join([*path[path.index(node) :], node]))
        elif node not in done:
            for following in sorted(graph.get(node, ())):
                visit(following, [*path, node])
            done.add(node)

    for node in sorted(graph):
        visit(node, [])
    return found


def component_graph(source: Iterable[Module]) -> dict[str, set[str]]:
    """Which component imports which, counting late imports too."""
    graph: dict[str, set[str]] = {}
    for start, end in arrows(source):
        graph.setdefault(start, set()).add(end)
    return graph


def module_graph(source: Iterable[Module]) -> dict[str, set[str]]:
    """Which module imports which while it is loaded."""
    source = list(source)
    names = {m.name for m in source}
    graph: dict[str, set[str]] = {}
    for m in source:
        early = [i.target for i in m.imports() if not i.late and not i.typing]
        ends = {t if t in names else t.rpartition(".")[0] for t in early}
        graph[m.name] = (ends & names) - {m.name}
    return graph


def strays(source: Iterable[Module]) -> list[str]:
    """Imports of a foreign package outside the place that owns it."""
    return [
        f"{m.name}:{imported.line} imports {imported.target}"
        for m in source
        for imported in m.imports()
        for package, owners in OWNERS.items()
        if imported.target.partition(".")[0] == package
        and not any(m.name == owner or m.name.startswith(owner + ".") for owner in owners)
    ]


def test_every_component_has_a_layer() -> None:
    expect_none(unknown_components(modules()))


def test_no_arrow_leads_back_up() -> None:
    expect_none(back_up_arrows(modules()))


def test_no_circle_between_components() -> None:
    expect_none(circles(component_graph(modules())))


def test_no_circle_between_modules() -> None:
    expect_none(circles(module_graph(modules())))


def test_foreign_packages_stay_with_their_owner() -> None:
    expect_none(strays(modules()))


MODEL = module("snnlab.model", "")
SESSION = module("snnlab.session", "")


@pytest.mark.parametrize(
    "source",
    [
        "import snnlab.session",
        "from snnlab import session",
        "from snnlab.session import Session",
        "from snnlab import Network",
        "def late():\n    from snnlab.session import Session",
        "if TYPE_CHECKING:\n    import snnlab.session",
    ],
)
def test_planted_back_up_arrow_is_found(source: str) -> None:
    planted = module("snnlab.model.network", source)
    assert len(back_up_arrows([MODEL, SESSION, planted])) == 1


def test_planted_preset_that_runs_itself_is_found() -> None:
    planted = module("snnlab.presets.brunel", "from snnlab.rules import parse")
    assert len(back_up_arrows([module("snnlab.rules", ""), planted])) == 1


def test_version_may_be_read_everywhere() -> None:
    planted = module("snnlab.record.provenance", "from snnlab import __version__")
    assert back_up_arrows([planted]) == []


def test_planted_unknown_component_is_found() -> None:
    assert unknown_components([module("snnlab.misc.bits", "")]) == ["misc"]


def test_planted_neighbour_circle_is_found() -> None:
    planted = [
        module("snnlab.rules", "import snnlab.model"),
        module("snnlab.model", "def late():\n    import snnlab.rules"),
    ]
    assert back_up_arrows(planted) == []
    assert circles(component_graph(planted)) == ["model -> rules -> model"]


def test_planted_module_circle_is_found() -> None:
    planted = [
        module("snnlab.model.a", "from snnlab.model.b import B"),
        module("snnlab.model.b", "from snnlab.model import a"),
    ]
    assert circles(module_graph(planted)) == ["snnlab.model.a -> snnlab.model.b -> snnlab.model.a"]


@pytest.mark.parametrize(
    "source",
    [
        "import holoviews as hv",
        "def f():\n    from mpi4py import MPI",
        "from benchmarks.machine import machine",
    ],
)
def test_planted_stray_import_is_found(source: str) -> None:
    assert len(strays([module("snnlab.session", source)])) == 1
    assert strays([module("snnlab.plots.raster", "import holoviews")]) == []
