"""What a study found: cases with their measurements, predictions and comparisons."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from heavytail_snn.analysis.comparison import Comparison, verdicts
from heavytail_snn.analysis.description import Description
from heavytail_snn.analysis.report import versions
from heavytail_snn.analysis.study.config import NetworkConfig, StudyConfig
from heavytail_snn.analysis.study.parts import Measurement, Prediction
from heavytail_snn.core.results import plain
from heavytail_snn.core.showing import Rows, Shown, as_text, short
from heavytail_snn.recording.recording import Recording

LABELS = {"rate_map": "rate map", "lif": "LIF", "binary": "binary"}
_SHOWN = 8  # cases that print shows
STORED = "study"  # id of the block of JSON in a report


@dataclass(frozen=True)
class Case(Shown):
    """One kind of network with what was measured, predicted and found.

    Parameters
    ----------
    name : str
    network : NetworkConfig
    alpha : float
    measurements : dict of int to list of Measurement
        By number of neurons.
    predictions : list of Prediction
    comparisons : list of Comparison
        One per prediction, in the same order.
    explanations : dict of str to str
        Of the quantities that do not agree, by "theory: quantity".
    """

    name: str
    network: NetworkConfig
    alpha: float
    measurements: dict[int, list[Measurement]]
    predictions: list[Prediction]
    comparisons: list[Comparison]
    explanations: dict[str, str]

    def shown(self) -> tuple[str, Rows]:
        """Return what was run, and the verdicts on each theory."""
        sizes = ", ".join(f"{len(each)} of {n} neurons" for n, each in self.measurements.items())
        rows = [(c.title, verdicts([c])) for c in self.comparisons]
        return f"Case: {self.name}", [("networks", sizes), *rows]

    def __str__(self) -> str:
        return as_text(*self.shown())

    def __repr__(self) -> str:
        return f"Case({self.name!r}: {verdicts(self.comparisons)})"

    @property
    def largest(self) -> Measurement:
        """The first network of the largest size, which figures show."""
        return self.measurements[max(self.measurements)][0]


@dataclass(frozen=True)
class Study(Shown):
    """What a study found.

    Parameters
    ----------
    config : StudyConfig
    cases : list of Case
    recording : Recording or None
    description : Description or None
        Of the recording.
    report : Path or None
    """

    config: StudyConfig
    cases: list[Case] = field(default_factory=list)
    recording: Recording | None = None
    description: Description | None = None
    report: Path | None = None

    def shown(self) -> tuple[str, Rows]:
        """Return the verdicts on each case, the recording and the report."""
        rows = [(case.name, verdicts(case.comparisons)) for case in self.cases[:_SHOWN]]
        left = len(self.cases) - len(rows)
        rows += [("", f"and {left} more in .cases")] * bool(left)
        rows += [("recording", repr(self.recording))] * (self.recording is not None)
        rows += [("report", str(self.report))] * (self.report is not None)
        return f"Study: {self.config.title}", rows

    def __str__(self) -> str:
        return as_text(*self.shown())

    def __repr__(self) -> str:
        found = verdicts([c for case in self.cases for c in case.comparisons])
        return f"Study({short(self.config.title)}; {len(self.cases)} cases: {found})"

    def table(self) -> list[dict[str, Any]]:
        """Return one row per compared quantity."""
        return [
            {"network": case.name, "theory": prediction.title, **row}
            for case in self.cases
            for prediction, comparison in zip(case.predictions, case.comparisons, strict=True)
            for row in comparison.table()
        ]

    def explanations(self) -> list[str]:
        """Return one sentence for each quantity that differs or cannot be compared."""
        return [
            f"{case.name}, {name.split(':')[0]}: {sentence}"
            for case in self.cases
            for name, sentence in case.explanations.items()
        ]

    def stored(self) -> dict[str, Any]:
        """Return what a report keeps: configuration, versions, seeds and all numbers."""
        seeds = {
            f"{case.name}, N = {n}": [m.seed for m in each]
            for case in self.cases
            for n, each in case.measurements.items()
        }
        return {
            "configuration": self.config.to_dict(),
            "versions": versions(),
            "seeds": seeds,
            "numbers": [
                {"network": case.name, "theory": c.title, **plain(row)}
                for case in self.cases
                for c in case.comparisons
                for row in c.rows
            ],
        }
