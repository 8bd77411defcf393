"""Participation ratio of +-1 networks: of the states and of the fields.

Linear response around the single-unit spectra (Clark, Abbott & Litwin-Kumar, PRL 131, 118401
(2023)) with the spectrum of the binary autocorrelation and the susceptibility <phi'> / (1 + i w).
"""

import math
from dataclasses import dataclass

import numpy as np

from heavytail_snn.analysis.theory.binary import binary, spectrum_of_autocorrelation
from heavytail_snn.analysis.theory.binary_units import Floats
from heavytail_snn.errors import check_integer, check_real
from heavytail_snn.results import Result, field_of

# the fields' ratio converges like 1 / highest frequency; above the switch the spectrum is that of
# the kink of Q at zero lag, to one part in _SWITCH^2
_HIGHEST, _SWITCH = 2e4, 200.0


@dataclass(frozen=True, kw_only=True)
class BinaryParticipation(Result):
    """Participation ratios per neuron of a +-1 network for N to infinity.

    Parameters
    ----------
    participation_ratio_per_neuron, field_participation_ratio_per_neuron : float
        PR/N of the states S and of the fields J S.
    residual : float
        Largest change of the two when every second frequency is left out.
    """

    participation_ratio_per_neuron: float = field_of(quantity="participation_ratio_per_neuron")
    field_participation_ratio_per_neuron: float = field_of(
        quantity="field_participation_ratio_per_neuron"
    )
    residual: float = field_of()


def binary_participation(g: float, s: float, *, n_frequencies: int = 800) -> BinaryParticipation:
    """Return the participation ratios of an asynchronous +-1 network.

    Parameters
    ----------
    g, s : float
        As in `binary` (Gaussian convention), both positive.
    n_frequencies : int
        Positive frequencies, denser towards 0.

    Raises
    ------
    ParameterError
        For values outside their domain.

    Examples
    --------
    >>> round(binary_participation(1.0, 0.5).participation_ratio_per_neuron, 3)
    0.608
    """
    g, s = check_real("g", g, low=0, open_low=True), check_real("s", s, low=0, open_low=True)
    n_frequencies = check_integer("n_frequencies", n_frequencies, low=100, high=4000)
    theory = binary(g, s, tau_max=40.0, dt=0.005)
    omega = 0.01 * np.sinh(np.linspace(0.0, math.asinh(_HIGHEST / 0.01), n_frequencies + 1))
    spectrum = np.empty_like(omega)
    low = omega < _SWITCH
    spectrum[low] = spectrum_of_autocorrelation(theory.times, theory.autocorrelation, omega[low])
    spectrum[~low] = 2.0 * theory.initial_decay_rate / omega[~low] ** 2
    ratios = _ratios(omega, spectrum, g, theory.mean_slope)
    coarse = _ratios(omega[::2], spectrum[::2], g, theory.mean_slope)
    return BinaryParticipation(
        participation_ratio_per_neuron=float(ratios[0]),
        field_participation_ratio_per_neuron=float(ratios[1]),
        residual=float(np.max(np.abs(ratios - coarse))),
        parameters={"g": g, "s": s, "n_frequencies": n_frequencies},
    )


def _ratios(omega: Floats, spectrum: Floats, g: float, slope: float) -> Floats:
    """Return PR/N of states and fields from the spectrum at frequencies from 0 upwards."""
    # integrals run over both signs of each frequency; complex conjugation leaves one sign of one
    both = np.concatenate([-omega[:0:-1], omega])
    power = np.concatenate([spectrum[:0:-1], spectrum])
    measure = np.gradient(both) / (2.0 * math.pi)
    measure[[0, -1]] /= 2.0
    half = slice(len(omega) - 1, None)
    half_measure = 2.0 * measure[half]
    half_measure[0] /= 2.0
    response = g * slope / (1.0 + 1j * both)  # g S(w)
    u = np.outer(response[half], response.conj())
    ridge = 1.0 / np.abs(1.0 - u) ** 2
    states = 1.0 / (1.0 + (half_measure * power[half]) @ (ridge - 1.0) @ (measure * power))
    strength = np.abs(response) ** 2
    # g^2 |G|^2 / (g^2 |S|^2) with G = 1: the factor g^2 of the field's variance appears once
    amplitude = g**2 * power * (1.0 - strength) / strength
    words = _word_sum(strength[half, None], strength[None, :], u)
    fields = g**4 / ((half_measure * amplitude[half]) @ words @ (measure * amplitude))
    return np.array([states, float(fields)])


def _word_sum(p: Floats, q: Floats, u: np.ndarray) -> Floats:
    """Return the sum over words of responses that contribute to Tr C^2 of a field."""
    v = u.conj()
    fp, fq, fu, fv = 1.0 / (1.0 - p), 1.0 / (1.0 - q), 1.0 / (1.0 - u), 1.0 / (1.0 - v)
    total = fp * fq * fu * fv - (fq + fp) * (fu + fv) + fp + fq + fu + fv - 1.0
    return total.real
