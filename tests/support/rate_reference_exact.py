"""Rows of the reference files that need no simulated network: closed forms, maps and theory."""

import math

import numpy as np
from scipy.special import psi

from heavytail_snn.analysis.lyapunov import lyapunov_spectrum_from_jacobians
from heavytail_snn.analysis.theory.rate.flow import rate_flow
from heavytail_snn.analysis.theory.rate.map_spectrum import rate_map_spectrum
from heavytail_snn.analysis.theory.stable.map import stable_map
from heavytail_snn.analysis.theory.stable.onset_gain import quiescent_gain

CYCLE = [np.array(m, float) for m in ([[1, 1], [0, 1]], [[1, 0], [1, 1]], [[2, 0], [0, 1]])]


def exponents_of(matrices, n_steps, seed=1):
    """Return result of a product of matrices, repeated as often as needed."""
    n = len(matrices[0])

    def step(x):
        t = int(x[0])
        following = np.zeros(n)
        following[0] = (t + 1) % len(matrices)
        return following, matrices[t]

    return lyapunov_spectrum_from_jacobians(step, np.zeros(n), k=n, n_steps=n_steps, seed=seed)


def gain(members):
    """Return the annealed threshold, by quadrature."""
    ((name, m),) = members
    return {name: [quiescent_gain(int(m["n"]), float(m["alpha"]))]}


def scale(members):
    """Return the scale fixed point at infinite N."""
    ((name, m),) = members
    theory = stable_map(float(m["alpha"]), float(m["g"]))
    return {
        f"{name}:gamma": [theory.scale],
        f"{name}:mean_abs_h": [theory.mean_absolute_activity],
        f"{name}:mean_h2": [theory.mean_square_activity],
    }


def golden(members):
    """Return the whole spectrum of a Gaussian map by free probability."""
    ((name, m),) = members
    theory = rate_map_spectrum(2.0)
    fields = {
        "lambda1": theory.largest_exponent,
        "D_over_N": theory.kaplan_yorke_dimension_per_neuron,
        "h_over_N": theory.entropy_rate_per_neuron,
        "frac_positive": theory.positive_fraction,
    }
    return {name: [fields[m["key"]]]}


def dynamic(members):
    """Return the dynamic mean-field theory of the flow."""
    ((name, m),) = members
    theory = rate_flow(float(m["g"]))
    return {name: [theory.largest_exponent if m["key"] == "lambda1" else theory.variance]}


def period_three(members):
    """Return the exponents of the cycle A, B, C, and what its transposed product gives."""
    ((name, m),) = members
    if m["key"] == "wrong_forward_transpose":
        return {name: [exponents_of([a.T for a in CYCLE], 3000).exponents[0]]}
    return {name: [exponents_of(CYCLE, 3000).exponents[int(m["key"][-1]) - 1]]}


def cat_map(members):
    """Return the larger exponent of a constant matrix."""
    return {members[0][0]: [exponents_of([np.array([[2.0, 1.0], [1.0, 1.0]])], 2000).exponents[0]]}


def henon(members):
    """Return the sum or the first exponent of the Henon map."""
    ((name, m),) = members

    def step(x):
        following = np.array([1 - 1.4 * x[0] ** 2 + x[1], 0.3 * x[0]])
        return following, np.array([[-2.8 * x[0], 1.0], [0.3, 0.0]])

    result = lyapunov_spectrum_from_jacobians(step, np.zeros(2), k=2, n_steps=40_000, seed=1)
    return {name: [result.exponents.sum() if m["key"] == "sum" else result.exponents[0]]}


def ginibre(members):
    """Return the rms deviation from Newman's exponents, in standard errors."""
    n, generator = 50, np.random.default_rng(5)

    def step(x):
        return x, generator.standard_normal((n, n)) / math.sqrt(n)

    result = lyapunov_spectrum_from_jacobians(step, np.zeros(n), k=n, n_steps=4000, seed=1)
    expected = 0.5 * (math.log(2 / n) + psi((n - np.arange(n)) / 2))
    z = (result.exponents - expected) / result.standard_error
    return {members[0][0]: [float(np.sqrt(np.mean(z**2)))]}


FAMILIES = [
    (r"gstar_theory/N(?P<n>\d+)_a(?P<alpha>[\d.]+)", gain),
    (r"scale_fixed_point/a(?P<alpha>[\d.]+)_g(?P<g>[\d.]+)", scale),
    (r"(gauss_mean_field/G2|published_map_G2_N4096)/(?P<key>\w+)", golden),
    (r"scs/dmft_g(?P<g>[\d.]+)/(?P<key>\w+)", dynamic),
    (r"period3/(?P<key>\w+)", period_three),
    (r"cat_map/lambda", cat_map),
    (r"henon/(?P<key>\w+)", henon),
    (r"ginibre/rms_z", ginibre),
]
