"""Exponents of event-exact networks against the project's reference numbers.

Source: tests/reference/lyapunov.json, measured with an independent event-exact code (protocol in
each entry: Erdos-Renyi inhibition, weights of fixed mean, drive tuned to the rate).  The tests run
a part of the reference's time and three networks, and widen the tolerance by three of their own
standard errors; HEAVYTAIL_REFERENCE_SCALE=1 runs the full time and number of networks.
"""

import json
import os

import numpy as np
import pytest

from heavytail_snn.analysis.lyapunov.events.spectrum import (
    entropy_per_spike,
    lyapunov_spectrum_of_events,
)
from heavytail_snn.models.pulse.drive_tuning import tune_drive
from heavytail_snn.models.pulse.lif_delta import PulseLIFNetwork
from heavytail_snn.models.pulse.rapid_theta import RapidThetaNetwork
from heavytail_snn.models.pulse.theta import ThetaNetwork
from heavytail_snn.weights.coupling import Coupling, Inhibitory
from heavytail_snn.weights.laws import Constant, LevyStable
from heavytail_snn.weights.wiring import FixedProbability

SCALE = float(os.environ.get("HEAVYTAIL_REFERENCE_SCALE", "0"))
MODELS = {"theta": ThetaNetwork, "rapid theta": RapidThetaNetwork, "lif": PulseLIFNetwork}


def entries_of(reference, group):
    entries = json.loads((reference / "lyapunov.json").read_text())["entries"]
    found = {e["id"].split("/")[1]: e for e in entries if e["id"].startswith(f"{group}/")}
    assert found, f"no reference entries for {group}"
    return found


def weights_of(system, seed):
    """Draw Erdos-Renyi inhibition -(J0 / sqrt K) a with E[a] = 1 and no autapses."""
    n, degree, name = system["N"], system["K"], system.get("weights", "const")
    generator = np.random.default_rng(seed)
    if name == "exponential":
        matrix = generator.exponential(size=(n, n))
        matrix *= -system["J0"] / np.sqrt(degree) * (generator.random((n, n)) < degree / (n - 1))
        np.fill_diagonal(matrix, 0.0)
        return matrix
    law = LevyStable(system["weight_par"]) if name == "stable" else Constant()
    coupling = Coupling(
        law,
        FixedProbability(degree / (n - 1)),
        gain=system.get("J0", 1.0),
        sign=Inhibitory(),
        autapses=False,
        normalisation="balanced",
    )
    return coupling.sample(n, seed=seed)


def measured(system, *, k, duration, seeds, tangent_warmup):
    """Return each reference quantity as (mean, standard error) over networks."""
    rows = []
    for seed in seeds:
        options = {"rapidness": system["rapidness"]} if "rapidness" in system else {}
        network = MODELS[system["model"]](
            weights_of(system, seed), drive=0.1, tau=system.get("tau_m_s", 0.01), **options
        )
        network = tune_drive(network, rate=system["rate_target_hz"], seed=seed)
        spectrum = lyapunov_spectrum_of_events(
            network, k=k, duration=duration, tangent_warmup=tangent_warmup, seed=seed
        )
        n = network.n_neurons
        rows.append(
            {
                "lam_max": spectrum.exponents[0],
                "lam_2": spectrum.exponents[1],
                "D_over_N": spectrum.kaplan_yorke_dimension / n,
                "H_bit_per_spike": entropy_per_spike(spectrum).value,
                "lam_mean_det": spectrum.mean_logdet,
                "frac_positive": spectrum.positive_fraction,
            }
        )
        # 5/time, the usual bound, is exceeded where neighbouring exponents are close to zero too
        assert abs(spectrum.zero_value) < 10 / spectrum.time
        assert abs(spectrum.rate / system["rate_target_hz"] - 1) < 0.05
    return {
        name: (
            np.mean([row[name] for row in rows]),
            np.std([row[name] for row in rows], ddof=1) / np.sqrt(len(rows)),
        )
        for name in rows[0]
    }


def check(reference, group, *, k, duration, n_networks=3):
    entries = entries_of(reference, group)
    system = next(iter(entries.values()))["system"]
    warmup = 10
    if SCALE:
        duration, n_networks = SCALE * system.get("T_s", 100.0), system["realisations"]
        warmup = 30
    found = measured(
        system,
        k=k,
        duration=duration,
        seeds=range(1, n_networks + 1),
        tangent_warmup=warmup,
    )
    for name, entry in entries.items():
        value, error = found[name]
        print(f"{group}/{name}: {value:.6g} +- {error:.2g}, reference {entry['value']:.6g}")
        assert abs(value - entry["value"]) < entry["tolerance"] + 3 * error, (group, name)


def test_heavy_tailed_lif_is_stable_at_the_reference_rate(reference):
    check(reference, "heavy_lif_N200_K50_st15", k=12, duration=6.0)


@pytest.mark.parametrize("law", ["const", "expo"])
@pytest.mark.slow
def test_lif_networks(reference, law):
    check(reference, f"heavy_lif_N200_K50_{law}", k=12, duration=10.0)


@pytest.mark.parametrize("law", ["const", "expo", "st15"])
@pytest.mark.slow
def test_heavy_tailed_theta_networks(reference, law):
    check(reference, f"heavy_theta_N200_K50_{law}", k=50, duration=15.0)


@pytest.mark.parametrize("size", [200, 500, 1000])
@pytest.mark.slow
def test_theta_networks_of_several_sizes(reference, size):
    # the smaller part of the time at the larger size, where self-averaging helps
    check(
        reference,
        f"theta_N{size}_K50_nu1",
        k=int(0.25 * size),
        duration=3000.0 / size,
        n_networks=3 if size < 1000 else 2,
    )


@pytest.mark.parametrize("rapidness", [1, 3, 30, 100, 300])
@pytest.mark.slow
def test_chaos_ends_with_rapid_spike_onset(reference, rapidness):
    check(reference, f"rapid_theta_r{rapidness}", k=60 if rapidness == 1 else 30, duration=10.0)


@pytest.mark.parametrize("rate", ["1.0", "5.0", "10.0"])
def test_mean_exponent_of_lif_networks_obeys_its_closed_form(reference, rate):
    """``-1/tau + rate ln(1 + 1/I)`` at the rate of the run; at the reference drive."""
    system = entries_of(reference, f"lif_mean_identity_nu{rate}")["qr"]["system"]
    network = PulseLIFNetwork(weights_of(system, 1), drive=system["I"], tau=system["tau_m_s"])
    # the formula holds up to a boundary term of order 1/duration
    spectrum = lyapunov_spectrum_of_events(
        network, k=2, duration=400.0 / system["rate_target_hz"], seed=1
    )
    formula = -1 / network.tau + spectrum.rate * np.log1p(1 / network.drive)
    assert spectrum.mean_logdet == pytest.approx(formula, abs=0.02)
