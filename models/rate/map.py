"""Rate network in discrete time, ``x(t+1) = phi(g W x(t) + I(t))``."""

from typing import Any

from heavytail_snn.models.rate.network import RateNetwork


class RateMap(RateNetwork):
    """Rate network in discrete time: ``x_i(t+1) = phi(gain * sum_j W_ij x_j(t) + I_i(t))``.

    Parameters
    ----------
    weights : Coupling or (n, n) array, csr_array or LowRankPlus; row = target
        A `Coupling` is drawn when the network is simulated, from the seed of that call, or once,
        with `seed`.  For the network of Xie, Mihalas & Kusmierz 2025
        use ``Coupling(LevyStable(alpha), AllToAll())`` and vary `gain`; at alpha = 2 the weights
        have variance 2 gain^2 / n.
    n_neurons : int, optional
        Needed with a `Coupling`.
    gain : float
        Factor of all weights.
    phi : {"tanh", "erf", "relu", "threshold_linear"}, Activation or (function, derivative)
    noise : float
        Standard deviation of independent normal noise added to each pre-activation at each step.
    input_weights : (n, n_inputs) array, optional
        Apply to the `inputs` of `run` and of `lyapunov_spectrum`; identity by default.
    bias : float or (n,) array
    seed : Seed
        Of the weights, which then are the same in every run.  None: those of a `Coupling` come
        from the seed of each run, as for spiking networks.

    References
    ----------
    Xie, Mihalas & Kusmierz 2025, arXiv:2505.09816.

    Examples
    --------
    >>> import numpy as np
    >>> network = RateMap(np.array([[0.0, 2.0], [-2.0, 0.0]]))
    >>> network.run(3, initial_state=np.array([1.0, 0.0])).shape
    (3, 2)
    """

    def preactivation(self, state: Any, drive: Any = None) -> Any:
        """Return ``gain * W x + I``; columns of a two-dimensional state are separate copies."""
        a = self.gain * self._product(state)
        if drive is None:
            return a
        return a + (drive if a.ndim == 1 else drive[:, None])

    def step(self, state: Any, drive: Any = None) -> Any:
        """Return the next state."""
        return self.activation.function(self.preactivation(state, drive))

    def step_and_slope(self, state: Any, drive: Any = None) -> tuple[Any, Any]:
        """Return the next state and ``gain * phi'`` at the same pre-activation.

        The Jacobian of this step is ``diag(slope) W``.
        """
        a = self.preactivation(state, drive)
        return self.activation.function(a), self.gain * self.activation.derivative(a)
