"""Networks of theta neurons (quadratic integrate-and-fire) with delta pulses, simulated exactly."""

import math
from typing import ClassVar

import numpy as np

from heavytail_snn.models.pulse import event_engine as engine
from heavytail_snn.models.pulse.pulse_coupled import PulseCoupledNetwork


class ThetaNetwork(PulseCoupledNetwork):
    r"""Theta neurons: ``tau dV/dt = V^2 + I + tau sum_j w_ij delta(t - t_j)``, V from -inf to inf.

    With ``V = sqrt(I) tan(phi / 2)`` the phase phi runs from -pi (reset) to pi (spike) at the
    constant velocity ``2 sqrt(I) / tau``.

    Parameters
    ----------
    weights : Coupling, (n, n) csr_array, csc_array or ndarray, row = target
        Jumps of V, dimensionless; any signs.
    n_neurons : int, optional
        Needed with a Coupling.
    drive : float or (n,) array
        I > 0, dimensionless.
    tau, queue
        See `PulseCoupledNetwork`.

    References
    ----------
    Ermentrout & Kopell, SIAM J. Appl. Math. 46 (1986) 233; Monteforte & Wolf, Phys. Rev. Lett.
    105 (2010) 268104, doi:10.1103/PhysRevLett.105.268104 (single-spike Jacobian).

    Examples
    --------
    >>> network = ThetaNetwork([[0.0, -0.1], [-0.1, 0.0]], drive=0.25)
    >>> run = network.run(1.0, seed=1)
    >>> run.recording.n_units
    2
    """

    kind: ClassVar[int] = engine.THETA
    threshold: ClassVar[float] = math.pi
    reset: ClassVar[float] = -math.pi
    name: ClassVar[str] = "theta"

    def _cells(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        root = np.sqrt(np.atleast_1d(self.drive))
        return 2 * root / self.tau, 1 / root, np.zeros(1)
