"""Damage spreading: how a flipped unit spreads in networks of binary or threshold units.

A threshold unit has no derivative, so a network of them has no tangent space and no Lyapunov
exponent.  What remains are finite perturbations: two copies with the same updates and the same
noise, differing in a few units, and their Hamming distance d(t).  Source: Derrida & Pomeau,
Europhys. Lett. 1 (1986) 45, doi:10.1209/0295-5075/1/2/001.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from heavytail_snn.core.errors import ParameterError, check_integer
from heavytail_snn.core.randomness import Seed, recorded_seed, stream
from heavytail_snn.core.results import Result, field_of

_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


@dataclass(frozen=True, kw_only=True)
class DamageSpreading(Result):
    """Spread of a finite perturbation; not an exponent and not a spectrum.

    Parameters
    ----------
    kind : str
        Always "damage".
    n_neurons, initial_damage, n_pairs : int
    distance, survival : (n_steps + 1,) arrays
        Mean Hamming distance after each step divided by the number of units, and fraction of
        pairs that still differ.
    distance_standard_error : (n_steps + 1,) array
        Over start states.
    offspring, offspring_standard_error : float
        Mean distance after one step divided by the initial damage: the annealed branching ratio.
    log_offspring : float
        Its logarithm, per step: mean growth, dominated by the largest avalanches.
    log_offspring_of_survivors : float
        Mean of ``ln(d(1) / initial damage)`` over the pairs that still differ after one step; nan
        if none does.  Read it together with ``survival[1]``: over all pairs it does not exist.
    quantiles : (6,) array
        5, 25, 50, 75, 95 and 99 % quantiles of d(1), whose law inherits the weights' heavy tail.
    plateau : float
        Mean of `distance` over the last fifth of the steps.
    """

    kind: str = "damage"
    n_neurons: int
    initial_damage: int
    n_pairs: int
    distance: np.ndarray = field_of(dims=("step",))
    distance_standard_error: np.ndarray = field_of(dims=("step",))
    survival: np.ndarray = field_of(dims=("step",))
    offspring: float = field_of(quantity="offspring", error="offspring_standard_error")
    offspring_standard_error: float
    log_offspring: float = field_of(unit="1/step")
    log_offspring_of_survivors: float = field_of(unit="1/step")
    quantiles: np.ndarray = field_of(dims=("quantile",))
    plateau: float


def damage_spreading(
    step: Callable[[np.ndarray, np.random.Generator], np.ndarray],
    states: np.ndarray,
    *,
    n_steps: int = 50,
    initial_damage: int = 1,
    n_flips: int = 20,
    seed: Seed = None,
) -> DamageSpreading:
    """Flip units of attractor states and follow the difference.

    Parameters
    ----------
    step : callable
        ``step(states, rng)`` returns the next states of a batch, (n_copies, n); it must use the
        same random numbers for every row.  Called once per time with all copies of a start state.
    states : (n_starts, n) array
        Two-valued states of the attractor (after a transient), at which damage is done.
    n_steps : int
        Length of the curves.
    initial_damage : int
        Number of units flipped: 1, about sqrt(n), or n/10.
    n_flips : int
        Damaged copies per start state, each with other units flipped.
    seed : int, optional
        Of the choice of units and of the noise in `step`.

    Returns
    -------
    DamageSpreading
    """
    starts, low, high = _check_states(states)
    n_steps = check_integer("n_steps", n_steps, low=1)
    n_flips = check_integer("n_flips", n_flips, low=1)
    n = starts.shape[1]
    damage = check_integer("initial_damage", initial_damage, low=1, high=n)
    choice = stream(seed, "flipped units")
    noise = stream(seed, "noise of the updates")
    counts = np.empty((len(starts), n_flips, n_steps + 1), dtype=np.int64)
    for row, start in enumerate(starts):
        copies = np.repeat(start[None], n_flips + 1, axis=0)
        for copy in copies[1:]:
            units = choice.choice(n, damage, replace=False)
            copy[units] = low + high - copy[units]
        for t in range(n_steps + 1):
            counts[row, :, t] = (copies[1:] != copies[0]).sum(axis=1)
            if t < n_steps:
                copies = _checked_step(step, copies, noise)
    return _summary(counts, n, damage, seed)


def _summary(counts: np.ndarray, n: int, damage: int, seed: Seed) -> DamageSpreading:
    first = counts[:, :, 1].ravel()
    per_start = counts.mean(axis=1)
    root = np.sqrt(len(counts))
    spread = per_start.std(axis=0, ddof=1) / root if root > 1 else np.full(counts.shape[2], np.nan)
    offspring = float(first.mean() / damage)
    alive = first[first > 0]
    distance = per_start.mean(axis=0) / n
    return DamageSpreading(
        n_neurons=n,
        initial_damage=damage,
        n_pairs=int(first.size),
        distance=distance,
        distance_standard_error=spread / n,
        survival=(counts > 0).mean(axis=(0, 1)),
        offspring=offspring,
        offspring_standard_error=float(spread[1] / damage),
        log_offspring=float(np.log(offspring)) if offspring > 0 else float("-inf"),
        log_offspring_of_survivors=(
            float(np.log(alive / damage).mean()) if alive.size else float("nan")
        ),
        quantiles=np.quantile(first, _QUANTILES),
        plateau=float(distance[-max(1, len(distance) // 5) :].mean()),
        seed=None if seed is None else recorded_seed(seed),
    )


def _check_states(states: Any) -> tuple[np.ndarray, float, float]:
    array = np.array(states, dtype=np.float64, ndmin=2)
    values = np.unique(array)
    if array.ndim != 2 or values.size != 2 or not np.isfinite(values).all():
        raise ParameterError(
            "states", states, "must be an (n_starts, n) array with two values, such as -1 and 1",
            "graded units have a tangent space: use lyapunov_spectrum",
        )  # fmt: skip
    return array, float(values[0]), float(values[1])


def _checked_step(
    step: Callable[[np.ndarray, np.random.Generator], np.ndarray],
    copies: np.ndarray,
    noise: np.random.Generator,
) -> np.ndarray:
    new = np.asarray(step(copies, noise), dtype=np.float64)
    if new.shape != copies.shape:
        raise ParameterError("step", new.shape, f"must return an array of shape {copies.shape}")
    return new
