"""A model and a measure from outside the package; each computed network is noted in a file.

The network is a leaky sum of normal numbers.  The file is named by the environment variable
COUNTED_LOG, so that other processes find it.
"""

import os
import time

import numpy as np

from heavytail_snn.analysis.sweep import Measure, ModelEntry, Output, Parameter
from heavytail_snn.core.errors import ConvergenceError


def note(text):
    """Append one line at once, from whatever process."""
    if "COUNTED_LOG" in os.environ:
        with open(os.environ["COUNTED_LOG"], "a") as file:
            file.write(f"{text}\n")


def noted():
    """Return the lines so far."""
    with open(os.environ["COUNTED_LOG"]) as file:
        return file.read().splitlines()


def network(values, seed):
    note(f"{values['leak']:g} {seed}")
    return np.random.default_rng([seed, round(1e6 * values["leak"])])


def run(generator, values, seed):
    time.sleep(values["wait"])
    if values["megabytes"]:
        hog = [np.ones(2**17) for _ in range(int(values["megabytes"]))]
        time.sleep(20)
        del hog
    if values["leak"] > 1:
        raise ConvergenceError(f"a leak of {values['leak']:g} grows without end")
    x = np.zeros((60, 4))
    for step in range(1, 60):
        x[step] = values["leak"] * x[step - 1] + generator.normal(size=4)
    return x


def states(found, values):
    return found


MODEL = ModelEntry(
    name="counted",
    summary="A leaky sum of normal numbers.",
    parameters=(
        Parameter("leak", 0.5, meaning="what stays of the sum in a step"),
        Parameter("wait", 0.0, "s", meaning="that a network takes"),
        Parameter("megabytes", 0, kind="integer", meaning="that a network takes"),
    ),
    network=network,
    run=run,
    states=states,
)


def outputs(entry, values):
    return (Output("mean_square", error=True), Output("course", axes={"step": np.arange(60)}))


def take(sample):
    squares = np.square(sample.states).mean(axis=1)
    error = squares.std(ddof=1) / np.sqrt(squares.size)
    return {"mean_square": squares.mean(), "mean_square_error": error, "course": squares}


MEASURE = Measure(name="squares", needs=("states",), outputs=outputs, take=take)
