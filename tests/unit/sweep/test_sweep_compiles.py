"""A sweep of C++ networks compiles once, whatever its sizes, wirings, seeds and workers."""

import shutil

import numpy as np
import pytest
import xarray as xr
from brian2 import mV, second

import heavytail_snn as ht

pytestmark = [
    pytest.mark.slow,
    pytest.mark.standalone,
    pytest.mark.skipif(
        shutil.which("make") is None or shutil.which("g++") is None, reason="needs make and g++"
    ),
]
WIRINGS = {"degree": {"in_degree": 100}, "probability": {"in_degree": 0, "probability": 0.1}}


def test_sixty_four_networks_of_two_wirings_compile_once_and_agree(counted_compiler, tmp_path):
    found = {}
    for wiring, given in WIRINGS.items():
        for workers in (2, 1):
            sweep = ht.sweep(
                "lif", gain=np.linspace(5, 40, 8) * mV, seed=range(8), measure=["rate", "cv"],
                duration=0.5 * second, transient=0.1 * second, **given,
                store=tmp_path / f"{wiring}-{workers}.zarr",
            )  # fmt: skip
            status = sweep.run(workers=workers, progress=False)
            assert (status.done, status.failed) == (64, 0), status.errors
            found[wiring, workers] = sweep.dataset().drop_attrs()
        xr.testing.assert_identical(found[wiring, 1], found[wiring, 2])
    assert sum("-o main " in call for call in counted_compiler()) == 1
    rates = found["probability", 1]["rate"]
    assert np.unique(rates).size == 64
    assert float(rates.min()) > 1
