"""Largest exponent of rate maps with alpha-stable weights, by population dynamics.

State x and tangent vector y of a neuron are a jointly stable pair.  A LePage series draws it: the
strongest synapses one by one, with random members of a population as senders, and the rest as a
Gaussian pair.  The population's size limits the largest inputs in the same way as the size of a
network does, so that a population of P is the prediction for a network of N = P neurons.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from heavytail_snn.analysis.theory.numerics.arrays import check_array
from heavytail_snn.analysis.theory.numerics.transfer import Floats, Function, Transfer, as_transfer
from heavytail_snn.analysis.theory.rate.map import rate_map
from heavytail_snn.analysis.theory.stable.sign_map import check_alpha
from heavytail_snn.core.errors import ConvergenceError, ParameterError, check_integer, check_real
from heavytail_snn.core.options import check_options
from heavytail_snn.core.randomness import Seed, recorded_seed, stream
from heavytail_snn.core.results import Result, field_of
from heavytail_snn.weights.stable import sample_symmetric_stable

# ln of the field below which phi is linear and activity cannot recover in double precision
_SILENT = -80.0
_BLOCK = 512  # rows whose terms stay in cache


@dataclass(frozen=True, kw_only=True)
class PopulationExponent(Result):
    """Largest exponent of a heavy-tailed rate map at a given population size.

    Parameters
    ----------
    state : {"chaotic", "stable", "quiescent"}
        Quiescent: the activity died out; the exponent is then that of the silent state.
    largest_exponent, standard_error : float
        Per step; the error is that of the mean over independent runs, 0 for the closed form.
    field_scale : float
        Scale gamma of the stable field x; 0 if quiescent.
    population : int
    history : (n_runs, n_steps) ndarray
        Growth of ln|y| in each measured step.
    residual : float
        Second minus first half of the measured steps: drift that a longer transient would remove.
    """

    state: str
    largest_exponent: float = field_of(
        unit="1/step", quantity="largest_exponent", error="standard_error"
    )
    standard_error: float = field_of(unit="1/step")
    field_scale: float = field_of(quantity="field_scale")
    population: int
    history: Floats = field_of(dims=("run", "step"), unit="1/step", repr=False)
    residual: float = field_of(unit="1/step")


@dataclass(frozen=True, kw_only=True)
class PopulationExtrapolation(Result):
    """Largest exponent as the population grows without bound.

    Parameters
    ----------
    largest_exponent, standard_error : float
        Limit of the weighted fit lambda(P) = lambda - b P^(-1/(1+alpha)), and its error.
    slope : float
        -b.
    populations, exponents, standard_errors : (n,) ndarray
        The sizes fitted, with errors pooled over sizes at equal numbers of members.
    chi_square_per_degree : float
        Of the fit; far above 1 the sizes are too small for the law.
    residual : float
        Largest deviation from the fit.
    """

    largest_exponent: float = field_of(
        unit="1/step", quantity="largest_exponent", error="standard_error"
    )
    standard_error: float = field_of(unit="1/step")
    slope: float = field_of()
    populations: np.ndarray = field_of(dims=("population",))
    exponents: Floats = field_of(dims=("population",), unit="1/step")
    standard_errors: Floats = field_of(dims=("population",), unit="1/step")
    chi_square_per_degree: float = field_of()
    residual: float = field_of(unit="1/step")


def population_dynamics_map(
    alpha: float,
    g: float,
    *,
    phi: str | Transfer | Function = "tanh",
    derivative: Function | None = None,
    population: int = 2000,
    n_terms: int = 50,
    n_transient: int = 25,
    n_steps: int = 25,
    n_runs: int | None = None,
    seed: Seed = None,
    progress: bool = False,
) -> PopulationExponent:
    """Estimate the largest exponent of x(t+1) = J phi(x(t)) with symmetric stable weights.

    Parameters
    ----------
    alpha : float
        Stability, in (0, 2]; at alpha = 2 the closed form (1/2) ln(2 g^2 <phi'^2>) is returned.
    g : float
        Weights g z / N^(1/alpha), E exp(ikz) = exp(-|k|^alpha): **stable convention**.
    phi, derivative :
        Transfer function, see `as_transfer`; odd at alpha = 2.
    population : int
        Pairs (x, y); the size of the network that is predicted.
    n_terms : int
        Synapses drawn individually; the rest is Gaussian.  20 and 400 agree within the errors.
    n_transient, n_steps : int
        Steps left out and steps measured (at least 2).
    n_runs : int, optional
        Independent populations, at least 2; they give the standard error.  By default as many as
        make 16000 members in all, at least 8.
    seed : int, SeedSequence, Generator or None
    progress : bool
        Show a progress bar.

    Raises
    ------
    ParameterError
        For values outside their domain.
    ConvergenceError
        If the activity grows without bound (phi not saturating).

    Notes
    -----
    LePage, Woodroofe & Zinn, Ann. Probab. 9, 624 (1981) for the series; the use for tangent vectors
    is derived here.  For alpha < 2 silence is unstable in the infinite network at every g > 0, but
    a population is silent below a size-dependent gain, as a network is.

    Examples
    --------
    >>> round(population_dynamics_map(2.0, 1.5).largest_exponent, 4)
    0.1756
    """
    alpha = check_alpha(alpha)
    g = check_real("g", g, low=0, open_low=True)
    transfer = as_transfer(phi, derivative)
    population = check_integer("population", population, low=50)
    n_terms = check_integer("n_terms", n_terms, low=1, high=2000)
    n_transient = check_integer("n_transient", n_transient, low=0)
    n_steps = check_integer("n_steps", n_steps, low=2)
    if n_runs is None:
        n_runs = max(8, round(16000 / population))
    n_runs = check_integer("n_runs", n_runs, low=2)
    parameters = {
        "alpha": alpha,
        "g": g,
        "phi": transfer.name,
        "population": population,
        "n_terms": n_terms,
        "n_transient": n_transient,
        "n_steps": n_steps,
        "n_runs": n_runs,
    }
    if alpha == 2.0:
        return _gaussian(g, transfer, population, parameters)
    runs = []
    with tqdm(total=n_runs * (n_transient + n_steps), disable=not progress) as bar:
        for run in range(n_runs):
            generator = stream(seed, f"population {run}")
            runs.append(
                _run(alpha, g, transfer, population, n_terms, n_transient, n_steps, generator, bar)
            )
    growth = np.array([run[0] for run in runs])
    scale = float(np.exp(np.mean([run[1] for run in runs])))
    means = growth.mean(axis=1)
    exponent = float(means.mean())
    half = n_steps // 2
    return PopulationExponent(
        state="quiescent" if scale == 0 else "chaotic" if exponent > 0 else "stable",
        largest_exponent=exponent,
        standard_error=float(means.std(ddof=1) / math.sqrt(n_runs)),
        field_scale=scale,
        population=population,
        history=growth,
        residual=float(growth[:, half:].mean() - growth[:, :half].mean()),
        seed=recorded_seed(seed),
        parameters=parameters,
    )


def population_extrapolation(
    alpha: float,
    g: float,
    *,
    populations: tuple[int, ...] = (500, 1000, 2000, 4000, 8000),
    seed: Seed = None,
    progress: bool = False,
    **options: Any,
) -> PopulationExtrapolation:
    """Extrapolate the largest exponent to an infinite population.

    The senders' inputs to the tangent vector have tail exponent 1 + alpha because saturation
    suppresses the largest, so that a population misses a part of order P^(-1/(1+alpha)) of the
    moment that sets the growth.

    Parameters
    ----------
    alpha, g, seed, progress :
        As in `population_dynamics_map`; alpha < 2.
    populations : tuple of int
        At least three increasing sizes.
    **options
        Further arguments of `population_dynamics_map`.

    Raises
    ------
    ParameterError
        For alpha = 2 (the closed form needs no extrapolation) or fewer than three sizes.
    ConvergenceError
        If the activity dies out at one of the sizes.
    """
    taken = ("population", "seed", "progress")
    check_options(population_extrapolation, options, population_dynamics_map, taken=taken)
    alpha = check_real("alpha", alpha, low=0, high=2, open_low=True, open_high=True)
    sizes = check_array("populations", populations, low=50)
    if len(sizes) < 3 or np.any(np.diff(sizes) <= 0):
        raise ParameterError("populations", populations, "must be at least three increasing sizes")
    results = []
    for size in populations:
        child = stream(seed, f"size {size}")
        results.append(
            population_dynamics_map(
                alpha, g, population=size, seed=child, progress=progress, **options
            )
        )
    if any(result.state == "quiescent" for result in results):
        raise ConvergenceError(
            f"the activity dies out at g = {g:g} in one of the populations {populations}; "
            "use larger ones"
        )
    exponents = np.array([result.largest_exponent for result in results])
    # a run's variance falls like 1 / population; errors of single sizes rest on few runs
    members = sizes * [len(result.history) for result in results]
    spread = np.mean([result.standard_error**2 for result in results] * members)
    errors = np.sqrt(spread / members)
    design = np.column_stack([np.ones_like(sizes), sizes ** (-1.0 / (1.0 + alpha))])
    weighted = design / errors[:, None]
    covariance = np.linalg.inv(weighted.T @ weighted)
    coefficients = covariance @ weighted.T @ (exponents / errors)
    deviation = exponents - design @ coefficients
    chi_square = float(np.sum((deviation / errors) ** 2)) / (len(sizes) - 2)
    return PopulationExtrapolation(
        largest_exponent=float(coefficients[0]),
        # a poor fit widens the error; a fortuitously good one does not narrow it
        standard_error=float(math.sqrt(covariance[0, 0] * max(chi_square, 1.0))),
        slope=float(coefficients[1]),
        populations=np.asarray(populations),
        exponents=exponents,
        standard_errors=errors,
        chi_square_per_degree=chi_square,
        residual=float(np.max(np.abs(deviation))),
        seed=recorded_seed(seed),
        parameters={"alpha": alpha, "g": g, "populations": tuple(populations), **options},
    )


def _gaussian(
    g: float, transfer: Transfer, population: int, parameters: dict
) -> PopulationExponent:
    theory = rate_map(g, phi=transfer, convention="stable")
    return PopulationExponent(
        state="stable" if theory.state == "driven" else theory.state,
        largest_exponent=theory.largest_exponent,
        standard_error=0.0,
        field_scale=math.sqrt(theory.field_variance / 2.0),
        population=population,
        history=np.empty((0, 0)),
        residual=0.0,
        parameters=parameters,
    )


def _run(
    alpha: float,
    g: float,
    transfer: Transfer,
    population: int,
    n_terms: int,
    n_transient: int,
    n_steps: int,
    generator: np.random.Generator,
    bar: tqdm,
) -> tuple[Floats, float]:
    """Return the growth in each measured step and the mean ln field scale (-inf: silent)."""
    x: Floats = g * sample_symmetric_stable(alpha, population, generator)
    y: Floats = generator.standard_normal(population)
    growth = np.empty(n_steps)
    log_scale = np.empty(n_steps)
    mean_log_unit = np.euler_gamma * (1.0 / alpha - 1.0)  # E ln|z| at scale 1
    silent = False
    for step in range(-n_transient, n_steps):
        x, y = _step(alpha, g, transfer, x, y, n_terms, generator)
        size = -math.inf if silent else float(np.mean(np.log(np.abs(x)))) - mean_log_unit
        if size < _SILENT:
            silent, size, x = True, -math.inf, np.zeros_like(x)
        mean_log = float(np.mean(np.log(np.abs(y))))
        y *= math.exp(-mean_log)
        if step >= 0:
            growth[step], log_scale[step] = mean_log, size
        bar.update()
    return growth, float(log_scale.mean())


def _step(
    alpha: float,
    g: float,
    transfer: Transfer,
    x: Floats,
    y: Floats,
    n_terms: int,
    generator: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Draw the next (x, y) of every member: strong synapses singly, the rest as a Gaussian pair."""
    population = len(x)
    activity = np.column_stack([transfer.value(x), transfer.derivative(x) * y])
    if not np.max(np.abs(activity)) < 1e150:  # also catches nan
        raise ConvergenceError("the activity grows without bound; use a bounded phi")
    remainder = n_terms ** (1.0 - 2.0 / alpha) / (2.0 / alpha - 1.0)
    moments = activity.T @ activity / population * remainder
    pair = generator.standard_normal((population, 2)) @ _square_root(moments)
    # each sender appears with both signs: a symmetric synapse is one uniform index
    signed = [np.concatenate([column, -column]) for column in activity.T]
    for start in range(0, population, _BLOCK):
        block = slice(start, min(start + _BLOCK, population))
        shape = (block.stop - block.start, n_terms)
        weights = np.cumsum(generator.standard_exponential(shape), axis=1) ** (-1.0 / alpha)
        senders = generator.integers(0, 2 * population, shape)
        for component, values in enumerate(signed):
            pair[block, component] += np.einsum("ik,ik->i", weights, values[senders])
    tail = 2.0 * math.gamma(alpha) * math.sin(math.pi * alpha / 2.0) / math.pi
    pair *= g * tail ** (1.0 / alpha)
    return pair[:, 0].copy(), pair[:, 1].copy()


def _square_root(moments: Floats) -> Floats:
    """Return a (2, 2) matrix R with R^T R = moments; a silent x leaves a singular matrix."""
    values, vectors = np.linalg.eigh(moments)
    # rounding may push a vanishing eigenvalue below zero
    return np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T
