"""Rows of the reference files on the continuous-time network dx/dt = -x + J tanh(x)."""

import numpy as np

from heavytail_snn.analysis.lyapunov import lyapunov_spectrum
from heavytail_snn.models.rate.flow import RateFlow
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.laws import Gaussian
from heavytail_snn.weights.wiring import AllToAll

FLOW = Coupling(Gaussian(), AllToAll(), autapses=False)


def flow_first(members, n, g):
    """First exponent of the flow; in float32 at 2000 neurons."""
    n, g, values = int(n), float(g), []
    keys = {name: m["key"] for name, m in members}
    long = n <= 200
    for seed in range({200: 3, 500: 2}.get(n, 1)):
        network = RateFlow(FLOW, n, gain=g, dt=0.1, seed=seed)
        network = network.with_precision("float32") if n > 1000 else network
        values.append(
            lyapunov_spectrum(
                network, k=30 if long else 1, seed=seed, duration=200 if n <= 500 else 80,
                state_warmup=60, tangent_warmup=20,
            )
        )  # fmt: skip
    fields = {
        "lam_max": [r.largest_exponent for r in values],
        "lambda1": [r.largest_exponent for r in values],
        "D_over_N": [r.kaplan_yorke_dimension / n for r in values] if long else None,
    }
    return {name: fields[key] for name, key in keys.items()}


def flow_spectrum(members):
    """The leading spectrum at 1000 neurons, also for the published run at 4096."""
    results = [
        lyapunov_spectrum(
            RateFlow(FLOW, 1000, gain=2.0, dt=0.1, seed=s), k=50, seed=s, duration=100,
            state_warmup=100, tangent_warmup=30,
        )
        for s in range(3)
    ]  # fmt: skip
    fields = {
        "lambda1": [r.largest_exponent for r in results],
        "D_over_N": [r.kaplan_yorke_dimension / 1000 for r in results],
        "h_over_N": [r.entropy_rate / 1000 for r in results],
        "frac_positive": [r.positive_fraction for r in results],
    }
    return {name: fields[m["key"]] for name, m in members}


def flow_integrators(members):
    """Dimension of the same networks with other schemes and steps."""
    found = {}
    for name, m in members:
        options = {"gain": 3.0, "dt": float(m["dt"]), "scheme": m["scheme"]}
        results = [
            lyapunov_spectrum(RateFlow(FLOW, 200, seed=s, **options), k=25, seed=s, duration=200)
            for s in range(3)
        ]
        found[name] = [r.kaplan_yorke_dimension / 200 for r in results]
    return found


def flow_symmetry(members):
    """Mean exponent and symmetry about -1 of a complete spectrum."""
    network = RateFlow(FLOW, 200, gain=4.0, dt=0.1, seed=1)
    result = lyapunov_spectrum(network, k=200, seed=1, duration=80)
    symmetric = result.exponents + result.exponents[::-1] + 2
    rms = float(np.sqrt(np.mean(symmetric**2)))
    return {"scs/mean": [result.mean_exponent], "scs/symmetry_rms": [rms]}


FAMILIES = [
    (r"scs/(clark_g2_N4096|N1000_g2)/(?P<key>.*)", flow_spectrum, ()),
    (
        r"scs/(?!N1000_g2/)N(?P<n>\d+)_g(?P<g>[\d.]+)/(?P<key>lam_max|lambda1|D_over_N)",
        flow_first,
        ("n", "g"),
    ),
    (r"scs/integrator/integ_g3_(?P<scheme>[a-z0-9]+)_(?P<dt>[\d.]+)", flow_integrators, ()),
    (r"scs/(mean|symmetry_rms)", flow_symmetry, ()),
]
