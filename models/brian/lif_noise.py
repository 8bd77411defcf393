"""Noisy drive of LIF neurons: white or coloured, frozen by a seed or fresh in each run."""

from dataclasses import KW_ONLY, dataclass, field

from brian2 import Quantity, ms, mV

from heavytail_snn.core.errors import check_integer
from heavytail_snn.core.showing import Shown
from heavytail_snn.core.units import in_unit

# kind: (term of dv/dt, further equations)
NOISE_EQUATIONS = {
    "none": ("", ""),
    "white": ("+ sigma*xi/sqrt(tau)", ""),
    "coloured": ("+ eta/tau", "deta/dt = -eta/tau_noise + sigma*sqrt(2/tau_noise)*xi : volt"),
}


@dataclass(frozen=True)
class WhiteNoise(Shown):
    """``sigma sqrt(tau) xi(t)`` in each neuron: free standard deviation of v is sigma / sqrt(2).

    Parameters
    ----------
    sigma : Quantity of voltage
    seed : int, optional
        Frozen noise: the same realisation in every run with this seed (on one backend), whatever
        the weights and initial states.  None: a fresh one from the run's seed.
    """

    sigma: Quantity
    seed: int | None = None

    def __post_init__(self) -> None:
        in_unit("sigma", self.sigma, mV, low=0)
        if self.seed is not None:
            check_integer("seed", self.seed)


@dataclass(frozen=True)
class ColouredNoise(WhiteNoise):
    """Ornstein-Uhlenbeck noise of standard deviation sigma and correlation time `tau`."""

    _: KW_ONLY
    tau: Quantity = field(default_factory=lambda: 5 * ms)

    def __post_init__(self) -> None:
        super().__post_init__()
        in_unit("tau", self.tau, ms, low=0, open_low=True)
