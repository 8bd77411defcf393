"""The one lock of this process around global state, and the global random generators under it."""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

LOCK = threading.RLock()


@contextmanager
def seeded_generators(generator: np.random.Generator) -> Iterator[None]:
    """Seed the global generators of numpy and Python inside, and give them back as they were.

    For libraries that draw from them; other threads of ours wait.

    Parameters
    ----------
    generator : numpy.random.Generator
        Where the seeds come from.
    """
    with LOCK:
        numbers, python = np.random.get_state(), random.getstate()  # noqa: NPY002
        seeds = generator.integers(2**32, size=2)
        np.random.seed(int(seeds[0]))  # noqa: NPY002
        random.seed(int(seeds[1]))
        try:
            yield
        finally:
            np.random.set_state(numbers)  # noqa: NPY002
            random.setstate(python)
