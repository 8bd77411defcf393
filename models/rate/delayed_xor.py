"""A memory task for rate maps: report the exclusive-or of two stimuli after two silent delays.

Each stimulus is one bit: one of two standard normal input vectors.  A ridge readout of the final
state is trained; its penalty is chosen on a validation set.

The simpler code of one vector times +1 or -1 (``encoding="sign"``) does not suit odd activations
without bias: the silent network then maps opposite stimuli to opposite states, and a linear
readout gets three of the four cases at best.  Xie, Mihalas & Kusmierz 2025
(arXiv:2505.09816, figure 21) give no durations, input scale or regularisation: the settings here
are our own and are stored with the result.
"""

from dataclasses import dataclass

import numpy as np

from heavytail_snn.core.errors import check_choice, check_integer, check_real
from heavytail_snn.core.randomness import Seed, recorded_seed, stream
from heavytail_snn.core.results import Result, field_of
from heavytail_snn.models.rate.map import RateMap

_PENALTIES = np.logspace(-8, 2, 11)  # times the mean squared activity
_SPACING = 10  # steps between the attractor states from which trials start
_CHANCE = 0.5


@dataclass(frozen=True, kw_only=True)
class DelayedXor(Result):
    """Accuracy of a linear readout in the delayed exclusive-or task.

    Parameters
    ----------
    accuracy, standard_error : float
        On the test trials, with the binomial error; chance is 0.5.
    validation_accuracy, training_accuracy : float
    penalty : float
        The chosen ridge penalty, in units of the mean squared activity.
    """

    accuracy: float = field_of(quantity="accuracy", error="standard_error")
    standard_error: float
    validation_accuracy: float
    training_accuracy: float
    penalty: float


def delayed_xor(
    network: RateMap,
    *,
    stimulus_steps: int = 5,
    delay_steps: int = 10,
    input_scale: float = 1.0,
    encoding: str = "vectors",
    n_training: int = 1000,
    n_validation: int = 200,
    n_test: int = 1000,
    warmup: int = 1000,
    seed: Seed = None,
) -> DelayedXor:
    """Run the delayed exclusive-or task on a rate map used as a reservoir.

    Parameters
    ----------
    network : RateMap
    stimulus_steps, delay_steps : int
        Length of each of the two stimuli and of the silent delay after each.
    input_scale : float
        Factor of the standard normal input vectors.
    encoding : {"vectors", "sign"}
        Two independent vectors for the two values of a bit, or one vector and its opposite.
    n_training, n_validation, n_test : int
        Trials.  Every trial starts from its own state on the attractor, ten steps apart.
    warmup : int
        Steps before the first of these states.
    seed : Seed
        Of the attractor run, the input vectors, the bits and the noise.

    Returns
    -------
    DelayedXor
    """
    sizes = (
        check_integer("n_training", n_training, low=10),
        check_integer("n_validation", n_validation, low=10),
        check_integer("n_test", n_test, low=10),
    )
    check_integer("stimulus_steps", stimulus_steps, low=1)
    check_integer("delay_steps", delay_steps)
    scale = check_real("input_scale", input_scale, low=0)
    n_trials = sum(sizes)
    check_choice("encoding", encoding, ("vectors", "sign"))
    network, seed = network.drawn(seed)
    bits = stream(seed, "stimulus").choice([-1, 1], size=(2, n_trials))
    vectors = scale * stream(seed, "input vectors").standard_normal((network.n_neurons, 2))
    if encoding == "sign":
        vectors[:, 1] = -vectors[:, 0]
    run = network.run(n_trials * _SPACING, seed=seed, warmup=warmup)
    states = run[::_SPACING].T.copy()
    generator = stream(seed, "trial noise")
    for bit in bits:
        stimulus = vectors[:, (bit + 1) // 2]
        for t in range(stimulus_steps + delay_steps):
            a = network.preactivation(states) + network.bias.reshape(-1, 1)
            a = a + stimulus if t < stimulus_steps else a
            if network.noise:
                a = a + network.noise * generator.standard_normal(a.shape)
            states = network.activation.function(a)
    target = bits[0] * bits[1]
    parts = np.split(np.arange(n_trials), np.cumsum(sizes)[:-1])
    penalty, accuracies = _ridge(states.T, target, parts)
    return DelayedXor(
        accuracy=accuracies[2],
        standard_error=float(np.sqrt(accuracies[2] * (1 - accuracies[2]) / n_test)),
        validation_accuracy=accuracies[1],
        training_accuracy=accuracies[0],
        penalty=penalty,
        seed=recorded_seed(seed),
        parameters=network.parameters
        | {"stimulus_steps": stimulus_steps, "delay_steps": delay_steps, "input_scale": scale}
        | {"n_training": n_training, "n_validation": n_validation, "n_test": n_test}
        | {"encoding": encoding, "chance": _CHANCE},
    )


def _ridge(
    states: np.ndarray, target: np.ndarray, parts: list[np.ndarray]
) -> tuple[float, list[float]]:
    """Return the penalty that is best on the validation part, and the accuracy on each part."""
    training, validation, _ = parts
    features = np.column_stack([states - states[training].mean(axis=0), np.ones(len(states))])
    left, singular, right = np.linalg.svd(features[training], full_matrices=False)
    projected = left.T @ target[training]
    size = np.mean(features[training] ** 2) * len(training)
    best = (-1.0, 0.0, np.zeros(features.shape[1]))
    for penalty in _PENALTIES[::-1]:  # the stronger one wins a tie
        readout = right.T @ (singular * projected / (singular**2 + penalty * size))
        score = _accuracy(features[validation] @ readout, target[validation])
        if score > best[0]:
            best = (score, float(penalty), readout)
    output = features @ best[2]
    return best[1], [_accuracy(output[part], target[part]) for part in parts]


def _accuracy(output: np.ndarray, target: np.ndarray) -> float:
    return float(np.mean(np.where(output >= 0, 1.0, -1.0) == target))
