"""Find the drive at which a pulse-coupled network fires at a given rate."""

import math
from collections.abc import Callable

import numpy as np

from heavytail_snn.core.errors import ConvergenceError, check_integer, check_real
from heavytail_snn.core.randomness import Seed
from heavytail_snn.models.pulse.pulse_coupled import PulseCoupledNetwork, check_network

_MIN_SPIKES = 20_000  # so that small networks are not tuned to noise
_MAX_STEPS = 60


def tune_drive[Network: PulseCoupledNetwork](
    network: Network,
    *,
    rate: float,
    tolerance: float = 0.01,
    spikes_per_neuron: int = 30,
    seed: Seed = 0,
) -> Network:
    """Return the network with its drive scaled so that the mean rate is `rate`.

    A secant in logarithms, kept inside a bracket by bisection.  Every trial starts from the same
    initial phases, so that the measured rate is a fixed function of the drive.

    Parameters
    ----------
    network : PulseCoupledNetwork
        Its weights are kept; those of a Coupling are drawn from `seed`.  Unequal drives keep their
        ratios.
    rate : float
        Target in Hz.
    tolerance : float
        Relative accuracy of the rate, in a run of `spikes_per_neuron` and at least 20000 spikes
        after as many spikes of settling, at most 20 per neuron.
    spikes_per_neuron : int
    seed : int, SeedSequence, Generator or None
        For the initial phases.

    Raises
    ------
    ConvergenceError
        If no drive is found, for instance because the rate jumps past the target.

    Examples
    --------
    >>> from heavytail_snn.models.pulse.theta import ThetaNetwork
    >>> network = tune_drive(ThetaNetwork([[0.0]], drive=1.0), rate=10.0)
    >>> bool(abs(network.drive ** 0.5 / (np.pi * 0.01) - 10) < 0.1)
    True
    """
    check_network(network)
    network, seed = network.drawn(seed)  # type: ignore[assignment]
    rate = check_real("rate", rate, low=0, open_low=True)
    tolerance = check_real("tolerance", tolerance, low=0, open_low=True)
    check_integer("spikes_per_neuron", spikes_per_neuron, low=1)
    profile = np.asarray(network.drive) / np.mean(network.drive)
    start = network.initial_state(seed)

    def miss(log_drive: float) -> float:
        """Return the logarithm of the rate over its target at a given mean drive."""
        trial = network.with_drive(profile * math.exp(log_drive))
        state = trial.state_of(network.phases(start))
        size = network.n_neurons
        settled = trial.run(n_spikes=20 * size, state=state)
        measured = trial.run(
            n_spikes=max(spikes_per_neuron * size, _MIN_SPIKES), state=settled.state
        ).recording
        duration = measured.t_stop - measured.t_start
        return math.log(len(measured.times) / (duration * size * rate))

    log_drive = _root(miss, _first_guess(network, rate), math.log1p(tolerance), rate)
    return network.with_drive(profile * math.exp(log_drive))


def _first_guess(network: PulseCoupledNetwork, rate: float) -> float:
    """Return the log drive that balances the mean recurrent input, or a lone neuron's drive."""
    _, targets, weights, mask = network._graph
    total = weights[0] * len(targets) if mask == 0 else weights.sum()
    recurrent = -rate * network.tau * total / network.n_neurons
    alone = (math.pi * rate * network.tau) ** 2
    return math.log(max(recurrent, 0.0) + alone)


def _root(miss: Callable[[float], float], guess: float, tolerance: float, rate: float) -> float:
    """Return x with ``|miss(x)| < tolerance`` for an increasing function."""
    low, high = -math.inf, math.inf
    x, step = guess, 0.7
    previous: tuple[float, float] | None = None
    for _ in range(_MAX_STEPS):
        value = miss(x)
        if abs(value) < tolerance:
            return x
        low, high = (x, high) if value < 0 else (low, x)
        slope = (value - previous[1]) / (x - previous[0]) if previous else 1.0
        previous = (x, value)
        proposal = x - np.clip(value / slope, -step, step) if slope > 0 else math.nan
        if not low < proposal < high:
            # bisect, or go on searching for the other end of the bracket
            inside = math.isfinite(low) and math.isfinite(high)
            proposal = 0.5 * (low + high) if inside else x - math.copysign(step, value)
        x = float(proposal)
        if high - low < 1e-12:
            break
    raise ConvergenceError(
        f"no drive gives a rate of {rate:g} Hz: last tried {math.exp(x):.6g}, where the rate is "
        f"{rate * math.exp(value):.6g} Hz; loosen tolerance or check that the rate is continuous"
    )
