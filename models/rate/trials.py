"""Many trials of one rate network at once: the same weights and the same noise.

Trials differ in drive or in initial state only, as those of `binary_trials` do; all are columns of
one state matrix, so that a step costs one product of matrices.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from heavytail_snn.core.arrays import like, to_numpy
from heavytail_snn.core.errors import ConvergenceError, ParameterError
from heavytail_snn.core.randomness import Seed
from heavytail_snn.models.rate.flow import RateFlow
from heavytail_snn.models.rate.map import RateMap
from heavytail_snn.models.rate.network import fixed_seed
from heavytail_snn.models.rate.trial_arguments import increasing_times, trials_of_neurons

Floats = NDArray[np.float64]


def rate_trials(
    network: RateFlow | RateMap,
    times: ArrayLike,
    *,
    initial: ArrayLike | None = None,
    drive: ArrayLike = 0.0,
    n_trials: int | None = None,
    seed: Seed = None,
) -> Floats:
    """Simulate a rate network under frozen noise for many stimuli.

    Parameters
    ----------
    network : RateFlow or RateMap
        Its bias and noise act on all trials alike; weights in float32 make states of that precision
        and take half the time.
    times : (n_times,) array_like
        When to read the states, in time constants (`RateFlow`: whole multiples of dt) or steps,
        increasing; 0 is the initial state.
    initial : (n_trials, n) or (n,) array_like, optional
        By default the same standard normal state for all trials.
    drive : (n_trials, n) array_like or float
        Constant input to each unit, added to the bias; `input_weights` do not apply to it.
    n_trials : int, optional
        Needed where neither drive nor initial state tells it.
    seed : int, SeedSequence, Generator or None
        Of initial state and noise, and of the weights of a Coupling without a seed; equal to that
        of `network.run` for each trial.

    Returns
    -------
    (n_times, n_trials, n) ndarray

    Raises
    ------
    ParameterError
        If shapes do not match, or times do not lie on the network's steps.
    ConvergenceError
        If the states become non-finite.

    Examples
    --------
    >>> network = RateFlow(np.zeros((2, 2)), dt=0.1)
    >>> states = rate_trials(network, [0.0, 1.0], initial=[[1.0, 2.0], [3.0, 4.0]])
    >>> [round(float(x), 4) for x in states[1, 1]]
    [1.1036, 1.4715]
    """
    if not isinstance(network, RateFlow | RateMap):
        raise ParameterError("network", network, "must be a RateFlow or a RateMap")
    moments = increasing_times(times)
    steps = np.round(moments / network.dt).astype(int)
    if not np.allclose(steps * network.dt, moments, rtol=1e-9, atol=1e-9 * network.dt):
        remedy = "read the states at steps of the network, or change its dt"
        raise ParameterError("times", times, f"must be whole multiples of {network.dt:g}", remedy)
    network, seed = network.drawn(fixed_seed(seed))
    start = to_numpy(network.initial_state(seed)) if initial is None else initial
    first, inputs = trials_of_neurons(drive, start, n_trials, network.n_neurons)
    weights = network._array()
    state, constant = like(first, weights), like(inputs, weights)
    recorded = np.empty((len(moments), *first.T.shape))
    shared, done = network.drives(seed), 0
    for row, until in enumerate(steps):
        for _ in range(until - done):
            common = next(shared)
            total = constant if common is None else constant + common[:, None]
            with np.errstate(over="ignore", invalid="ignore"):  # the check below says more
                state = _step(network, state, total)
        done, recorded[row] = until, to_numpy(state).T
    if not np.isfinite(recorded).all():
        raise ConvergenceError("the states became non-finite; reduce gain or dt, or bound phi")
    return recorded


def _step(network: RateFlow | RateMap, state: Any, drive: Any) -> Any:
    if isinstance(network, RateMap):  # its own step takes the same drive for all columns
        return network.activation.function(network.preactivation(state) + drive)
    return network.step(state, drive)
