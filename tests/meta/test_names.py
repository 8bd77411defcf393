"""Names other code relies on, import floors, and rules of the house that a machine can check."""

import ast
import inspect
from pathlib import Path

import pytest

import heavytail_snn as ht

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("heavytail_snn", "models", "analysis")
SOURCES = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]

PROMISED = """
LevyStable LogNormal Pareto StudentT Gaussian Constant Exponential Mixture AllToAll
FixedProbability FixedInDegree Coupling Dale Inhibitory simulate connect Recording
models.RateMap models.RateFlow models.BinaryNetwork models.LIFNetwork models.ThetaNetwork
models.RapidThetaNetwork models.ConductanceLIFNetwork
analysis.lyapunov_spectrum analysis.lyapunov_spectrum_from_jacobians
analysis.lyapunov_spectrum_of_brian analysis.kaplan_yorke_dimension analysis.entropy_rate
analysis.participation_ratio analysis.power_spectrum analysis.cross_spectrum
analysis.spike_statistics analysis.compare
analysis.theory.quiescent_gain analysis.theory.rate_flow analysis.theory.rate_map
analysis.theory.rate_map_spectrum analysis.theory.binary analysis.theory.stable_map
analysis.theory.stable_sign_map analysis.theory.response_kernel analysis.theory.siegert
""".split()


@pytest.mark.parametrize("name", PROMISED)
def test_promised_names_exist_are_callable_and_documented(name):
    thing = ht
    for part in name.split("."):
        thing = getattr(thing, part)
    assert callable(thing)
    assert len(inspect.getdoc(thing) or "") > 20


def _imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_only_the_brian_rooms_import_brian():
    # reading Brian2 objects, running them, and copies of networks
    allowed = ("symbolic", "brian", "dt_scan", "copies", "replicas")
    for path in (ROOT / "analysis").rglob("*.py"):
        if any(name.split(".")[0] in ("brian2", "brian2cuda") for name in _imports(path)):
            assert path.stem.startswith(allowed), path


def test_theory_never_imports_a_network_simulation():
    forbidden = (
        "heavytail_snn.brian.simulation.simulate",
        "heavytail_snn.brian.simulation.runtime",
        "heavytail_snn.analysis.lyap",
    )
    for path in (ROOT / "analysis" / "theory").rglob("*.py"):
        bad = [name for name in _imports(path) if name.startswith(forbidden)]
        assert not bad, (path, bad)


def test_foundations_import_nothing_above_them():
    floors = ["errors", "randomness", "results", "law", "laws", "wiring", "coupling", "recording"]
    above = ("models", "analysis", "simulation", "backends", "demo", "cli")
    for name in floors:
        for module in _imports(ROOT / "heavytail_snn" / f"{name}.py"):
            assert not module.startswith(tuple(f"heavytail_snn.{a}" for a in above)), (name, module)


def test_the_library_prints_nothing_and_hides_no_exception():
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print":
                raise AssertionError(f"{path}:{node.lineno} prints")
            if isinstance(node, ast.ExceptHandler):
                assert node.type is not None, f"{path}:{node.lineno} bare except"
                silent = len(node.body) == 1 and isinstance(node.body[0], ast.Pass)
                assert not silent, f"{path}:{node.lineno} hides an exception"


def test_no_file_names_say_nothing():
    for path in SOURCES:
        assert path.stem not in {"utils", "helpers", "misc", "common", "tools"}, path


def test_brian2cuda_is_not_imported_with_the_package():
    import subprocess
    import sys

    code = "import heavytail_snn, sys; sys.exit('brian2cuda' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
