"""What a store holds, as one xarray Dataset over the grid."""

from typing import Any

import numpy as np

from heavytail_snn.analysis.sweep.grid import Grid
from heavytail_snn.analysis.sweep.store import Store

LEFT = "left"


def dataset_of(store: Store, grid: Grid) -> Any:
    """Return all variables with their units, and the state and the error of each case.

    What is not computed yet is nan, and so is what failed of a case; ``state`` says which cases are
    "done", "failed" (a measure of it did) or "left".  Numbers whose record was never written do not
    count.
    """
    import xarray as xr

    records = store.records()
    left = np.array([record is None for record in records.ravel()]).reshape(records.shape)
    outputs = grid.outputs()
    variables: dict[str, Any] = {}
    for output in outputs.values():
        dims = (*grid.dims, *output.axes)
        for name in [output.name, f"{output.name}_error"][: 1 + output.error]:
            numbers = np.array(store.array(name)[...])
            numbers[left] = np.nan
            variables[name] = (dims, numbers, {"unit": output.unit})
    variables["state"] = (grid.dims, _texts(records, "state", LEFT))
    variables["error"] = (grid.dims, _texts(records, "message", ""))
    units = grid.units
    axes: dict[str, list] = {**grid.axes, "seed": grid.seeds}
    coordinates: dict[str, Any] = {
        name: (name, points, {"unit": units.get(name, "")}) for name, points in axes.items()
    }
    for output in outputs.values():
        coordinates |= {name: (name, points) for name, points in output.axes.items()}
    attributes = {
        "model": grid.entry.name,
        "scientific_version": store.facts["scientific_version"],
        "library": store.facts["library"],
        **{
            name: f"{value} {units[name]}" if units.get(name) else value
            for name, value in grid.fixed.items()
        },
    }
    return xr.Dataset(variables, coordinates, attributes)


def _texts(records: np.ndarray, name: str, absent: str) -> np.ndarray:
    flat = [(record or {}).get(name, absent) for record in records.ravel()]
    return np.array(flat, dtype=str).reshape(records.shape)
