"""The choices of a Lyapunov computation that belong together: what a step means, how it is run."""

from dataclasses import dataclass
from typing import Any

from heavytail_snn.core.errors import check_integer
from heavytail_snn.core.showing import Shown

AUTO = "auto"


def check_number(k: Any) -> int | str:
    """Return the number of exponents asked for, "auto" for None; its upper bound comes later."""
    remedy = f"or {AUTO!r} for as many as the Kaplan-Yorke dimension needs"
    return AUTO if k is None or k == AUTO else check_integer("k", k, low=1, remedy=remedy)


@dataclass(frozen=True, kw_only=True)
class StepMeaning(Shown):
    """What one step of a map stands for; a pure map needs none of it.

    Parameters
    ----------
    dt : float
        Time of one step.
    unit : {"1/step", "1/tau", "1/s"}
        Unit of the exponents, 1 / unit of `dt`.
    kind : {"map", "flow", "event", "posthoc"}
    autonomous : bool
        True for a flow without time-dependent drive: one exponent is then zero.
    """

    dt: float = 1.0
    unit: str = "1/step"
    kind: str = "map"
    autonomous: bool = False


@dataclass(frozen=True, kw_only=True)
class TangentProtocol(Shown):
    """How tangent vectors are factorised, averaged and checked.

    Parameters
    ----------
    qr_every : int, optional
        Steps between factorisations.  By default as many (up to 20) as keep the first and last
        column within a factor exp(10), measured during the tangent warm-up; the interval is
        halved whenever the condition number exceeds 1e6.
    n_blocks : int
        Blocks for the standard errors.
    first_k : int
        Number of exponents at which ``k="auto"`` starts.
    log_det : bool
        Also average ln |det J| (for the sum rule of complete spectra).
    verify : bool
        Follow two perturbed copies (1e-8 and 1e-6) and compare their growth with the first
        exponent; a disagreement is a warning in the result.
    initial_vectors : (n, m) array, optional
        Start of the frame, m >= k; by default the orthonormal factor of a Gaussian matrix.
    progress : bool
        Show a bar.
    """

    qr_every: int | None = None
    n_blocks: int = 10
    first_k: int = 4
    log_det: bool = False
    verify: bool = False
    initial_vectors: Any = None
    progress: bool = False
