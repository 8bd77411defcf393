"""Machines that forbid something: no place to write, no home, no sysconf, little memory, odd paths.

Each program runs in a process of its own, on a copy of the package in a folder whose name has
spaces and letters beyond ASCII.  The copy is read-only in a way that binds an administrator too: a
file stands where Python and numba would make their cache folders.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOWHERE = "/dev/null/home"  # cannot be made, by nobody

PROGRAM = """
from brian2 import ms, mV

import heavytail_snn as ht
from heavytail_snn.analysis import lyapunov_spectrum
from heavytail_snn.models import LIFNetwork, RateMap

coupling = ht.Coupling(ht.LevyStable(1.5), ht.FixedInDegree(20), autapses=False)
weights = coupling.sample(100, seed=1)
assert weights.nnz == 2000
recording = ht.simulate(LIFNetwork(coupling, 100, drive=24 * mV), 50 * ms, seed=1)
assert recording.n_spikes > 50
assert len(lyapunov_spectrum(RateMap(weights, gain=2.0), k=2, seed=1, n_steps=20).exponents) == 2
recording.write("recording é.npz")
assert ht.Recording.read("recording é.npz") == recording
print("file", ht.__file__)
"""
NO_USER = """
import pwd


def unknown(uid):
    raise KeyError(uid)


pwd.getpwuid = unknown
from brian2 import prefs

prefs.codegen.target = "numpy"  # Cython would compile into a folder named ~
"""
NO_SYSCONF = """
import asyncio  # which takes os.sysconf for granted where the system is not Windows
import os

del os.sysconf
"""
LITTLE_MEMORY = """
import resource

from brian2 import NeuronGroup, Synapses

import heavytail_snn as ht

resource.setrlimit(resource.RLIMIT_AS, ({limit}, {limit}))
neurons = NeuronGroup(20_000, "v : 1")
synapses = Synapses(neurons, neurons, "w : 1")
coupling = ht.Coupling(ht.Gaussian(), ht.FixedInDegree(19_999))  # some 20 GB
try:
    ht.connect(synapses, coupling, seed=1)
except ht.MemoryLimitError as error:
    print("refused:", error)
"""


@pytest.fixture(scope="module")
def locked(tmp_path_factory) -> Path:
    """Return the folder that holds a read-only copy of the package."""
    folder = tmp_path_factory.mktemp("plain") / "two words, naïve Ω"
    package, ignore = folder / "heavytail_snn", shutil.ignore_patterns("__pycache__", "*.pyc")
    shutil.copytree(ROOT / "heavytail_snn", package, ignore=ignore)
    for name in ("models", "analysis"):
        shutil.copytree(ROOT / name, package / name, ignore=ignore, dirs_exist_ok=True)
    folders = [package, *(path for path in package.rglob("*") if path.is_dir())]
    for each in folders:
        (each / "__pycache__").write_text("a file, so that no folder can be made here")
        each.chmod(0o555)
    yield folder
    for each in folders:
        each.chmod(0o755)


def run(locked: Path, program: str, folder: Path, **environment: str) -> str:
    """Run a program with the copy and nothing of this process's environment; return its output."""
    work = folder / "work ß"
    work.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=work,
        env={
            "PATH": os.defpath,
            "PYTHONPATH": str(locked),
            "MPLBACKEND": "Agg",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr


def test_read_only_package_and_a_home_that_cannot_be_written(locked, tmp_path):
    output = run(locked, PROGRAM, tmp_path, HOME=NOWHERE)
    assert f"file {locked}" in output
    assert output.count("kernels are compiled anew") == 1
    assert "NUMBA_CACHE_DIR" in output


def test_home_is_not_set(locked, tmp_path):
    assert f"file {locked}" in run(locked, PROGRAM, tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows every user")
def test_neither_home_nor_user(locked, tmp_path):
    """A container that runs under a number without an account."""
    # older releases of matplotlib need this to be imported there at all
    output = run(locked, NO_USER + PROGRAM, tmp_path, MPLCONFIGDIR=str(tmp_path))
    assert f"file {locked}" in output


def test_kernels_are_kept_where_the_user_says(locked, tmp_path):
    kept = tmp_path / "kept kernels"
    output = run(locked, PROGRAM, tmp_path, HOME=NOWHERE, NUMBA_CACHE_DIR=str(kept))
    assert "compiled anew" not in output
    assert list(kept.rglob("*.nbc"))


def test_no_sysconf(locked, tmp_path):
    assert f"file {locked}" in run(locked, NO_SYSCONF + PROGRAM, tmp_path, HOME=NOWHERE)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit address space")
def test_a_process_limit_below_the_physical_memory_is_obeyed(locked, tmp_path):
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = min(physical // 2, 4 * 10**9)
    output = run(locked, LITTLE_MEMORY.format(limit=limit), tmp_path, HOME=NOWHERE)
    assert "refused:" in output
    assert f"max_memory = {0.9 * limit / 1e9:.3g} GB" in output


@pytest.mark.standalone
@pytest.mark.skipif(
    shutil.which("make") is None or shutil.which("g++") is None, reason="needs make and g++"
)
def test_compiled_programs_in_a_folder_with_spaces_and_umlauts(locked, tmp_path):
    program = PROGRAM.replace("50 * ms, seed=1)", '50 * ms, seed=1, backend="cpp")')
    cache = tmp_path / "gebaute Programme für π"
    output = run(locked, program, tmp_path, HOME=NOWHERE, HEAVYTAIL_CACHE=str(cache))
    assert f"file {locked}" in output
    assert list(cache.rglob("main"))
