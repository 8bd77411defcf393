"""The forest plot of comparisons: measured over predicted, one row a quantity."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

if TYPE_CHECKING:
    from heavytail_snn.analysis.comparison import Comparison


def comparison_forest(comparisons: "Mapping[str, Comparison]", ax: Axes | None = None) -> Axes:
    """Draw measured over predicted for every quantity of several comparisons, one row each.

    Parameters
    ----------
    comparisons : mapping from label to Comparison
        Circles agree, squares differ; bars show each comparison's `z_limit` standard errors.
    """
    rows = [
        (label, row, comparison.z_limit)
        for label, comparison in comparisons.items()
        for row in comparison.rows
        if np.isfinite(row.relative_error) and row.measured and row.predicted
    ]
    ax = ax or plt.figure(figsize=(7, 0.3 * len(rows) + 1.2)).add_subplot()
    kinds = {"agrees": ("o", "C0"), "differs": ("s", "C1"), "not comparable": ("x", "0.6")}
    for height, (_, row, z_limit) in enumerate(rows):
        assert row.measured is not None  # as selected above
        assert row.predicted is not None
        errors = (row.measured.standard_error, row.predicted.standard_error)
        error = np.hypot(*np.nan_to_num(errors)) / abs(row.predicted.value)
        marker, color = kinds[row.verdict]
        ax.errorbar(1 + row.relative_error, height, xerr=z_limit * error, fmt=marker, color=color)
        ax.barh(height, 2 * row.accuracy, left=1 - row.accuracy, color="0.88", zorder=0)
    for verdict, (marker, color) in kinds.items():
        if any(row.verdict == verdict for _, row, _ in rows):
            ax.plot([], [], marker, color=color, label=verdict)
    ax.axvline(1.0, color="0.4", lw=1, zorder=1)
    names = [f"{label}: {row.name}".removeprefix(": ").replace("_", " ") for label, row, _ in rows]
    ax.set_yticks(range(len(rows)), names, fontsize="x-small")
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_xlabel("measured / predicted (bars: limits in standard errors; grey: granted accuracy)")
    if rows:
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax
