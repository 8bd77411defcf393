"""Many trials of one +-1 network: the same weights, and the same noise or noise of their own.

Under frozen noise trials share update order and threshold noise and differ in drive or in initial
state only, so that what separates their states is the stimulus and what the dynamics makes of it.
Units update one at a time at Poisson times, without a time grid.  Under frozen noise a unit's field
is computed when it updates, for all trials together; else the fields of a trial change when a unit
flips.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from heavytail_snn.core.arrays import real_array
from heavytail_snn.core.compiled import compiled
from heavytail_snn.core.errors import ParameterError, check_integer, check_real
from heavytail_snn.core.randomness import Seed, seed_sequence, stream
from heavytail_snn.models.rate.network import check_weights
from heavytail_snn.models.rate.trial_arguments import increasing_times, trials_of_neurons
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.network_weights import dense_weights

Floats = NDArray[np.float64]


def binary_trials(
    weights: Any,
    times: ArrayLike,
    *,
    n_neurons: int | None = None,
    drive: ArrayLike = 0.0,
    initial: ArrayLike | None = None,
    n_trials: int | None = None,
    noise: float = 0.0,
    frozen: bool = True,
    seed: Seed = None,
) -> Floats:
    """Simulate an asynchronous +-1 network for many stimuli.

    Parameters
    ----------
    weights : Coupling, (n, n) ndarray or sparse array, row = target
        Dense in the computation; in float32 the sums over sources take half the time.
    times : (n_times,) array_like
        When to read the states, in mean update intervals, increasing.
    n_neurons : int, optional
        Needed with a Coupling.
    drive : (n_trials, n) array_like or float
        Input added to the field of each unit.
    initial : (n_trials, n) or (n,) array_like of +-1, optional
        By default random, the same for all trials if frozen.
    n_trials : int, optional
        Needed where neither drive nor initial state tells it.
    noise : float
        Standard deviation of the threshold noise.
    frozen : bool
        Whether all trials share update times, threshold noise and the random initial state, or
        draw their own, as the repeats of an experiment do.
    seed : int, SeedSequence, Generator or None
        Of the Coupling, initial state, update times and noise; equal seeds give equal noise in
        other calls too.

    Returns
    -------
    (n_times, n_trials, n) ndarray of +-1

    Raises
    ------
    ParameterError
        If shapes do not match or values lie outside their domain.

    Notes
    -----
    Dynamics of Keup, Kuehn, Dahmen & Helias, Phys. Rev. X 11 (2021) 021064.
    `theory.response_kernel(noise="independent")` has both trials update in the same order, which
    the overlap of fresh trials forgets: theirs is the same once it is stationary, not before.

    Examples
    --------
    >>> states = binary_trials(np.zeros((2, 2)), [50.0], drive=[[1, -1], [-1, 1]], seed=1)
    >>> states[0].tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    seed = seed_sequence(seed) if isinstance(weights, Coupling) else seed
    weights = np.ascontiguousarray(check_weights(dense_weights(weights, n_neurons, seed)))
    n_neurons = len(weights)
    moments = increasing_times(times)
    noise = check_real("noise", noise, low=0)
    start = np.ones(n_neurons) if initial is None else _checked_start(initial)
    state, inputs = trials_of_neurons(drive, start, n_trials, n_neurons)
    if initial is None:
        drawn = (n_neurons, 1) if frozen else state.shape
        state *= stream(seed, "initial state").choice(np.array([-1.0, 1.0]), drawn)
    state = state.astype(weights.dtype)
    random = stream(seed, "noise")
    recorded = np.empty((len(moments), state.shape[1], n_neurons))
    now = 0.0
    for row, until in enumerate(moments):
        advance = _advance_together if frozen else _advance_apart
        advance(weights, state, inputs, noise, (until - now) * n_neurons, random)
        now, recorded[row] = until, state.T
    return recorded


def synchronous_trials(
    weights: Any,
    n_steps: int,
    *,
    n_neurons: int | None = None,
    initial: ArrayLike,
    drive: ArrayLike = 0.0,
    seed: Seed = None,
) -> Floats:
    """Update all +-1 units of many noiseless trials together; see `binary_trials`.

    Parameters
    ----------
    weights : Coupling, (n, n) ndarray or sparse array, row = target
    n_steps : int
    n_neurons : int, optional
        Needed with a Coupling.
    initial, drive : (n_trials, n) or (n,) array_like or float
        The initial state may be any real numbers: the first step may read a graded code.
    seed : int, SeedSequence, Generator or None
        Of the Coupling.

    Returns
    -------
    (n_steps, n_trials, n) ndarray of +-1
        After each step; one trial where neither argument has a row for each.

    Raises
    ------
    ParameterError
        If shapes do not match or values are not finite.
    """
    weights = np.ascontiguousarray(check_weights(dense_weights(weights, n_neurons, seed)))
    n_steps = check_integer("n_steps", n_steps, low=1)
    start, inputs = real_array("initial", initial), real_array("drive", drive)
    n_trials = None if 2 in (start.ndim, inputs.ndim) else 1
    start, inputs = trials_of_neurons(inputs, start, n_trials, len(weights))
    state = start.T.astype(weights.dtype)
    recorded = np.empty((n_steps, len(state), len(weights)))
    for step in range(n_steps):
        recorded[step] = np.where(state @ weights.T + inputs.T > 0, 1.0, -1.0)
        state = recorded[step].astype(weights.dtype)
    return recorded


def _advance_together(
    weights: Floats, state: Floats, drive: Floats, noise: float, mean: float, random: Any
) -> None:
    """Update the same units of all trials, (n, n_trials) in place, `mean` times on average."""
    n_updates = random.poisson(mean)
    units = random.integers(0, len(weights), n_updates)
    thresholds = noise * random.standard_normal(n_updates)
    for unit, threshold in zip(units.tolist(), thresholds.tolist(), strict=True):
        field = weights[unit] @ state + (drive[unit] + threshold)
        state[unit] = np.where(field > 0, 1.0, -1.0)


def _advance_apart(
    weights: Floats, state: Floats, drive: Floats, noise: float, mean: float, random: Any
) -> None:
    """Update units of each trial in an order of its own."""
    columns = np.ascontiguousarray(weights.T)
    fields = np.ascontiguousarray((weights @ state + drive).T)
    for trial, field in enumerate(fields):
        n_updates = random.poisson(mean)
        units = random.integers(0, len(weights), n_updates)
        thresholds = noise * random.standard_normal(n_updates)
        _update_units(columns, state[:, trial], field, units, thresholds)


@compiled(nogil=True)
def _update_units(columns, state, field, units, thresholds):
    """Update units one after the other; a unit that flips changes the fields of all, in place."""
    for update, unit in enumerate(units):
        new = 1.0 if field[unit] + thresholds[update] > 0 else -1.0
        if new != state[unit]:
            state[unit] = new
            for target in range(len(field)):
                field[target] += 2.0 * new * columns[unit, target]


def _checked_start(initial: Any) -> Floats:
    start = real_array("initial", initial)
    if not np.isin(start, (-1.0, 1.0)).all():
        raise ParameterError("initial", initial, "must hold -1 and 1 only")
    return start
