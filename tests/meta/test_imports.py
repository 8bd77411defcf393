"""Imports: no circle, no arrow up, rooms of a size, cheap, and the same from every place."""

import graphlib
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import rooms

import heavytail_snn as ht

HEAVY = (
    "scipy.stats", "xarray", "pandas", "neo", "elephant", "matplotlib", "numba", "brian2cuda",
)  # fmt: skip
BRIAN_ROOMS = ("lyapunov", "study", "sweep", "theory")
FLOOR = {name: floor for floor, names in enumerate(rooms.FLOORS) for name in names}


def in_order(arrows):
    """Return the nodes in an order without arrows back, or raise CycleError."""
    graph = {}
    for taker, giver in arrows:
        graph.setdefault(taker, set()).add(giver)
    return list(graphlib.TopologicalSorter(graph).static_order())


def test_every_room_has_a_floor():
    assert {rooms.room(path) for path in rooms.sources()} == set(FLOOR)


def test_no_import_points_up():
    up = [(a, b) for a, b in rooms.room_arrows() if FLOOR[b] > FLOOR[a]]
    assert not up


def test_there_is_no_circle_between_rooms_deferred_imports_included():
    assert len(in_order(rooms.room_arrows())) > 20


def test_there_is_no_circle_between_files_deferred_imports_included():
    arrows = [(i.taker, i.giver) for i in rooms.imports() if not rooms.is_face(i.taker)]
    assert len(in_order(arrows)) > 150


def test_the_readers_of_imports_see_what_they_must():
    found = {(str(i.taker), str(i.giver), i.later) for i in rooms.imports()}
    laws, files = "heavytail_snn/weights/laws.py", "heavytail_snn/recording/files.py"
    assert (laws, "heavytail_snn/weights/law.py", False) in found
    assert ("heavytail_snn/recording/exchange.py", files, True) in found  # inside a function
    assert (files, "heavytail_snn/recording/recording.py", False) not in found  # for types only
    with pytest.raises(graphlib.CycleError):
        in_order([("a", "b"), ("b", "c"), ("c", "a")])


def test_rooms_and_files_have_a_size_that_can_be_overseen():
    everywhere = [*(p for p in rooms.ROOT.glob("tests/**/*.py")), *rooms.ROOT.glob("examples/**/*")]
    files = [*(rooms.ROOT / path for path in rooms.sources()), *everywhere]
    counts = Counter(path.parent for path in files if "__pycache__" not in path.parts)
    assert max(counts.values()) <= 20, counts.most_common(3)
    for path in rooms.sources():
        assert len((rooms.ROOT / path).read_text().splitlines()) <= 400, path


def test_theory_never_imports_a_simulation_and_kernels_no_brian():
    for path in rooms.sources():
        text = (rooms.ROOT / path).read_text()
        if path.parts[:2] == ("analysis", "theory"):
            assert "heavytail_snn.models" not in text, path
            assert "brian.simulation" not in text, path
        if path.parts[0] == "analysis" and path.parts[1] not in BRIAN_ROOMS:
            assert "import brian2" not in text, path
            assert "from brian2" not in text, path


def test_no_public_name_is_hidden_by_a_file_of_the_same_name():
    for face in (ht, ht.models, ht.analysis, ht.analysis.lyapunov, ht.analysis.theory):
        folders = [Path(place) for place in face.__path__]
        for name in face.__all__:
            beside = any((f / f"{name}.py").exists() or (f / name).is_dir() for f in folders)
            assert not beside or type(getattr(face, name)).__name__ == "module", name


def test_a_misspelt_name_gets_a_did_you_mean():
    with pytest.raises(AttributeError, match="did you mean 'LevyStable'"):
        ht.LevyStabel  # noqa: B018


def run(code, **options):
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, **options
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_importing_loads_nothing_heavy():
    assert run("import heavytail_snn, sys; print(*sys.modules)").count("heavytail_snn") == 1
    alone = set(run("import heavytail_snn, sys; print(*sys.modules)"))
    assert not alone & {"numpy", "brian2", *HEAVY}
    beside = "import brian2, sys; old = {*sys.modules}; import heavytail_snn; "
    added = run(f"{beside} print(*({{*sys.modules}} - old))")
    assert "heavytail_snn.brian.functions" in added
    assert not set(added) & set(HEAVY)


@pytest.mark.parametrize("first", ["brian2", "heavytail_snn"])
def test_brian_knows_the_functions_whichever_is_imported_first(first):
    second = {"brian2": "heavytail_snn", "heavytail_snn": "brian2"}[first]
    code = (
        f"import {first}, {second}; from brian2.core.functions import DEFAULT_FUNCTIONS as known; "
        "print(*known); import brian2; print(repr(brian2.prefs['heavytail_snn.cache_directory']))"
    )
    assert {"levy_stable", "stable_ug", "normal_cdf", "''"} <= set(run(code))


def test_the_checkout_works_without_installation(tmp_path):
    """In the root, without the finder of an editable installation, and beside an installed copy."""
    code = (
        "import sys; sys.meta_path = [f for f in sys.meta_path if 'editable' not in repr(f)]; "
        "sys.path.insert(0, '.'); "
        "import heavytail_snn as ht; print(ht.models.__file__, ht.analysis.theory.__file__)"
    )
    here = [str(rooms.ROOT / "models/__init__.py"), str(rooms.ROOT / "analysis/theory/__init__.py")]
    assert run(code, cwd=rooms.ROOT) == here
    installed = tmp_path / "heavytail_snn"
    installed.mkdir()
    (installed / "__init__.py").write_text("raise ImportError('the installed copy')")
    shadow = f"import sys; sys.path.append({str(tmp_path)!r}); {code}"
    assert run(shadow, cwd=rooms.ROOT) == here


def test_the_picture_shows_the_rooms_of_today():
    picture = (rooms.ROOT / "docs/rooms.svg").read_text()
    assert rooms.fingerprint() in picture, "run: python docs/rooms.py"


@pytest.mark.parametrize(
    "module",
    [
        "brian.cache", "brian.internals", "brian.functions", "brian.device", "core.units",
        "cli.machine", "models.brian.lif", "analysis.lyapunov.brian.front", "recording.traces",
    ],
)  # fmt: skip
def test_any_file_may_be_imported_first(module):
    code = (
        f"import heavytail_snn.{module}, brian2; from brian2.core.functions import "
        "DEFAULT_FUNCTIONS as known; print('levy_stable' in known)"
    )
    assert run(code) == ["True"]
