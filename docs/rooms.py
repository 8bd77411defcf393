"""Read the imports of the source and draw the rooms: ``python docs/rooms.py`` writes rooms.svg.

A room is a folder.  An arrow goes from a room to each room that it takes something from, imports
inside functions included.  Names taken from a package go to the file in which they live.
"""

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("heavytail_snn", "models", "analysis")
FLOORS = (  # from the ground up; an import never points up
    ("core",),
    ("weights", "door", "recording/review"),
    ("recording/raw",),
    ("recording/formats/tree", "recording/formats/sorters"),
    (
        "recording/formats/text",
        "recording/formats/numpy_files",
        "recording/formats/matlab",
        "recording/formats/objects",
    ),
    ("recording/formats/hdf5_files",),
    ("recording/formats",),
    ("recording/writers", "recording"),
    ("data", "brian"),
    ("brian/simulation",),
    ("models", "models/rate", "models/binary", "models/brian", "models/pulse"),
    ("analysis/theory/numerics", "analysis/spectra", "analysis/dimension", "analysis/toolbox"),
    ("analysis/recorded",),
    ("analysis/theory/rate", "analysis/lyapunov/tangent", "analysis/lyapunov/hybrid/kernels"),
    ("analysis/theory/binary_networks",),
    ("analysis/theory/stable", "analysis/theory/lif", "analysis/lyapunov/events"),
    ("analysis/theory/codes", "analysis/lyapunov/rate", "analysis/lyapunov/brian/saltation"),
    ("analysis/theory", "analysis/geometry", "analysis/lyapunov/hybrid"),
    ("analysis/lyapunov/brian", "analysis/lyapunov/hybrid/exact"),
    ("analysis/lyapunov",),
    ("analysis",),
    ("analysis/sweep/entry",),
    ("analysis/sweep/models", "analysis/sweep/measures"),
    ("analysis/study", "analysis/sweep"),
    ("face",),
    ("cli",),
)


@dataclass(frozen=True)
class Import:
    """One import: which file takes from which, and whether only when a function is called."""

    taker: Path
    giver: Path
    later: bool


def sources() -> list[Path]:
    """Return the source files, relative to the repository."""
    return sorted(
        path.relative_to(ROOT) for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")
    )


def room(path: Path) -> str:
    """Return the room of a file: its folder in the package; the package itself is the "face"."""
    if path.as_posix() == "heavytail_snn/__main__.py":
        return "cli"
    folder = path.parent.as_posix().removeprefix("heavytail_snn/")
    return "face" if folder == "heavytail_snn" else folder


def is_face(path: Path) -> bool:
    """Return whether a file only hands on the names of its package."""
    return path.name == "__init__.py"


def imports() -> list[Import]:
    """Return all imports between source files, those for type checkers left out."""
    files = {_module(path): path for path in sources()}
    homes = {module: _stub(path) for module, path in files.items() if is_face(path)}
    found = set()
    for taker in files.values():
        for node, later in _statements(taker):
            for name in _names(node):
                giver = _home(name, files, homes)
                if giver is not None and giver != taker:
                    found.add(Import(taker, giver, later))
    return sorted(found, key=lambda item: (str(item.taker), str(item.giver), item.later))


def room_arrows() -> set[tuple[str, str]]:
    """Return (room that takes, room that gives), without the faces of packages."""
    return {
        (room(item.taker), room(item.giver))
        for item in imports()
        if not is_face(item.taker) and room(item.taker) != room(item.giver)
    }


def fingerprint() -> str:
    """Return a hash of rooms and arrows, which the picture carries."""
    rooms = sorted({f"{room(path)}" for path in sources()})
    return hashlib.sha256(repr((rooms, sorted(room_arrows()))).encode()).hexdigest()[:16]


def _module(path: Path) -> str:
    parts = list(path.with_suffix("").parts)
    if parts[0] != "heavytail_snn":
        parts.insert(0, "heavytail_snn")
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _stub(path: Path) -> dict[str, str]:
    stub = ROOT / path.with_suffix(".pyi")
    if not stub.exists():
        return {}
    return {
        alias.name: f"{node.module}.{alias.name}"
        for node in ast.parse(stub.read_text()).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def _statements(path: Path) -> Iterator[tuple[ast.AST, bool]]:
    """Yield each import statement, and whether it stands inside a function."""
    stack: list[tuple[ast.AST, bool]] = [(ast.parse((ROOT / path).read_text()), False)]
    while stack:
        node, later = stack.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node, later
        inside = later or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        stack += [(child, inside) for child in ast.iter_child_nodes(node)]


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module}.{alias.name}" for alias in node.names]
    assert isinstance(node, ast.Import)
    return [alias.name for alias in node.names]


def _home(name: str, files: dict[str, Path], homes: dict[str, dict[str, str]]) -> Path | None:
    """Return the file in which an imported name lives; None for other packages."""
    if name in files:
        return files[name]
    package, _, part = name.rpartition(".")
    known = homes.get(package, {})
    if part in known and known[part] != name:
        return _home(known[part], files, homes)
    return files.get(package)


def direct(arrows: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return the arrows that are not implied by longer ways: what a picture has room for."""
    graph: dict[str, set[str]] = {}
    for taker, giver in arrows:
        graph.setdefault(taker, set()).add(giver)

    def reaches(start: str, goal: str) -> bool:
        return start == goal or any(reaches(step, goal) for step in graph.get(start, ()))

    return {
        (a, b) for a, b in arrows if not any(reaches(step, b) for step in graph[a] if step != b)
    }


def draw(path: Path) -> None:
    """Draw the rooms floor by floor, with their number of files, and the arrows between them."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "rooms", "font.size": 8})
    files = sources()
    width, place = 9.0, {}
    figure, axes = plt.subplots(figsize=(width, 0.85 * len(FLOORS)))
    for height, floor in enumerate(FLOORS):
        for number, name in enumerate(floor):
            # every second floor is shifted a little, so that arrows do not pass behind rooms
            shift = 0.35 * (-1) ** height if len(floor) < 4 else 0.0
            place[name] = ((number + 0.5) * width / len(floor) + shift, float(height))
    for taker, giver in sorted(direct(room_arrows())):
        level = place[taker][1] == place[giver][1]
        axes.annotate(
            "",
            place[giver],
            place[taker],
            arrowprops={
                "arrowstyle": "-|>",
                "color": "#4477aa",
                "alpha": 0.7,
                "shrinkA": 13,
                "shrinkB": 13,
                "linewidth": 0.9,
                "connectionstyle": "arc3,rad=0.3" if level else "arc3",
            },
        )
    for name, (x, y) in place.items():
        count = sum(room(path) == name and not is_face(path) for path in files)
        size = "1 file" if count == 1 else f"{count} files" if count else "names only"
        label = "import heavytail_snn" if name == "face" else name.removeprefix("analysis/")
        axes.text(
            x,
            y,
            f"{label}\n{size}",
            ha="center",
            va="center",
            bbox={"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": "#333333"},
        )
    axes.set(xlim=(0, width), ylim=(-0.6, len(FLOORS) - 0.4))
    axes.axis("off")
    metadata = {"Date": None, "Description": fingerprint(), "Title": "Rooms of heavytail_snn"}
    figure.savefig(path, bbox_inches="tight", metadata=metadata)
    plt.close(figure)


if __name__ == "__main__":
    draw(ROOT / "docs/rooms.svg")
