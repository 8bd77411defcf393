"""The common part of all result classes: frozen, named, with units and uncertainties.

A result is a frozen dataclass whose fields carry metadata (`field_of`): unit, names of the array's
dimensions, and, for a number that theory can predict, the name of the field with its standard
error.  From these the base class derives `to_xarray()`, `to_dict()`, `estimates()` and what
`print` shows.
"""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from heavytail_snn.core.errors import ParameterError
from heavytail_snn.core.result_rows import estimate_rows, other_rows, summary
from heavytail_snn.core.showing import Rows, Shown, as_text, with_error, words

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Estimate(Shown):
    """One number with its unit and uncertainty: what measurement and theory exchange.

    Parameters
    ----------
    name : str
        The quantity, the same for measurement and prediction ("largest_exponent").
    value, standard_error : float
        The standard error is 0 for exact numbers and nan where it is unknown.
    unit : str
        For example "1/s", "1/step", "Hz"; "" for dimensionless numbers.
    source : str
        Where the number comes from, in a few words.
    domain : str
        For a prediction: where it holds ("N -> infinity, Gaussian weights").
    """

    name: str
    value: float
    standard_error: float = float("nan")
    unit: str = ""
    source: str = ""
    domain: str = ""

    def __post_init__(self) -> None:
        for name in ("name", "unit", "source", "domain"):
            text = getattr(self, name)
            if not isinstance(text, str) or (name == "name" and not text):
                raise ParameterError(name, text, "must be a text", 'give for example "rate"')
        value, error = _plain_number(self.value), _plain_number(self.standard_error)
        if value is None:
            raise ParameterError("value", self.value, "must be a number", "nan stands for unknown")
        if error is None or error < 0:
            raise ParameterError(
                "standard_error", self.standard_error, "must be nan or a number >= 0",
                "nan stands for unknown, 0 for exact",
            )  # fmt: skip
        object.__setattr__(self, "value", value)
        object.__setattr__(self, "standard_error", error)

    def shown(self) -> tuple[str, Rows]:
        """Return the number, and where it comes from and holds."""
        number = with_error(self.value, self.standard_error, self.unit)
        rows = [(words(self.name), number), ("from", self.source), ("holds for", self.domain)]
        return "Estimate", [row for row in rows if row[1]]

    def __str__(self) -> str:
        return f"{words(self.name)} = {with_error(self.value, self.standard_error, self.unit)}"


def _plain_number(value: Any) -> float | None:
    """Return a real number of any library as a float, None for anything else."""
    if hasattr(value, "ndim") and value.ndim == 0 and hasattr(value, "item"):
        value = value.item()
    return float(value) if isinstance(value, Real) and not isinstance(value, bool) else None


def field_of(
    *,
    unit: str = "",
    dims: tuple[str, ...] = (),
    quantity: str = "",
    error: str = "",
    **keywords: Any,
) -> Any:
    """Declare a result field with its unit, dimension names, quantity name and error field."""
    metadata = {"unit": unit, "dims": dims, "quantity": quantity, "error": error}
    return field(metadata=metadata, **keywords)


@dataclass(frozen=True, kw_only=True)
class Result(Shown):
    """Base of all results.

    Parameters
    ----------
    parameters : dict
        Everything needed to repeat the computation, except the data.
    seed : object
        The seed that was used, None where nothing was drawn.
    warnings : tuple of str
        What a careful reader must know about this result.
    """

    domain: ClassVar[str] = ""  # of a theory: where its numbers hold
    told: ClassVar[tuple[str, ...]] = ()  # fields that `highlights` shows

    parameters: dict[str, Any] = field(default_factory=dict)
    seed: Any = None
    warnings: tuple[str, ...] = ()

    def estimates(self) -> tuple[Estimate, ...]:
        """Return the numbers of this result that can be compared with others, by name."""
        found = []
        for item in dataclasses.fields(self):
            if not item.metadata.get("quantity"):
                continue
            error_field = item.metadata["error"]
            error = getattr(self, error_field) if error_field else float("nan")
            found.append(
                Estimate(
                    item.metadata["quantity"],
                    float(getattr(self, item.name)),
                    float("nan") if error is None else float(error),
                    self.unit_of(item.name),
                    type(self).__name__,
                    self.domain,
                )
            )
        return tuple(found)

    def highlights(self) -> Rows:
        """Return rows (label, text) that a class shows below its estimates."""
        return []

    def shown(self) -> tuple[str, Rows]:
        """Return what is shown: estimates, warnings, other numbers, how they were reached."""
        rows = estimate_rows(self) + self.highlights() + other_rows(self)
        return type(self).__name__, rows

    def __str__(self) -> str:
        return as_text(*self.shown())

    def __repr__(self) -> str:
        return summary(self)

    def unit_of(self, name: str) -> str:
        """Return the unit of a field; a subclass overrides it where the unit depends on the run."""
        return next(f.metadata.get("unit", "") for f in dataclasses.fields(self) if f.name == name)

    def to_xarray(self) -> "xr.Dataset":
        """Return the numeric fields as an `xarray.Dataset` with units; the rest as attributes."""
        import xarray as xr

        variables: dict[str, Any] = {}
        attributes: dict[str, Any] = {}
        for item in dataclasses.fields(self):
            value, dims = getattr(self, item.name), item.metadata.get("dims", ())
            if isinstance(value, np.ndarray):
                dims = dims[: value.ndim]  # one curve where there may be several
            if isinstance(value, np.ndarray) and len(dims) == value.ndim:
                variables[item.name] = (dims, value, {"unit": self.unit_of(item.name)})
            elif isinstance(value, int | float | np.number) and not isinstance(value, bool):
                variables[item.name] = ((), value, {"unit": self.unit_of(item.name)})
            elif value is not None and not isinstance(value, Result):
                attributes[item.name] = value if isinstance(value, str) else repr(value)
        return xr.Dataset(variables, attrs=attributes)

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as plain Python objects (lists, numbers, strings), ready for JSON."""
        return {f.name: plain(getattr(self, f.name)) for f in dataclasses.fields(self)}


def plain(value: Any) -> Any:
    """Turn arrays, numpy numbers, tuples and results into plain Python objects."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Result):
        return value.to_dict()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    return value if isinstance(value, int | float | str | bool | type(None)) else repr(value)


def strict(value: Any) -> Any:
    """Replace nan and infinity, which JSON does not know, by null."""
    if isinstance(value, Mapping):
        return {str(key): strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [strict(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
