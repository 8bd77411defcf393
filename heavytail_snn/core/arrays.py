"""One code for arrays of numpy, CuPy, PyTorch and other libraries of the array API standard."""

from typing import Any

import numpy as np

from heavytail_snn.core.errors import ParameterError, UnitError


def real_array(argument: str, values: Any) -> np.ndarray:
    """Return `values` as a float64 numpy array, or raise an error that names the argument."""
    check_no_unit(argument, values)
    try:
        array = np.asarray(values)
    except ValueError:  # nested lists of unequal length
        array = np.empty(0, dtype=object)
    if array.dtype.kind not in "iuf":
        raise ParameterError(argument, values, "must be an array of real numbers")
    return array.astype(np.float64)


def check_no_unit(argument: str, values: Any, *, remedy: str = "") -> None:
    """Raise UnitError if values, or those inside a list, have a unit.

    Parameters
    ----------
    argument : str
        Named in the error.
    values : object
    remedy : str, optional
        Instead of "divide by the unit it is given in".
    """
    if not _is_dimensionless(values):
        remedy = remedy or "divide by the unit it is given in"
        raise UnitError(argument, values, "must have no unit", remedy)


def _is_dimensionless(values: Any) -> bool:
    """Tell whether values are plain numbers, or dimensionless ones of Brian2 or `quantities`."""
    if isinstance(values, list | tuple):  # numpy strips the units of what a list holds
        return all(type(item) in (float, int) or _is_dimensionless(item) for item in values)
    if hasattr(values, "dimensionality"):  # quantities
        return not values.dimensionality.simplified
    return bool(getattr(values, "is_dimensionless", True))  # Brian2


def namespace_of(x: Any) -> Any:
    """Return the array-API namespace of an array: numpy, CuPy, PyTorch, array_api_strict, ..."""
    if hasattr(x, "__array_namespace__"):
        return x.__array_namespace__()
    if type(x).__module__.split(".")[0] == "torch":
        # PyTorch implements most of the standard but not its entry point
        import torch

        return torch
    return np


def to_numpy(x: Any) -> np.ndarray:
    """Copy an array of any library, on any device, to a numpy array."""
    if hasattr(x, "get"):  # CuPy
        return np.asarray(x.get())
    if hasattr(x, "detach"):  # PyTorch
        return x.detach().cpu().numpy()
    return np.asarray(x)


def like(values: Any, reference: Any) -> Any:
    """Return numpy `values` in the library, precision and device of the array `reference`."""
    if isinstance(reference, np.ndarray):
        return np.asarray(values, dtype=reference.dtype)
    return namespace_of(reference).asarray(values, dtype=reference.dtype, device=reference.device)


def cast(x: Any, dtype: str) -> Any:
    """Return a copy of an array of any library, or of a sparse array, as "float32" or "float64"."""
    xp = namespace_of(x)
    if xp is np:
        return x.astype(dtype)
    return x.to(getattr(xp, dtype)) if hasattr(x, "detach") else xp.astype(x, getattr(xp, dtype))
