"""Power spectrum of a stationary process from its autocovariance on a uniform time grid."""

import numpy as np

from heavytail_snn.analysis.theory.numerics.transfer import Floats

_CHUNK = 2_000_000  # cosines held at a time


def covariance_spectrum(time: Floats, autocovariance: Floats, omega: Floats) -> Floats:
    """Return S(omega) = int C(tau) exp(-i omega tau) dtau for an even C that ends at zero.

    Exact for the piecewise linear interpolant of C, so that no end-point rule enters and the
    integral of S over omega / (2 pi) is C(0).

    Parameters
    ----------
    time : (n,) ndarray
        Uniform from 0.
    autocovariance : (n,) ndarray
    omega : (m,) ndarray
        Angular frequencies, of either sign.

    Returns
    -------
    (m,) ndarray
        Two-sided density per frequency; rounding of either sign where C is resolved no further.
    """
    omega = np.abs(np.atleast_1d(np.asarray(omega, dtype=float)))
    step = float(time[1] - time[0])
    halved = autocovariance.copy()
    halved[0] /= 2.0
    spectrum = np.empty_like(omega)
    rows = max(1, _CHUNK // len(time))
    for start in range(0, len(omega), rows):
        part = slice(start, start + rows)
        spectrum[part] = np.cos(omega[part, None] * time) @ halved
    return 2.0 * step * np.sinc(omega * step / (2.0 * np.pi)) ** 2 * spectrum
