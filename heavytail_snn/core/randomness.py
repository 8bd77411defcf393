"""Random streams: one seed, one independent generator per named purpose.

A stream depends only on the seed and on the purpose's name, never on the order of the calls, so
that adding a noise source does not change the weights.  Global random state is never touched.
"""

import zlib
from typing import Any

import numpy as np

from heavytail_snn.core.errors import ParameterError

Seed = int | np.random.SeedSequence | np.random.Generator | None


def seed_sequence(seed: Seed) -> np.random.SeedSequence:
    """Turn any accepted seed into a SeedSequence.

    A Generator is advanced (two calls with the same Generator give different streams); None takes
    fresh entropy, which the returned object carries in ``.entropy``.
    """
    if isinstance(seed, np.random.SeedSequence):
        return seed
    if isinstance(seed, np.random.Generator):
        return np.random.SeedSequence([int(word) for word in seed.integers(2**32, size=4)])
    if seed is None:
        return np.random.SeedSequence()
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ParameterError(
            "seed",
            seed,
            "must be a non-negative integer, a numpy SeedSequence, a numpy Generator or None",
            "use for example seed=1",
        )
    return np.random.SeedSequence(int(seed))


def stream(seed: Seed, purpose: str) -> np.random.Generator:
    """Return the generator of `seed` for one purpose, such as "weights" or "initial state".

    Parameters
    ----------
    seed : int, SeedSequence, Generator or None
    purpose : str
        Any name; equal names give equal streams.
    """
    return np.random.Generator(np.random.PCG64(child_sequence(seed, purpose)))


def child_sequence(seed: Seed, purpose: str) -> np.random.SeedSequence:
    """Return the SeedSequence of `seed` for one purpose, to be passed on as a seed."""
    parent = seed_sequence(seed)
    key = (*parent.spawn_key, zlib.crc32(purpose.encode()))
    return np.random.SeedSequence(entropy=parent.entropy, spawn_key=key)


def recorded_seed(seed: Seed) -> Any:
    """Return what a result stores so that the run can be repeated: an int or entropy with key."""
    if isinstance(seed, int | np.integer):
        return int(seed)
    sequence = seed_sequence(seed)
    return sequence.entropy if not sequence.spawn_key else (sequence.entropy, sequence.spawn_key)
