"""Rate network in continuous time, ``dx/dt = -x + g W phi(x) + I``."""

from typing import Any, ClassVar

import numpy as np

from heavytail_snn.core.errors import ParameterError, check_choice, check_real
from heavytail_snn.models.rate.network import RateNetwork


class RateFlow(RateNetwork):
    """Rate network in continuous time: ``dx_i/dt = -x_i + gain sum_j W_ij phi(x_j) + I_i``.

    Time is in units of the time constant.

    Parameters
    ----------
    weights, n_neurons, gain, phi, input_weights, bias, seed
        As for `RateMap`.
    noise : float
        Intensity of white noise, as in `theory.rate_flow`: the drive gains ``sqrt(2) noise dW/dt``,
        so a lone unit has the stationary variance noise^2.  Needs ``scheme="euler"``.
    dt : float
        Step of the integration.
    scheme : {"rk4", "euler"}
        Fourth-order Runge-Kutta, or Euler (Euler-Maruyama with noise).

    References
    ----------
    Sompolinsky, Crisanti & Sommers 1988, doi:10.1103/PhysRevLett.61.259.
    """

    time_unit: ClassVar[str] = "time constants"

    def __init__(
        self,
        weights: Any,
        n_neurons: int | None = None,
        *,
        dt: float = 0.1,
        scheme: str = "rk4",
        noise: float = 0.0,
        **keywords: Any,
    ) -> None:
        super().__init__(weights, n_neurons, noise=noise, **keywords)
        self.dt = check_real("dt", dt, low=0, high=1, open_low=True)
        self.scheme = check_choice("scheme", scheme, ("rk4", "euler"))
        if self.noise and self.scheme == "rk4":
            raise ParameterError("scheme", scheme, "must be 'euler' with noise", "or set noise=0")

    @property
    def parameters(self) -> dict[str, Any]:
        """What a result stores about the network."""
        return super().parameters | {"dt": self.dt, "scheme": self.scheme}

    def drives(self, seed: Any = None, inputs: Any = None, scale: float | None = None) -> Any:
        """Yield the drive of each step; noise has deviation noise sqrt(2 / dt)."""
        return super().drives(seed, inputs, (2 / self.dt) ** 0.5 if scale is None else scale)

    def velocity(self, state: Any, drive: Any = None) -> Any:
        """Return dx/dt."""
        flow = self.gain * self._product(self.activation.function(state)) - state
        return flow if drive is None else flow + drive

    def slope(self, state: Any) -> Any:
        """Return ``gain * phi'(x)``: the Jacobian of the flow is ``-1 + W diag(slope)``."""
        return self.gain * self.activation.derivative(state)

    def stages(self, state: Any, drive: Any = None) -> tuple[Any, tuple[Any, ...]]:
        """Return the state after one step, and the states at which the flow was evaluated."""
        dt = self.dt
        k1 = self.velocity(state, drive)
        if self.scheme == "euler":
            return state + dt * k1, (state,)
        x2 = state + dt / 2 * k1
        k2 = self.velocity(x2, drive)
        x3 = state + dt / 2 * k2
        k3 = self.velocity(x3, drive)
        x4 = state + dt * k3
        k4 = self.velocity(x4, drive)
        return state + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4), (state, x2, x3, x4)

    def step(self, state: Any, drive: Any = None) -> Any:
        """Return the state after one step of length dt; the drive is constant within it."""
        return self.stages(state, drive)[0]

    def times(self, n_steps: int) -> np.ndarray:
        """Return the times after each of `n_steps` steps, in time constants."""
        return self.dt * np.arange(1, n_steps + 1)
