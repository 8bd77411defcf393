"""Measurement against prediction: quantities are matched by name and unit, and judged.

A difference counts when it exceeds `z_limit` combined standard errors plus the accuracy that the
caller grants the theory, as a whole or by quantity.  A quantity that cannot be judged says why.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

from heavytail_snn.core.errors import ParameterError, check_real
from heavytail_snn.core.results import Estimate, Result
from heavytail_snn.core.showing import Rows, Shown, as_text, with_error, words

Numbers = Estimate | Result | Iterable[Any]
Tolerance = float | Mapping[str, float]
_SHOWN = 12  # rows of a comparison that is printed


@dataclass(frozen=True)
class ComparedQuantity(Shown):
    """One row of a comparison.

    Parameters
    ----------
    name, unit : str
    measured, predicted : Estimate or None
        None where one side has no such quantity.
    difference, relative_error, z : float
        Measured minus predicted; over the size of the predicted; over the combined standard error.
        nan where they are not defined.
    accuracy : float
        Relative accuracy granted to the prediction.
    verdict : "agrees", "differs" or "not comparable"
    reason : str
        The verdict in a sentence.
    """

    name: str
    unit: str
    measured: Estimate | None
    predicted: Estimate | None
    difference: float
    relative_error: float
    z: float
    verdict: str
    reason: str
    accuracy: float = 0.0

    def sentence(self) -> str:
        """Return both numbers and the verdict in a line."""
        sides = ", ".join(
            f"{side} {with_error(e.value, e.standard_error, e.unit)}" if e else f"not {side}"
            for side, e in (("measured", self.measured), ("predicted", self.predicted))
        )
        z = f" (z = {self.z:.2g})" if math.isfinite(self.z) else ""
        return f"{sides}: {self.verdict}{z}"

    def shown(self) -> tuple[str, Rows]:
        """Return both numbers and the reason of the verdict."""
        return "ComparedQuantity", [(words(self.name), self.sentence()), ("reason", self.reason)]

    def __repr__(self) -> str:
        return f"ComparedQuantity({words(self.name)}: {self.sentence()})"


@dataclass(frozen=True)
class Comparison(Shown):
    """All compared quantities, in the order of the measurement.

    Parameters
    ----------
    rows : tuple of ComparedQuantity
    z_limit : float
    tolerance : float or mapping from quantity to float
        The rule of the verdicts.
    """

    rows: tuple[ComparedQuantity, ...]
    z_limit: float = 3.0
    tolerance: Tolerance = 0.0
    title: str = field(default="", kw_only=True)

    def shown(self) -> tuple[str, Rows]:
        """Return one row a quantity, those that differ first where there are many."""
        rows = self.rows if len(self.rows) <= _SHOWN else sorted(self.rows, key=_by_verdict)
        shown = [(words(row.name), row.sentence()) for row in rows[:_SHOWN]]
        left = len(rows) - len(shown)
        shown += [("", f"and {left} more in .rows")] * bool(left)
        return f"Comparison{f': {self.title}' * bool(self.title)}", shown

    def __str__(self) -> str:
        return as_text(*self.shown())

    def __repr__(self) -> str:
        return f"{self.shown()[0]} ({verdicts([self])})"

    def __getitem__(self, name: str) -> ComparedQuantity:
        for row in self.rows:
            if row.name == name:
                return row
        names = [row.name for row in self.rows]
        raise ParameterError("name", name, f"must be one of {names}")

    def table(self) -> list[dict[str, Any]]:
        """Return one mapping per row, for a terminal or a report."""
        return [
            {
                "quantity": row.name,
                "measured": _with_error(row.measured),
                "predicted": _with_error(row.predicted),
                "unit": row.unit,
                "z": row.z,
                "rel. error": row.relative_error,
                "granted": row.accuracy,
                "verdict": row.verdict,
            }
            for row in self.rows
        ]

    def explanations(self) -> list[str]:
        """Return one sentence for each quantity that does not agree."""
        return [row.reason for row in self.rows if row.verdict != "agrees"]

    def to_pandas(self) -> "pd.DataFrame":
        """Return a data frame with one row per quantity."""
        import pandas as pd

        columns = (
            "name", "unit", "difference", "relative_error", "z", "accuracy", "verdict", "reason",
        )  # fmt: skip
        frame = pd.DataFrame([{c: getattr(row, c) for c in columns} for row in self.rows])
        for side in ("measured", "predicted"):
            for part in ("value", "standard_error"):
                values = [getattr(getattr(row, side), part, math.nan) for row in self.rows]
                frame.insert(2, f"{side}_{part}", values)
        return frame

    def to_latex(self) -> str:
        """Return a LaTeX table (booktabs)."""
        import pandas as pd

        frame = pd.DataFrame(self.table())
        for column in ("z", "rel. error", "granted"):
            frame[column] = [f"{v:.2g}" if math.isfinite(v) else "--" for v in frame[column]]
        body = frame.map(lambda text: str(text).replace("_", r"\_").replace("±", r"$\pm$"))
        return body.to_latex(index=False)

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw a forest plot of measured over predicted; see `forest.comparison_forest`."""
        from heavytail_snn.analysis.forest import comparison_forest

        return comparison_forest({self.title: self}, ax)


def verdicts(comparisons: Sequence[Comparison]) -> str:
    """Return how many quantities of some comparisons agree, differ and cannot be compared."""
    found = [row.verdict for comparison in comparisons for row in comparison.rows]
    counts = ", ".join(f"{found.count(v)} {v}" for v in dict.fromkeys(found))
    return counts or "nothing compared"


def compare(
    measured: Numbers | Mapping[int, Numbers],
    predicted: Numbers,
    *,
    z_limit: float = 3.0,
    tolerance: Tolerance = 0.0,
    title: str = "",
) -> Comparison:
    """Compare measured numbers with predicted ones.

    Parameters
    ----------
    measured : Result, Estimate, an iterable of these, or a mapping from network size to these
        With several sizes each quantity is extrapolated linearly in 1/N, weighted by its errors,
        and the extrapolated value is compared.
    predicted : Result, Estimate or an iterable of these
    z_limit : float
        Combined standard errors that a difference may reach.
    tolerance : float or mapping from quantity to float
        Relative accuracy granted to the prediction, added to the errors; 0 for quantities that a
        mapping leaves out.

    Returns
    -------
    Comparison
        One row for each quantity of either side; units must agree for a verdict.

    Examples
    --------
    >>> comparison = compare(Estimate("rate", 10.2, 0.1, "Hz"), Estimate("rate", 10.0, 0.0, "Hz"))
    >>> comparison["rate"].verdict, round(comparison["rate"].z, 2)
    ('agrees', 2.0)
    """
    z_limit = check_real("z_limit", z_limit, low=0, open_low=True)
    granted = tolerance if isinstance(tolerance, Mapping) else {}
    every = 0.0 if isinstance(tolerance, Mapping) else check_real("tolerance", tolerance, low=0)
    for name, accuracy in granted.items():
        check_real(f"tolerance[{name!r}]", accuracy, low=0)
    mine = extrapolate(measured) if isinstance(measured, Mapping) else _by_name(measured)
    theirs = _by_name(predicted)
    names = [*mine, *(name for name in theirs if name not in mine)]
    rows = tuple(
        _judge(n, mine.get(n), theirs.get(n), z_limit, granted.get(n, every)) for n in names
    )
    return Comparison(rows, z_limit, tolerance, title=title)


def extrapolate(measured: Mapping[int, Numbers]) -> dict[str, Estimate]:
    """Extrapolate each quantity linearly in 1/N to infinite N.

    Parameters
    ----------
    measured : mapping from network size N to results or estimates
        At least two sizes; quantities missing at some size, or without a standard error, are left
        out.

    Returns
    -------
    dict of str to Estimate
        The intercept and its standard error from weighted least squares.
    """
    sizes = np.array(sorted(measured), dtype=float)
    if sizes.size < 2 or sizes[0] <= 0:
        raise ParameterError(
            "measured", sorted(measured), "must hold at least two positive network sizes"
        )
    per_size = [_by_name(measured[int(n)]) for n in sizes]
    found = {}
    for name, first in per_size[0].items():
        each = [numbers.get(name) for numbers in per_size]
        known = [e for e in each if e is not None and e.standard_error > 0]
        if len(known) < sizes.size:
            continue
        weight = np.array([1 / e.standard_error for e in known])
        design = np.column_stack([np.ones_like(sizes), 1 / sizes]) * weight[:, None]
        values = np.array([e.value for e in known]) * weight
        covariance = np.linalg.inv(design.T @ design)
        intercept = float((covariance @ design.T @ values)[0])
        source = f"1/N extrapolation of N = {', '.join(f'{n:g}' for n in sizes)}"
        found[name] = Estimate(name, intercept, float(covariance[0, 0] ** 0.5), first.unit, source)
    return found


def _by_name(numbers: Numbers) -> dict[str, Estimate]:
    """Collect estimates by name; the first of a name wins."""
    if isinstance(numbers, Estimate):
        return {numbers.name: numbers}
    if isinstance(numbers, Result):
        return {e.name: e for e in reversed(numbers.estimates())}
    if not isinstance(numbers, Iterable) or isinstance(numbers, str):
        raise ParameterError(
            "measured or predicted", numbers, "must be a Result, an Estimate or several of these"
        )
    found: dict[str, Estimate] = {}
    for item in numbers:
        for name, estimate in _by_name(item).items():
            found.setdefault(name, estimate)
    return found


def _judge(
    name: str,
    measured: Estimate | None,
    predicted: Estimate | None,
    z_limit: float,
    tolerance: float,
) -> ComparedQuantity:
    def row(verdict: str, reason: str, *numbers: float) -> ComparedQuantity:
        unit = measured.unit if measured else predicted.unit if predicted else ""
        difference, relative, z = numbers or (math.nan, math.nan, math.nan)
        return ComparedQuantity(
            name, unit, measured, predicted, difference, relative, z, verdict, reason, tolerance
        )

    label = name.replace("_", " ")
    if measured is None or predicted is None:
        side = "measurement" if measured is None else "prediction"
        return row("not comparable", f"{label}: there is no {side} of it.")
    if measured.unit != predicted.unit:
        return row(
            "not comparable",
            f"{label}: measured in {measured.unit or '1'}, predicted in {predicted.unit or '1'}.",
        )
    if not math.isfinite(measured.value) or not math.isfinite(predicted.value):
        side = "measured" if not math.isfinite(measured.value) else "predicted"
        return row("not comparable", f"{label}: the {side} value is not defined here.")
    difference = measured.value - predicted.value
    error = math.hypot(_known(measured), _known(predicted))
    granted = tolerance * abs(predicted.value)
    relative = difference / abs(predicted.value) if predicted.value else math.nan
    z = difference / error if error > 0 else math.nan
    if error == 0 and granted == 0 and difference != 0:
        reason = f"{label}: neither side states an error; set a tolerance."
        return row("not comparable", reason, difference, relative, z)
    agrees = abs(difference) <= z_limit * error + granted
    direction = "above" if difference > 0 else "below"
    size = f"{abs(relative):.1%}" if predicted.value else f"{abs(difference):.3g}"
    distance = f", {abs(z):.1f} standard errors" if math.isfinite(z) else ""
    reason = f"{label}: measured {measured.value:.4g} is {size} {direction} the predicted "
    reason += f"{predicted.value:.4g}{distance}"
    reason += f"; the prediction holds for {predicted.domain}." if predicted.domain else "."
    return row("agrees" if agrees else "differs", reason, difference, relative, z)


def _by_verdict(row: ComparedQuantity) -> int:
    return ("differs", "agrees", "not comparable").index(row.verdict)


def _known(estimate: Estimate) -> float:
    return estimate.standard_error if math.isfinite(estimate.standard_error) else 0.0


def _with_error(estimate: Estimate | None) -> str:
    if estimate is None:
        return "-"
    return with_error(estimate.value, estimate.standard_error)
