"""The tangent of recorded spikes against finite differences of exact trajectories.

Truth: `hybrid_reference`, an event-based simulation to rounding that shares no code with the
library, run from two initial states that differ by +-eps.  Acceptance: design test 15, best of
several eps below 1e-6, over 50 spikes or more, with delay and refractoriness; and the flow vector
(f, dt_k = -1) is transported to 1e-12 (Bizzarri et al. 2013, doi:10.1007/s10827-013-0454-5).
"""

import numpy as np
import pytest
import scipy.sparse as sp

from heavytail_snn.analysis.lyapunov.brian.saltation.exact_lif import ExactLIF, _Copy
from heavytail_snn.analysis.lyapunov.brian.saltation.product import SaltationReplay


def lif(delay, refractory, tau_s, n=30, k=8, seed=3):
    rng = np.random.default_rng(seed)
    links = rng.random((n, n)) < k / (n - 1)
    np.fill_diagonal(links, False)
    matrix = sp.csr_array(links * (-2 / np.sqrt(k) * 0.010 / tau_s))
    return ExactLIF(matrix, 3.0, tau_s=tau_s, delay=delay, refractory=refractory)


@pytest.mark.parametrize("code", ["0.0_0.0_0.005", "0.001_0.002_0.02", "0.0015_0.005_0.002"])
def test_lif_with_exponential_synapses(code, reference):
    """The three cases of the reference file: delay, refractory period, synaptic time constant."""
    entries = (reference / "lyapunov.json").read_text()
    assert f"lifexp/fd/{code}_0.05" in entries
    net = lif(*map(float, code.split("_")))
    rng = np.random.default_rng(0)
    start = np.stack([rng.uniform(0, 0.9, 30), 0.1 * rng.standard_normal(30)], axis=1)
    spikes = net.simulate(0.05, initial=start)
    assert spikes.times.size > 50
    direction = rng.standard_normal(start.shape)
    direction /= np.linalg.norm(direction)
    model = net.linear_model()
    model.initial = start
    replay = SaltationReplay(model, spikes, net.wiring())
    list(replay.run(np.array([1e-14]), tangent=False))
    replay.vectors = np.zeros((replay.n_rows, 1))
    replay.vectors[:60, 0] = direction.ravel()
    list(replay.run(np.array([0.05])))
    rows = replay._row[replay.pending(0.05)]
    found = np.append(replay.vectors[:60, 0], replay.vectors[rows, 0] * model.time_unit)
    errors = []
    for eps in (1e-5, 1e-6, 1e-7):
        up, down = (_Copy(net, start + s * eps * direction) for s in (1, -1))
        up.run(0.05), down.run(0.05)
        parts = [
            np.stack([up.v - down.v, up.i - down.i], axis=1).ravel(),
            up.spikes[0] - down.spikes[0],
        ]
        difference = np.concatenate(parts) / (2 * eps)
        errors.append(np.linalg.norm(found - difference) / np.linalg.norm(difference))
    assert min(errors) < 1e-6, errors

    model.restart()
    replay = SaltationReplay(model, spikes, net.wiring())
    list(replay.run(np.array([0.02]), tangent=False))
    replay.vectors = replay.flow(0.02)
    list(replay.run(np.array([0.05])))
    expected = replay.flow(0.05)
    assert np.abs(replay.vectors - expected).max() < 1e-12 * np.abs(expected).max()
