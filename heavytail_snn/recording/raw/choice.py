"""Which units of a recording are meant: by label or name, by area, by rate."""

from typing import TYPE_CHECKING, Any

import numpy as np

from heavytail_snn.core.errors import ParameterError

if TYPE_CHECKING:
    from heavytail_snn.recording.recording import Recording


def chosen_units(
    recording: "Recording",
    *,
    units: tuple[str, ...] | None = None,
    area: tuple[str, ...] | None = None,
    min_rate: float | None = None,
) -> "Recording":
    """Return the units that fulfil all conditions, the recording itself where none is given.

    Parameters
    ----------
    recording : Recording
    units : tuple of str, optional
        Labels ("good"), or names of units.
    area : tuple of str, optional
    min_rate : float, optional
        In Hz, over the observed time.

    Raises
    ------
    ParameterError
        If no unit is left, with the labels, names or areas that there are.
    """
    mask = np.ones(recording.n_units, dtype=bool)
    if units is not None:
        labels, names = _column(recording, "label"), _names(recording)
        mask &= np.array([a in units or b in units for a, b in zip(labels, names, strict=True)])
        _check_some("units", units, mask, labels if any(labels) else names)
    if area is not None:
        areas = _column(recording, "area")
        mask &= np.array([place in area for place in areas])
        _check_some("area", area, mask, areas)
    if min_rate is not None:
        mask &= recording.rates() >= min_rate
        fastest = f"{np.nanmax(recording.rates()):.4g} Hz at most"
        _check_some("min_rate", min_rate, mask, [fastest])
    return recording if mask.all() else recording.select(mask)


def _column(recording: "Recording", name: str) -> list[str]:
    if name not in recording.units.columns:
        return [""] * recording.n_units
    return [str(value) for value in recording.units.columns[name].tolist()]


def _names(recording: "Recording") -> list[str]:
    names: Any = recording.attrs.get("unit_names", range(recording.n_units))
    return [str(name) for name in names]


def _check_some(option: str, value: Any, mask: np.ndarray, found: list[str]) -> None:
    if not mask.any():
        here = sorted({item for item in found if item})[:20]
        raise ParameterError(
            option, value, f"must leave at least one unit, of {here or 'units without any'}"
        )
