"""Networks of leaky integrate-and-fire neurons with delta pulses, simulated exactly."""

from typing import Any, ClassVar

import numpy as np

from heavytail_snn.core.errors import check_choice
from heavytail_snn.models.pulse import event_engine as engine
from heavytail_snn.models.pulse.pulse_coupled import PulseCoupledNetwork


class PulseLIFNetwork(PulseCoupledNetwork):
    """LIF neurons: ``tau dV/dt = -V + 1 + I + tau sum_j w_ij delta(t - t_j)``, spike at 1, reset 0.

    With inhibition only, the largest exponent is exactly 0 and all others are negative ("stable
    chaos"), whatever the weights; see `flux_tube_radius` for its answer to finite perturbations.

    Parameters
    ----------
    weights : Coupling, (n, n) csr_array, csc_array or ndarray, row = target
        Jumps of V, in units of the distance from reset to threshold; any signs.
    n_neurons : int, optional
        Needed with a Coupling.
    drive : float or (n,) array
        I > 0, the input above threshold, in the same units.
    on_avalanche : {"error", "fire"}
        What happens when an exciting pulse lifts its target over threshold at the very instant of
        the pulse.  The order inside such an avalanche is not defined by the model, so the default
        is an error.  "fire" lets the target spike at the same time, after all pulses of the first
        spike have arrived, and forgets the overshoot; its phase then loses all memory (g' = 0), so
        that exponents may be -inf.  The choice is stored with every result.
    tau, queue
        See `PulseCoupledNetwork`.

    References
    ----------
    Jahnke, Memmesheimer & Timme, Front. Comput. Neurosci. 3 (2009) 13,
    doi:10.3389/neuro.10.013.2009; Monteforte & Wolf, Phys. Rev. X 2 (2012) 041007,
    doi:10.1103/PhysRevX.2.041007.
    """

    kind: ClassVar[int] = engine.LIF
    threshold: ClassVar[float] = 1.0
    reset: ClassVar[float] = 0.0
    name: ClassVar[str] = "lif"

    def __init__(
        self,
        weights: Any,
        n_neurons: int | None = None,
        *,
        drive: Any,
        on_avalanche: str = "error",
        tau: Any = 0.01,
        queue: str = "auto",
    ) -> None:
        super().__init__(weights, n_neurons, drive=drive, tau=tau, queue=queue)
        self.on_avalanche = check_choice("on_avalanche", on_avalanche, ("error", "fire"))

    def _cells(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        drive = np.atleast_1d(self.drive)
        velocity = 1 / np.log1p(1 / drive)
        return velocity / self.tau, 1 / (1 + drive), velocity
