"""The figure of a sweep: a quantity against one axis, with both errors, one curve per value."""

from typing import Any

import numpy as np

from heavytail_snn.analysis.sweep.ensemble import ensemble_of
from heavytail_snn.core.errors import ParameterError, check_choice
from heavytail_snn.core.showing import words


def draw(dataset: Any, quantity: str, *, x: str, hue: str | None, ax: Any = None) -> Any:
    """Draw means over networks; bars are errors of the mean, dots the networks.

    Parameters
    ----------
    dataset : xarray.Dataset
        Of a sweep.
    quantity : str
        A variable without own dimensions.
    x, hue : str
        Axes; every other axis has one value.

    Returns
    -------
    matplotlib axes
    """
    import matplotlib.pyplot as plt

    numbers = [name for name in dataset if dataset[name].dtype.kind == "f"]
    variable = dataset[check_choice("quantity", quantity, numbers)]
    axes = [dim for dim in variable.dims if dim != "seed"]
    check_choice("x", x, axes)
    if hue is not None:
        check_choice("hue", hue, [dim for dim in axes if dim != x])
    for dim in axes:
        if dim not in (x, hue) and dataset.sizes[dim] > 1:
            others = [d for d in axes if dataset.sizes[d] > 1]
            raise ParameterError(
                "hue", hue, f"must leave no other axis, and {dim} has {dataset.sizes[dim]} values",
                f"draw two of {', '.join(others)} as x and hue, or take what is to be drawn from "
                "sweep.dataset()",
            )  # fmt: skip
    dataset = dataset.squeeze([dim for dim in axes if dim not in (x, hue)])
    ax = ax or plt.figure().add_subplot()
    for number, value in enumerate([None] if hue is None else dataset[hue].values):
        part = dataset if hue is None else dataset.sel({hue: value})
        _curve(
            part, quantity, x, "" if hue is None else f"{words(hue)} = {_text(value)}", number, ax
        )
    ax.set_xlabel(_label(x, dataset[x].attrs.get("unit", "")))
    ax.set_ylabel(_label(quantity, variable.attrs.get("unit", "")))
    ax.set_title("bars: error of the mean over networks; dots: networks", fontsize="small")
    if hue is not None:
        ax.legend()
    return ax


def _curve(part: Any, quantity: str, x: str, label: str, number: int, ax: Any) -> None:
    found, points = ensemble_of(part, quantity), part[x].values
    color = f"C{number % 10}"
    place = np.arange(len(points)) if points.dtype.kind == "U" else points
    if points.dtype.kind == "U":
        ax.set_xticks(place, points)
    ax.errorbar(
        place, found.mean, found.standard_error, color=color, marker="o", ms=4, capsize=2,
        label=label or None,
    )  # fmt: skip
    # what one network does not know of itself, beside how far networks lie apart
    ax.fill_between(
        place, found.mean - found.within, found.mean + found.within, color=color, alpha=0.2, lw=0
    )
    each = part[quantity].transpose(x, "seed").values
    ax.plot(place, each, ".", color=color, alpha=0.35, ms=3)


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str) else f"{value:.4g}"


def _label(name: str, unit: str) -> str:
    return f"{words(name)} ({unit})" if unit else words(name)
