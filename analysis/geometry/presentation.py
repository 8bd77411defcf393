"""Present stimuli to a network, trial by trial, and read its responses.

All trials of a model that runs through Brian2 share one compiled program: only numbers (drive or
initial state, seeds) change between them.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special
from tqdm import tqdm

from heavytail_snn.analysis.recorded.stimuli import window_bins, window_counts
from heavytail_snn.brian.model import NetworkModel
from heavytail_snn.brian.simulation.simulate import simulate
from heavytail_snn.core.errors import (
    ParameterError,
    UnitError,
    check_choice,
    check_integer,
    check_real,
)
from heavytail_snn.core.randomness import Seed, child_sequence, recorded_seed, seed_sequence
from heavytail_snn.core.showing import Shown
from heavytail_snn.core.time_units import one_time
from heavytail_snn.models.binary.network import states_at
from heavytail_snn.models.pulse.pulse_coupled import PulseCoupledNetwork
from heavytail_snn.models.rate.network import RateNetwork
from heavytail_snn.recording.recording import Recording
from heavytail_snn.recording.traces import Trace

CODINGS = ("drive", "initial")
NOISES = ("frozen", "fresh")


@dataclass(frozen=True, eq=False, kw_only=True)
class Presentation(Shown):
    """Recordings of all trials: what responses are read from.

    Parameters
    ----------
    recordings : tuple of tuple of Recording
        By stimulus, then by repeat.
    parameters : dict
    seed : object
    """

    recordings: tuple[tuple[Recording, ...], ...]
    parameters: dict[str, Any]
    seed: Any = None

    def counts(
        self, start: Any = None, stop: Any = None, *, precision: Any = None
    ) -> NDArray[np.float64]:
        """Count spikes in a window.

        Stimuli come first, as `response_kernel`, `eigenspectrum_exponent` and
        `representation_similarity` take them; `cvpca`, `cvpca_exponent` and `code_signature` have
        neurons first: ``np.swapaxes(counts, 0, 1)``.

        Parameters
        ----------
        start, stop : float or quantity of time, optional
            Window after stimulus onset; by default the whole trial.
        precision : float or quantity of time, optional
            Width of bins that cut the window; spikes in different bins count as different
            responses.  A remainder at the end of the window is left out.

        Returns
        -------
        (n_stimuli, n_neurons * n_bins, n_repeats) ndarray
            Bins of a neuron lie next to each other; one bin without `precision`.  Neurons may be
            passed on as ``groups=np.repeat(np.arange(n_neurons), n_bins)``, so that the errors of
            a kernel resample whole neurons; without groups, neighbouring columns are resampled
            together, which is nearly the same for 40 neurons or more.
        """
        first = self.recordings[0][0]
        if "state" in first.traces:
            raise ParameterError("model", "a rate network", "must spike", "read states instead")
        low = first.t_start if start is None else one_time("start", start)
        high = first.t_stop if stop is None else one_time("stop", stop)
        if not first.t_start <= low < high <= first.t_stop + 1e-12:
            raise ParameterError(
                "stop",
                (low, high),
                f"must end a window inside {first.t_start, first.t_stop} s",
                "plain numbers are in seconds; or pass quantities, 200 * ms",
            )
        width, n_bins = window_bins(low, high, precision)
        onset = np.array([low])
        return self._stacked(lambda recording: window_counts(recording, onset, width, n_bins)[0])

    def states(self, time: Any = None) -> NDArray[np.float64]:
        """Return states of binary units or rate networks at a time, by default at the end.

        Stimuli come first; for `cvpca`, `cvpca_exponent` and `code_signature`, which have neurons
        first, ``np.swapaxes(states, 0, 1)``.

        Returns
        -------
        (n_stimuli, n_neurons, n_repeats) ndarray
        """
        first = self.recordings[0][0]
        moment = first.t_stop if time is None else one_time("time", time)
        if not first.t_start <= moment <= first.t_stop + 1e-12:
            raise ParameterError(
                "time",
                moment,
                f"must lie in {first.t_start, first.t_stop} s",
                "plain numbers are in seconds",
            )
        return self._stacked(lambda recording: _state(recording, moment))

    def _stacked(self, read: Any) -> NDArray[np.float64]:
        return np.stack([np.stack([read(r) for r in row], axis=1) for row in self.recordings])


def present(
    model: Any,
    stimulus: Any,
    duration: Any,
    *,
    amplitude: Any = 1.0,
    coding: str = "drive",
    noise: str = "frozen",
    n_repeats: int = 1,
    seed: Seed = None,
    backend: str = "runtime",
    dt: Any = None,
    progress: bool = False,
) -> Presentation:
    """Simulate a network once for each stimulus and repeat.

    Parameters
    ----------
    model : LIFNetwork, BinaryNetwork, RateMap, RateFlow, ThetaNetwork, RapidThetaNetwork, ...
        Its weights are drawn once, from the seed as by `simulate`, and shared by all trials.
    stimulus : Stimulus or (n_stimuli, n_neurons) array_like
        Patterns of standard normal numbers, projected from the features with the same seed.
    duration : Quantity of time or float
        As for `simulate`; the stimulus starts with the run.
    amplitude : float or Quantity
        Factor of the pattern that is added to the model's drive (mV for a LIFNetwork); for a rate
        network coded in its initial state, factor of that state; otherwise unused there.
    coding : {"drive", "initial"}
        Constant input, with the same initial state for all stimuli; or initial state: the
        pattern's signs (binary units), the pattern itself (rate networks), potentials
        v_reset + (theta - v_reset) Phi(pattern), uniform as by default (LIF neurons).
    noise : {"frozen", "fresh"}
        Whether all stimuli of one repeat share noise, update times and remaining initial state, or
        draw their own.
    n_repeats : int
    seed : int, SeedSequence, Generator or None
    backend, dt :
        As for `simulate`; they do not apply to event-based and rate networks.
    progress : bool

    Returns
    -------
    Presentation

    Raises
    ------
    ParameterError
        If the model cannot be stimulated in this way or its own frozen noise contradicts `noise`.
    UnitError
        If the amplitude has not the unit of the drive.

    Examples
    --------
    A kernel resolved in time after stimulus onset is a loop over windows (or over times, with
    `Presentation.states`).  In a chaotic network the answers to six pairs of stimuli, 0.001 radian
    apart, lose their similarity:

    >>> from heavytail_snn import Coupling, FixedInDegree, LevyStable
    >>> from heavytail_snn.analysis.geometry import response_kernel
    >>> from heavytail_snn.models import ThetaNetwork, circle
    >>> weights = Coupling(LevyStable(1.5), FixedInDegree(50)).sample(200, seed=1)
    >>> stimulus = circle(np.add.outer(np.arange(6.0), [0.0, 0.001]).ravel())
    >>> run = present(ThetaNetwork(weights, drive=0.1), stimulus, 0.4, amplitude=0.02, seed=1)
    >>> for start in (0.0, 0.1, 0.2, 0.3):
    ...     counts = run.counts(start, start + 0.1)
    ...     kernel = response_kernel(counts, stimuli=stimulus, center=True, seed=1)
    ...     print(f"{start} s: {kernel.closest_loss:.2f} +- {kernel.closest_loss_error:.2f}")
    0.0 s: 0.00 +- 0.00
    0.1 s: 0.00 +- 0.00
    0.2 s: 0.19 +- 0.02
    0.3 s: 0.74 +- 0.03
    """
    check_choice("coding", coding, CODINGS)
    check_choice("noise", noise, NOISES)
    n_repeats = check_integer("n_repeats", n_repeats, low=1)
    if noise == "fresh" and getattr(model, "noise_seed", None) is not None:
        raise ParameterError("noise", noise, "contradicts the model's frozen noise seed")
    parent = seed_sequence(seed)  # fixes a Generator's or None's entropy
    root = child_sequence(parent, "presentation")
    if not isinstance(model, NetworkModel | RateNetwork | PulseCoupledNetwork):
        raise ParameterError(
            "model", type(model).__name__, "must be a network of heavytail_snn.models"
        )
    size = model.size if isinstance(model, NetworkModel) else model.n_neurons
    patterns = _patterns(stimulus, size, root)
    if isinstance(model, NetworkModel):
        model = dataclasses.replace(model, weights=model.sample_weights(parent))  # type: ignore[type-var]
    else:
        model = model.drawn(parent)[0]
    trials = [(s, r) for s in range(len(patterns)) for r in range(n_repeats)]
    rows: list[list[Recording]] = [[] for _ in patterns]
    for number, repeat in tqdm(trials, disable=not progress, desc="trials"):
        name = f"repeat {repeat}" if noise == "frozen" else f"stimulus {number} repeat {repeat}"
        rows[number].append(
            _trial(
                model,
                patterns[number],
                duration,
                amplitude,
                coding,
                seed=child_sequence(root, name),
                backend=backend,
                dt=dt,
            )
        )
    return Presentation(
        recordings=tuple(map(tuple, rows)),
        parameters={
            "model": type(model).__name__,
            "duration": duration,
            "amplitude": amplitude,
            "coding": coding,
            "noise": noise,
            "n_repeats": n_repeats,
        },
        seed=recorded_seed(parent),
    )


def _patterns(stimulus: Any, n_neurons: int, seed: Seed) -> NDArray[np.float64]:
    if hasattr(stimulus, "patterns"):
        return stimulus.patterns(n_neurons, seed=seed)
    patterns = np.asarray(stimulus, dtype=float)
    if patterns.ndim != 2 or patterns.shape[1] != n_neurons:
        raise ParameterError(
            "stimulus",
            f"shape {patterns.shape}",
            f"must be a Stimulus or an array of shape (n_stimuli, {n_neurons})",
        )
    finite = np.isfinite(patterns)
    if not finite.all():
        kind = "nan" if np.isnan(patterns).any() else "inf"
        where = f"an array that holds {kind} in pattern {finite.all(axis=1).argmin()}"
        raise ParameterError("stimulus", where, "must be finite", "check how it was made")
    return patterns


def _trial(
    model: Any,
    pattern: NDArray[np.float64],
    duration: Any,
    amplitude: Any,
    coding: str,
    *,
    seed: Seed,
    backend: str,
    dt: Any,
) -> Recording:
    if isinstance(model, RateNetwork):
        factor = check_real("amplitude", amplitude)
        return _rate_trial(model, pattern, duration, factor, coding, seed)
    if isinstance(model, PulseCoupledNetwork):
        if coding == "initial":
            raise ParameterError("coding", coding, "must be 'drive' for event-based networks")
        drive = model.drive + check_real("amplitude", amplitude) * pattern
        if drive.min() <= 0:
            remedy = "their patterns reach 4 standard deviations: choose a smaller amplitude"
            raise ParameterError("amplitude", amplitude, "must leave every drive above 0", remedy)
        return model.with_drive(drive).run(duration, seed=seed).recording
    if not hasattr(model, "drive"):
        raise ParameterError("model", model, "must be a network that takes a drive")
    if coding == "drive":
        changes = {"drive": _driven(model.drive, amplitude, pattern)}
    else:
        changes = {"initial": _initial(model, pattern)}
    stimulated = dataclasses.replace(model, **changes)  # type: ignore[type-var]
    return simulate(stimulated, duration, backend=backend, dt=dt, seed=seed)


def _driven(drive: Any, amplitude: Any, pattern: NDArray[np.float64]) -> Any:
    if getattr(amplitude, "dim", None) is not getattr(drive, "dim", None):
        raise UnitError(
            "amplitude", amplitude, "must have the unit of the model's drive", "such as 1 * mV"
        )
    return drive + amplitude * pattern


def _initial(model: Any, pattern: NDArray[np.float64]) -> Any:
    if hasattr(model, "states"):
        low, high = model.states
        return np.where(pattern > 0, high, low)
    if hasattr(model, "v_reset") and hasattr(model, "theta") and hasattr(model, "initial"):
        return model.v_reset + (model.theta - model.v_reset) * special.ndtr(pattern)
    raise ParameterError("coding", "initial", f"must be 'drive' for a {type(model).__name__}")


def _rate_trial(
    model: RateNetwork,
    pattern: NDArray[np.float64],
    duration: Any,
    amplitude: float,
    coding: str,
    seed: Seed,
) -> Recording:
    # the stimulus adds to the bias: a copy shares the weights
    driven = coding == "drive"
    network = model._copy(bias=model.bias + amplitude * pattern) if driven else model
    start = network.initial_state(seed) if driven else network.as_state(amplitude * pattern)
    n_steps = round(check_real("duration", duration, low=network.dt) / network.dt)
    states = network.run(n_steps, seed=seed, initial_state=start)
    traces = {"state": Trace(states, dt=network.dt, t_start=network.dt)}
    stop = n_steps * network.dt
    return Recording(np.empty(0), np.empty(0, int), network.n_neurons, 0.0, stop, traces=traces)


def _state(recording: Recording, moment: float) -> NDArray[np.float64]:
    if "initial_state" in recording.attrs:
        return states_at(recording, [moment])[0]
    if "state" not in recording.traces:
        raise ParameterError("time", moment, "needs binary units or rates", "read counts instead")
    trace = recording.traces["state"]
    sample = round((moment - trace.t_start) / trace.dt)
    if not 0 <= sample < len(trace.values):
        raise ParameterError("time", moment, f"must lie in {trace.t_start, recording.t_stop}")
    return np.asarray(trace.values[sample])
