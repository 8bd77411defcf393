"""Participation ratio of +-1 networks: of the states and of the fields.

The linear-response theory of rate networks with the spectrum of the binary autocorrelation and the
susceptibility <phi'> / (1 + i w).  The field J S passes through no further filter, so that its
ratio needs a sum over words of responses instead of the closed form for low-pass filtered fields.
"""

import numpy as np
from numpy.typing import NDArray

from heavytail_snn.analysis.theory.binary import binary, spectrum_of_autocorrelation
from heavytail_snn.analysis.theory.participation import (
    ParticipationTheory,
    activity_participation,
    frequency_grid,
)
from heavytail_snn.analysis.theory.transfer import Floats
from heavytail_snn.errors import check_integer, check_real

# the fields' ratio converges like 1 / highest frequency; above the switch the spectrum is that of
# the kink of Q at zero lag, to one part in _SWITCH^2
_HIGHEST, _SWITCH = 2e4, 200.0


def binary_participation(g: float, s: float, *, refine: int = 1) -> ParticipationTheory:
    """Return the participation ratios of an asynchronous +-1 network.

    Parameters
    ----------
    g, s : float
        As in `binary` (Gaussian convention), both positive.
    refine : int
        Multiplies the number of frequencies.

    Returns
    -------
    ParticipationTheory
        Activity means the states S, field means J S.

    Raises
    ------
    ParameterError
        For values outside their domain.

    Notes
    -----
    Clark, Abbott & Litwin-Kumar, PRL 131, 118401 (2023); the word sum is derived here.

    Examples
    --------
    >>> round(binary_participation(1.0, 0.5).participation_ratio_per_neuron, 3)
    0.608
    """
    g, s = check_real("g", g, low=0, open_low=True), check_real("s", s, low=0, open_low=True)
    refine = check_integer("refine", refine, low=1, high=8)
    theory = binary(g, s, tau_max=40.0, dt=0.005)
    omega, weights = frequency_grid(smallest=0.01, largest=_HIGHEST, n_points=800 * refine)
    spectrum = 2.0 * theory.initial_decay_rate / omega**2
    low = omega < _SWITCH
    spectrum[low] = spectrum_of_autocorrelation(theory.times, theory.autocorrelation, omega[low])
    response = theory.mean_slope / (1.0 + 1j * omega)
    return ParticipationTheory(
        participation_ratio_per_neuron=activity_participation(
            weights, spectrum, response, g=g, variance=1.0
        ),
        field_participation_ratio_per_neuron=_field_participation(weights, spectrum, g * response),
        residual=2.0 * float(weights @ spectrum) - 1.0,
        parameters={"g": g, "s": s},
    )


def _field_participation(
    weights: Floats, spectrum: Floats, response: NDArray[np.complex128]
) -> float:
    """Return PR/N of J S; `response` is g S(w), and the factors g^2 of the field cancel."""
    strength = np.abs(response) ** 2
    mass = weights * spectrum * (1.0 - strength) / strength
    # both signs of both frequencies: equal and opposite signs count twice each
    same = _word_sum(strength[:, None], strength, np.outer(response, response.conj()))
    opposite = _word_sum(strength[:, None], strength, np.outer(response, response))
    return 1.0 / (2.0 * float(mass @ (same + opposite) @ mass))


def _word_sum(p: Floats, q: Floats, u: NDArray[np.complex128]) -> Floats:
    """Return the sum over words of responses that contribute to Tr C^2 of a field."""
    fp, fq, fu = 1.0 / (1.0 - p), 1.0 / (1.0 - q), 1.0 / (1.0 - u)
    pair, single = np.abs(fu) ** 2, 2.0 * fu.real  # of u and its conjugate
    return fp * fq * pair - (fq + fp) * single + fp + fq + single - 1.0
