"""Networks of rapid theta neurons: theta neurons with a tunable speed of spike onset."""

import math
from typing import Any, ClassVar

import numpy as np

from heavytail_snn.core.errors import check_real
from heavytail_snn.models.pulse import event_engine as engine
from heavytail_snn.models.pulse.pulse_coupled import PulseCoupledNetwork


class RapidThetaNetwork(PulseCoupledNetwork):
    """Theta neurons whose unstable fixed point is `rapidness` times steeper than the stable one.

    ``tau dV/dt = a (V - V_G)^2 + I`` below the glue point V_G and ``r^2 a (V - V_G)^2 + I`` above
    it, ``a = (r + 1) / (2 r)``.  The phase runs from -pi to pi at ``2 sqrt(I / a) / tau``.

    Parameters
    ----------
    weights : Coupling, (n, n) csr_array, csc_array or ndarray, row = target
        Jumps of V, dimensionless; any signs.
    n_neurons : int, optional
        Needed with a Coupling.
    drive : float or (n,) array
        I > 0, measured from the saddle-node bifurcation, dimensionless.
    rapidness : float
        r > 0; 1 is the theta neuron, and chaos disappears for large r.
    tau, queue
        See `PulseCoupledNetwork`.

    References
    ----------
    Monteforte, PhD thesis, University of Goettingen (2011); Engelken, Wolf & Abbott, Phys. Rev.
    Research 5 (2023) 043044, doi:10.1103/PhysRevResearch.5.043044.
    """

    kind: ClassVar[int] = engine.RAPID_THETA
    threshold: ClassVar[float] = math.pi
    reset: ClassVar[float] = -math.pi
    name: ClassVar[str] = "rapid theta"

    def __init__(
        self,
        weights: Any,
        n_neurons: int | None = None,
        *,
        drive: Any,
        rapidness: float = 1.0,
        tau: Any = 0.01,
        queue: str = "auto",
    ) -> None:
        self.rapidness = check_real("rapidness", rapidness, low=0, open_low=True)
        super().__init__(weights, n_neurons, drive=drive, tau=tau, queue=queue)

    def _cells(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        slope = (self.rapidness + 1) / (2 * self.rapidness)
        root = np.sqrt(np.atleast_1d(self.drive) / slope)
        return 2 * root / self.tau, 1 / root, np.array([self.rapidness])

    @property
    def parameters(self) -> dict[str, Any]:
        """What identifies the network in a result, except the weights themselves."""
        return super().parameters | {"rapidness": self.rapidness}
