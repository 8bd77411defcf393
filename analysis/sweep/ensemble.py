"""Ensemble: a quantity over the networks of a sweep, with the error within and the spread between.

With heavy tails networks of the same parameters differ more than one of them is uncertain.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from heavytail_snn.core.results import Result, field_of


@dataclass(frozen=True, kw_only=True)
class Ensemble(Result):
    """Mean and errors of one quantity over networks that differ in their seed.

    Parameters
    ----------
    mean : ndarray
        Over the networks that gave a number; nan where none did.
    within : ndarray
        Typical standard error of one network: the root of the mean square over networks; nan where
        the measure states none.
    between : ndarray
        Standard deviation between networks; nan where there are fewer than two.
    n_networks : ndarray of int
        How many gave a number.
    standard_error : ndarray
        Of the mean: the larger of both over the root of `n_networks`; nan for one network, whose
        own error is `within`.  Few networks give a poor estimate of the spread between them, which
        contains that within.
    quantity, unit : str
    coordinates : dict of str to list
        The axes, in the order of the arrays.
    """

    mean: np.ndarray = field_of()
    within: np.ndarray = field_of()
    between: np.ndarray = field_of()
    n_networks: np.ndarray = field_of()
    standard_error: np.ndarray = field_of()
    quantity: str
    unit: str = ""
    coordinates: dict[str, Any]

    def to_xarray(self) -> Any:
        """Return mean, within, between, standard_error and n_networks over the axes."""
        import xarray as xr

        dims = tuple(self.coordinates)
        names = ("mean", "within", "between", "standard_error", "n_networks")
        variables = {
            name: (dims, getattr(self, name), {"unit": "" if name == "n_networks" else self.unit})
            for name in names
        }
        return xr.Dataset(variables, self.coordinates, {"quantity": self.quantity})


def pooled_errors(
    values: np.ndarray, errors: np.ndarray, axis: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return mean, within, between, number and standard error over networks along an axis.

    Parameters
    ----------
    values, errors : ndarray
        Of each network; nan in `values` is a network that gave no number.
    axis : int
        The networks.
    """
    here = np.isfinite(values)
    number = here.sum(axis=axis)
    known = np.isfinite(errors) & here
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(here, values, 0).sum(axis=axis) / number
        squares = np.where(known, errors, 0) ** 2
        within = np.sqrt(squares.sum(axis=axis) / np.where(known.sum(axis=axis), number, 0))
        apart = np.where(here, values - np.expand_dims(mean, axis), 0) ** 2
        between = np.sqrt(apart.sum(axis=axis) / (number - 1))
        # one unknown error of a network leaves the typical one unknown
        within = np.where(known.sum(axis=axis) == number, within, np.nan)
        between = np.where(number > 1, between, np.nan)
        # one network says nothing of the spread between networks, nor then of their mean
        error = np.where(number > 1, np.fmax(within, between) / np.sqrt(number), np.nan)
    return mean, within, between, number, error


def ensemble_of(dataset: Any, quantity: str) -> Ensemble:
    """Return the ensemble of one variable of a sweep's dataset."""
    variable = dataset[quantity]
    axis = variable.dims.index("seed")
    values = variable.values
    name = f"{quantity}_error"
    errors = dataset[name].values if name in dataset else np.full(values.shape, np.nan)
    mean, within, between, number, error = pooled_errors(values, errors, axis)
    return Ensemble(
        mean=mean,
        within=within,
        between=between,
        n_networks=number,
        standard_error=error,
        quantity=quantity,
        unit=variable.attrs.get("unit", ""),
        coordinates={
            dim: dataset[dim].values.tolist() if dim in dataset.coords else list(range(size))
            for dim, size in zip(variable.dims, variable.shape, strict=True)
            if dim != "seed"
        },
    )
