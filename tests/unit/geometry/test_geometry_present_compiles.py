"""All stimuli of a presentation run through one compiled program."""

import os
import shutil
import stat

import numpy as np
import pytest
from brian2 import ms, mV

from heavytail_snn.analysis.geometry import present
from heavytail_snn.models import LIFNetwork, WhiteNoise
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.laws import LevyStable
from heavytail_snn.weights.wiring import FixedInDegree

COUPLING = Coupling(LevyStable(1.5), FixedInDegree(20), autapses=False)


@pytest.mark.standalone
@pytest.mark.skipif(
    shutil.which("make") is None or shutil.which("g++") is None, reason="needs make and g++"
)
def test_stimuli_repeats_and_codings_compile_once(tmp_path, monkeypatch):
    log, wrapper = tmp_path / "calls", tmp_path / "bin" / "g++"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\necho "$@" >> {log}\nexec {shutil.which("g++")} "$@"\n')
    wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{wrapper.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("HEAVYTAIL_CACHE", str(tmp_path / "cache"))
    network = LIFNetwork(COUPLING, 100, drive=24 * mV, noise=WhiteNoise(1 * mV))
    patterns = np.random.default_rng(1).standard_normal((3, 100))
    options = {"amplitude": 3 * mV, "n_repeats": 2, "backend": "cpp", "seed": 1}
    counts = present(network, patterns, 50 * ms, noise="fresh", **options).counts()
    calls = log.read_text().splitlines()
    assert sum("-o main " in call for call in calls) == 1
    assert counts.shape == (3, 100, 2)
    flat = [counts[s, :, r] for s in range(3) for r in range(2)]
    assert all(np.any(flat[i] != flat[j]) for i in range(6) for j in range(i))
    # another presentation with other stimuli, under frozen noise: no compiler at all
    present(network, -patterns, 50 * ms, noise="frozen", **options)
    assert log.read_text().splitlines() == calls
