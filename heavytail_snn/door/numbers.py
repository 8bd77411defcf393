"""The strict converter of numbers: what is no exact time or unit number is refused, not cast.

Casting hides what a file says: ids of 2**63 become negative, ids of 2**53 + 1 merge with their
neighbour, a complex time loses its imaginary part, a masked one its mask, a date its epoch.
"""

from typing import Any

import numpy as np

from heavytail_snn.core.errors import RecordingError

LARGEST_ID = 2**63 - 1
LARGEST_EXACT = 2**53  # beyond it not every whole number is a float64


def exact_times(name: str, values: Any) -> np.ndarray:
    """Return times as a flat float64 array, or raise.

    Parameters
    ----------
    name : str
        What they are called, in errors.
    values : array_like
        Real numbers; booleans, complex numbers, dates, texts, objects and masks are refused.
    """
    array = _real(name, values)
    if array.ndim > 1 and array.size != max(array.shape):
        raise RecordingError(f"{name} must be a vector of times, got shape {array.shape}")
    array = array.ravel()
    if array.dtype.kind in "iu" and array.size and _largest(array) > LARGEST_EXACT:
        raise RecordingError(
            f"{name} must be exact as float64, got {_largest(array)}, above 2**53; subtract an "
            "offset from the times"
        )
    return array.astype(np.float64)


def exact_ids(name: str, values: Any) -> np.ndarray:
    """Return unit numbers as a flat int64 array, or raise if one is not whole or not exact."""
    array = _real(name, values)
    if array.ndim > 1 and array.size != max(array.shape):
        raise RecordingError(f"{name} must be a vector of unit numbers, got shape {array.shape}")
    array = array.ravel()
    if not array.size:
        return np.empty(0, dtype=np.int64)
    if array.dtype.kind == "f":
        whole = np.isfinite(array) & (array == np.trunc(array))
        if not whole.all():
            bad = array[~whole][0]
            raise RecordingError(
                f"{name} must be whole numbers, got {bad}; are the columns (time, id) swapped?"
            )
    limit = LARGEST_EXACT if array.dtype.kind == "f" else LARGEST_ID
    if _largest(array) > limit:
        raise RecordingError(
            f"{name} must be exact whole numbers, got {_largest(array)}; renumber the units"
        )
    return array.astype(np.int64)


def one_number(name: str, value: Any) -> float:
    """Return one finite real number, or raise."""
    array = _real(name, value)
    if array.size != 1 or not np.isfinite(array).all():
        raise RecordingError(f"{name} must be one finite number, got {array!r}")
    return float(array.ravel()[0])


def are_whole(times: np.ndarray) -> bool:
    """Tell whether all times are whole numbers, which says that they count something."""
    return bool(times.size) and bool((times == np.trunc(times)).all())


def _largest(array: np.ndarray) -> int:
    return max(abs(int(array.max())), abs(int(array.min())))


def _real(name: str, values: Any) -> np.ndarray:
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise RecordingError(f"{name} must not be masked; fill or remove the masked values")
    array = np.asarray(values)
    if not array.size and array.dtype.kind in "iufO":
        return np.empty(0)
    if array.dtype.kind not in "iuf" or array.dtype.itemsize > 8:
        raise RecordingError(f"{name} must be real numbers, got dtype {array.dtype}")
    return array
