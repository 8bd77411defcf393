"""Participation ratio of +-1 networks: of the states and of the fields.

The linear-response theory of rate networks with the spectrum of the binary autocorrelation and the
susceptibility S(w) = <phi'> / (1 + i w).  For the field J S, which passes through no filter, the
sum over words of responses collapses: with u = g^2 S1 S2*,
N/PR = int int C1 C2 (|1 - u|^-2 + 2 Re 1/(1 - u) - 1) dw1 dw2 / (2 pi)^2.
"""

import numpy as np

from heavytail_snn.analysis.theory.binary_networks.mean_field import (
    binary,
    spectrum_of_autocorrelation,
)
from heavytail_snn.analysis.theory.rate.participation import (
    ParticipationTheory,
    activity_participation,
    frequency_grid,
)
from heavytail_snn.core.errors import check_integer, check_real


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
    Clark, Abbott & Litwin-Kumar, PRL 131, 118401 (2023); the form for fields is derived here.

    Examples
    --------
    >>> round(binary_participation(1.0, 0.5).participation_ratio_per_neuron, 3)
    0.608
    """
    g, s = check_real("g", g, low=0, open_low=True), check_real("s", s, low=0, open_low=True)
    refine = check_integer("refine", refine, low=1, high=8)
    theory = binary(g, s, tau_max=40.0, dt=0.005)
    omega, weights = frequency_grid(smallest=0.01, largest=200.0, n_points=600 * refine)
    spectrum = spectrum_of_autocorrelation(theory.times, theory.autocorrelation, omega)
    response = theory.mean_slope / (1.0 + 1j * omega)
    states = activity_participation(weights, spectrum, response, g=g, variance=1.0)
    mass, loop = weights * spectrum, g * response
    # both signs of both frequencies; int C dw / 2 pi = 1 is put in by hand, since its tail is long
    products = np.outer(loop, loop.conj()), np.outer(loop, loop)
    mixed = 2.0 * sum(float(mass @ (u / (1.0 - u)).real @ mass) for u in products)
    return ParticipationTheory(
        participation_ratio_per_neuron=states,
        field_participation_ratio_per_neuron=1.0 / (1.0 / states + 1.0 + 2.0 * mixed),
        residual=2.0 * float(weights @ spectrum) - 1.0,
        parameters={"g": g, "s": s},
    )
