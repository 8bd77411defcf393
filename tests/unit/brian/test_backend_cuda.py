"""CUDA projects: generated everywhere, compiled where nvcc is, run where a GPU is."""

import shutil
import subprocess

import numpy as np
import pytest
from brian2 import Network, NetworkOperation, NeuronGroup, Synapses, ms, mV

from heavytail_snn.brian.device import active_device, preferences
from heavytail_snn.brian.simulation import cuda_tools
from heavytail_snn.brian.simulation.cuda import Cuda, problems
from heavytail_snn.brian.simulation.cuda_export import export_cuda, read_results
from heavytail_snn.brian.simulation.prepare import prepare
from heavytail_snn.brian.simulation.project import fingerprint
from heavytail_snn.brian.simulation.simulate import simulate
from heavytail_snn.core.errors import BackendError
from heavytail_snn.models import BinaryNetwork, LIFNetwork, WhiteNoise
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.laws import LevyStable
from heavytail_snn.weights.wiring import FixedInDegree

pytest.importorskip("brian2cuda", reason="CUDA generation was not checked: no brian2cuda")

COUPLING = Coupling(LevyStable(1.5), FixedInDegree(20), autapses=False)
NETWORKS = {
    "lif": LIFNetwork(COUPLING, 100, drive=24 * mV),
    "noisy_lif": LIFNetwork(COUPLING, 100, noise=WhiteNoise(3 * mV), synapse="alpha"),
    "binary": BinaryNetwork(COUPLING, 100, noise=0.5, noise_alpha=1.5),
}
no_nvcc = shutil.which("nvcc") is None or cuda_tools.find_curand() is None


@pytest.mark.cuda_generate
@pytest.mark.parametrize("name", NETWORKS)
def test_project_is_generated_complete_and_reproducibly(tmp_path, name):
    run = prepare(NETWORKS[name], 10 * ms, seed=1, record=["v" if "lif" in name else "state"])
    folder = export_cuda(run, tmp_path / "project")
    for file in ("main.cu", "objects.cu", "rand.cu", "makefile", "build.sh", "run.sh", "README"):
        assert (folder / file).exists(), file
    main = (folder / "main.cu").read_text()
    assert 'network.run(atof(getenv("HEAVYTAIL_DURATION"))' in main
    assert "random_number_buffer.set_seed(heavytail_seed)" in main
    makefile = (folder / "makefile").read_text()
    assert "-use_fast_math" not in makefile
    assert "-std=c++17" in makefile.split("-std=c++11", 1)[1]  # the last one wins
    command = (folder / "run.sh").read_text()
    assert "HEAVYTAIL_DURATION=0.01" in command
    assert f"HEAVYTAIL_SEED={run.noise_seed} " in command
    for argument in command.split():
        key, _, value = argument.partition("=static_arrays/")
        if value:  # the program turns names of files into lower case
            assert (folder / "static_arrays" / value.lower()).exists(), key
    again = tmp_path / "again"
    Cuda().generate(run, again)
    for extra in ("run.sh", "README", "run.pickle"):
        (folder / extra).unlink()
    assert fingerprint(again) == fingerprint(folder)


@pytest.mark.cuda_generate
@pytest.mark.parametrize(
    ("code", "states"),
    [("x = levy_stable(1.5, 0)", True), ("x = stable_ug(1.5, 0, rand(), randn())", False)],
)
def test_random_states_are_allocated_where_levy_stable_draws(tmp_path, code, states):
    run = prepare(NETWORKS["lif"], 1 * ms)
    with (
        Cuda().settings(run),
        active_device("cuda_standalone", directory=str(tmp_path)) as device,
    ):
        group = NeuronGroup(77, "x : 1", name="drawers")
        group.run_regularly(code)
        Network(group).run(1 * ms, namespace={})
        device.build(directory=str(tmp_path), compile=False, run=False)
    text = (tmp_path / "rand.cu").read_text()
    assert ("num_curand_states = 77" in text) == states


@pytest.mark.cuda_generate
def test_heap_and_blocks_are_set_and_preferences_restored(tmp_path):
    from brian2 import prefs

    run = prepare(NETWORKS["lif"], 1 * ms)
    Cuda().generate(run, tmp_path / "project")
    assert "size_t limit = 128 * 1024 * 1024" in (tmp_path / "project" / "main.cu").read_text()
    assert prefs.devices.cuda_standalone.parallel_blocks == 1
    assert "-use_fast_math" in prefs.devices.cuda_standalone.cuda_backend.extra_compile_args_nvcc


def test_results_that_come_back_become_a_recording(tmp_path):
    """The files of a runtime run, written as the program writes them, give the same Recording."""
    import json

    run = prepare(NETWORKS["lif"], 50 * ms, seed=3, record=["v"])
    folder = export_cuda(run, tmp_path / "project")
    expected = simulate(NETWORKS["lif"], 50 * ms, backend="numpy", seed=3, record=["v"])
    with pytest.raises(BackendError, match="left no result"):
        read_results(folder)
    shuffled = np.random.default_rng(1).permutation(expected.n_spikes)  # unsorted, as on a GPU
    arrays = {
        "spikes.t": expected.times[shuffled],
        "spikes.i": expected.ids[shuffled],
        "neurons.finite_steps": np.full(100, 500),
        "neurons.v": np.zeros(100),
        "traces.v": expected.traces["v"].values,
    }
    files = json.loads((folder / "manifest.json").read_text())["results"]
    assert set(files) == set(arrays)
    for key, (name, dtype) in files.items():
        arrays[key].astype(dtype).tofile(folder / "results" / name)
    found = read_results(folder)
    assert found == expected
    assert found.attrs["seed"] == 3
    assert found.attrs["backend"] == "cuda"


def test_folders_that_do_not_fit_are_named(tmp_path):
    (tmp_path / "something").write_text("")
    with pytest.raises(BackendError, match="is not empty"):
        export_cuda(prepare(NETWORKS["lif"], 1 * ms), tmp_path)
    with pytest.raises(BackendError, match="made by export_cuda"):
        read_results(tmp_path)


def test_what_brian2cuda_would_get_wrong_is_named():
    with preferences(codegen__target="numpy"):
        group = NeuronGroup(2, "v : 1", threshold="v > 1", reset="v = 0", name="Upper")
        noisy = Synapses(group, group, "w : 1", on_pre="v_post += w*levy_stable(1.5, 0)", name="s")
        noisy.connect(i=[0], j=[1])
        operation = NetworkOperation(lambda: None, name="op")
        found = " ".join(problems(Network(group, noisy, operation)))
    assert "'op' would be dropped" in found
    assert "'Upper' must be lower case" in found
    assert "'s_pre' draws random numbers for each spike" in found
    quiet = NeuronGroup(2, "v : 1", threshold="v > 1", name="quiet")
    synapses = Synapses(quiet, quiet, on_pre="v_post += 1", name="plain")
    synapses.connect(i=[0], j=[1])
    assert problems(Network(quiet, synapses)) == []


def test_missing_tools_are_named(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    run = prepare(NETWORKS["lif"], 1 * ms)
    with pytest.raises(BackendError, match="nvidia-smi finds none"):
        Cuda().program(run)
    with pytest.raises(BackendError, match="needs nvcc"):
        Cuda().check_tools()
    nvcc = tmp_path / "nvcc"
    nvcc.write_text("#!/bin/sh\n")
    nvcc.chmod(0o755)
    monkeypatch.setattr(cuda_tools, "find_curand", lambda: None)
    with pytest.raises(BackendError, match="pip install nvidia-curand"):
        Cuda().check_tools()


@pytest.mark.cuda_build
@pytest.mark.skipif(no_nvcc, reason="CUDA compilation was not checked: nvcc or cuRAND is missing")
@pytest.mark.parametrize("name", ["noisy_lif", "binary"])
def test_project_compiles(tmp_path, name):
    folder = export_cuda(prepare(NETWORKS[name], 10 * ms), tmp_path / "project")
    cuda_tools.build(folder)
    assert (folder / "main").stat().st_size > 100_000


@pytest.mark.cuda_build
@pytest.mark.skipif(no_nvcc, reason="CUDA compilation was not checked: nvcc or cuRAND is missing")
def test_stable_numbers_compile_in_single_precision(tmp_path):
    with preferences(core__default_float_dtype=np.float32):
        run = prepare(NETWORKS["binary"], 10 * ms)
        folder = export_cuda(run, tmp_path / "project")
    weights = folder / "static_arrays" / "value_synapses.w"
    assert weights.stat().st_size == 4 * run.connectivity.n_synapses
    cuda_tools.build(folder, "code_objects/neurons_update_codeobject.o")
    assert (folder / "code_objects" / "neurons_update_codeobject.o").stat().st_size > 10_000


@pytest.mark.cuda
@pytest.mark.skipif(
    no_nvcc or cuda_tools.gpu_name() is None,
    reason="not checked: that CUDA gives the topology, first spikes and statistics of C++ (no GPU)",
)
@pytest.mark.parametrize("name", NETWORKS)
def test_gpu_agrees_with_the_processor(name):
    on_gpu = simulate(NETWORKS[name], 1000 * ms, backend="cuda", seed=1)
    reference = simulate(NETWORKS[name], 1000 * ms, backend="cpp", seed=1)
    if name == "lif":  # noise-free: equal until rounding has grown
        assert np.array_equal(on_gpu.times[:100], reference.times[:100])
        assert np.array_equal(on_gpu.ids[:100], reference.ids[:100])
    assert on_gpu.rates().mean() == pytest.approx(reference.rates().mean(), rel=0.1)


@pytest.mark.cuda
@pytest.mark.skipif(
    no_nvcc or cuda_tools.gpu_name() is None,
    reason="not checked: that an exported folder builds and runs by its own scripts (no GPU)",
)
def test_exported_folder_runs_by_its_own_scripts(tmp_path):
    run = prepare(NETWORKS["binary"], 100 * ms, seed=1)
    folder = export_cuda(run, tmp_path / "project")
    for script in ("build.sh", "run.sh"):
        subprocess.run(["sh", str(folder / script)], check=True)
    assert read_results(folder).n_spikes > 100
