"""How objects show themselves: a few lines of text, or a small table in a notebook.

Numbers are rounded to their errors and names become words.  Arrays stay in their fields: only
their shape is shown.
"""

import dataclasses
import html
import math
import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np

WIDTH = 100
"""Columns that a shown line may have."""
LINES = 14
"""Lines that a shown object may have: fewer than 15."""
_LABEL = 40
_ROW = 3  # lines of one row
_ITEMS = 8  # of a collection
_NAMES = {
    "kaplan yorke": "Kaplan-Yorke", "lyapunov": "Lyapunov", "fano": "Fano", "qr": "QR", "cv": "CV",
    "cv2": "CV2", "lv": "LV", "r0": "R0", "pca": "PCA", "lif": "LIF", "logdet": "log determinant",
}  # fmt: skip

Rows = list[tuple[str, str]]


class Shown:
    """Base of what a user prints: a short repr without arrays, and a table in notebooks.

    A dataclass shows its fields, another class its `parameters`, or else its attributes.
    """

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        # a dataclass writes its own repr, with every array, where its class has none
        if "__repr__" not in vars(cls):
            cls.__repr__ = cls.__repr__  # type: ignore[method-assign]

    def __repr__(self) -> str:
        return one_line(self)

    def __str__(self) -> str:
        return wrapped(repr(self))

    def _repr_html_(self) -> str:
        return as_html(*self.shown())

    def shown(self) -> tuple[str, Rows]:
        """Return what is shown: a title and rows of a label and a text."""
        parts = shown_parts(self)
        return type(self).__name__, [(name, short(value)) for name, value in parts.items()]


def shown_parts(thing: Any) -> dict[str, Any]:
    """Return the named parts of an object: fields, parameters or attributes."""
    if dataclasses.is_dataclass(thing):
        return {f.name: getattr(thing, f.name) for f in dataclasses.fields(thing) if f.repr}
    parts = dict(getattr(thing, "parameters", None) or vars(thing))
    parts.pop("model", None)  # what the class says already
    return parts


def one_line(thing: Any) -> str:
    """Return an object as a call of its class, with arrays as their shapes."""
    parts = shown_parts(thing)
    inside = ", ".join(f"{name}={short(value, 400)}" for name, value in parts.items())
    return f"{type(thing).__name__}({inside})"


def short(value: Any, limit: int = 200, *, digits: int | None = None) -> str:
    """Return one value in at most `limit` characters; arrays and long collections as sizes.

    Parameters
    ----------
    value : object
    limit : int
    digits : int, optional
        Significant digits of numbers; all by default.
    """
    if hasattr(value, "shape") and hasattr(value, "dtype") and value.shape != ():
        return _array(value, digits)
    if isinstance(value, float | np.floating) and not hasattr(value, "dim"):
        return repr(float(value)) if digits is None else number(float(value), digits)
    more = f", ... {len(value)} in all" if _is_long(value) else ""
    if isinstance(value, Mapping):
        pairs = list(value.items())[:_ITEMS]
        inside = ", ".join(f"{key}: {short(item, 40, digits=digits)}" for key, item in pairs)
        text = f"{{{inside}{more}}}"
    elif isinstance(value, list | tuple):
        inside = ", ".join(short(item, 120, digits=digits) for item in value[:_ITEMS])
        text = f"[{inside}{more}]" if isinstance(value, list) else f"({inside}{more})"
    else:
        text = " ".join(_plain(value).split())
    return text if len(text) <= limit else f"{text[: limit - 4]} ..."


def _is_long(value: Any) -> bool:
    return isinstance(value, Mapping | list | tuple) and len(value) > _ITEMS


def _plain(value: Any) -> str:
    if callable(value) and not isinstance(value, type) and hasattr(value, "__module__"):
        return str(getattr(value, "__name__", type(value).__name__))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return repr(value) if isinstance(value, Shown) else one_line(value)
    text = repr(value)
    return text if isinstance(value, str) or "array(" not in text else type(value).__name__


def _array(value: Any, digits: int | None) -> str:
    kind = type(value).__name__
    name = "array" if kind in ("ndarray", "Quantity") else kind
    if kind == "ndarray" and value.size <= 4 and value.ndim == 1 and value.dtype.kind in "fiu":
        return short(np.asarray(value).tolist(), digits=digits)
    return f"{name} of shape {tuple(int(n) for n in value.shape)}"


# ------------------------------------------------------------------------------- numbers, words


def number(value: float, digits: int = 6) -> str:
    """Return a number with at most `digits` significant digits."""
    return "not determined" if math.isnan(value) else f"{value:.{digits}g}"


def with_error(value: float, error: float, unit: str = "") -> str:
    """Return a number rounded to two digits of its error, with its unit.

    Parameters
    ----------
    value, error : float
        An error of nan is unknown, one of 0 belongs to an exact number: neither is shown.
    unit : str

    Examples
    --------
    >>> with_error(1.23456, 0.01234, "1/s")
    '1.235 ± 0.012 1/s'
    >>> with_error(0.5, float("nan"))
    '0.5'
    """
    known = math.isfinite(error) and error > 0 and math.isfinite(value)
    text = _rounded(value, error) if known else number(value, 6 if error == 0 else 4)
    return f"{text} {unit}" if unit and not math.isnan(value) else text


def leading(values: np.ndarray, errors: np.ndarray, unit: str = "", count: int = 4) -> str:
    """Return the first numbers of an array with their errors, and how many there are."""
    pairs = zip(values[:count], errors[:count], strict=True)
    text = ", ".join(with_error(float(value), float(error)) for value, error in pairs)
    more = f", ... ({len(values)} in all)" if len(values) > count else ""
    return f"{text}{more} {unit}".strip()


def along(
    values: np.ndarray, points: np.ndarray, unit: str = "", *, errors: np.ndarray | None = None
) -> str:
    """Return the first, the middle and the last value of a curve, and where it has them.

    Examples
    --------
    >>> along(np.array([1.0, 0.5, 0.2]), np.array([0.0, 1.0, 2.0]), "tau")
    '1 at 0, 0.5 at 1, 0.2 at 2 tau'
    """
    if not len(values):
        return ""
    chosen = sorted({0, len(values) // 2, len(values) - 1})
    known = np.full(len(values), np.nan) if errors is None else errors
    text = ", ".join(
        f"{with_error(float(values[i]), float(known[i]))} at {number(float(points[i]), 4)}"
        for i in chosen
    )
    return f"{text} {unit}".strip()


def _rounded(value: float, error: float) -> str:
    largest = max(abs(value), error)
    if error < 1e-9 * largest:  # rounding, no statistics
        return f"{value:.9g} ± {error:.1e}"
    power = math.floor(math.log10(largest)) if not 1e-3 <= largest < 1e6 else 0
    value, error = value / 10.0**power, error / 10.0**power
    # of the error as it is written: 0.0996 is 0.10, which has one decimal less
    decimals = 1 - math.floor(math.log10(float(f"{error:.1e}")))
    value, error = round(value, decimals), round(error, decimals)
    text = f"{value:.{max(decimals, 0)}f} ± {error:.{max(decimals, 0)}f}"
    return f"({text})e{power:+03d}" if power else text


def words(name: str) -> str:
    """Return the name of a field in words.

    Examples
    --------
    >>> words("kaplan_yorke_dimension"), words("n_qr"), words("rate")
    ('Kaplan-Yorke dimension', 'QR', 'rate')
    """
    text = name.replace("_", " ")
    text = text.removeprefix("n ")  # n_neurons are neurons
    for plain, proper in _NAMES.items():
        text = f" {text} ".replace(f" {plain} ", f" {proper} ").strip()
    return text


# ------------------------------------------------------------------------------- text and html


def wrapped(text: str, lines: int = LINES, indent: str = "    ") -> str:
    """Return a text in lines of at most `WIDTH` columns, cut after `lines` of them."""
    found = textwrap.wrap(
        text, WIDTH, subsequent_indent=indent, break_on_hyphens=False, max_lines=lines,
        placeholder=" ...",
    )  # fmt: skip
    return "\n".join(found)


def as_text(title: str, rows: Rows, lines: int = LINES) -> str:
    """Return a title and rows as aligned text of at most `lines` lines; each row keeps one."""
    width = min(_LABEL, max((len(name) for name, _ in rows), default=0))
    found = [title[:WIDTH]]
    for place, (name, text) in enumerate(rows):
        room = lines - len(found) - (len(rows) - place - 1)
        head = f"  {name.ljust(width)}  "
        found += wrapped(
            head + " ".join(text.split()), max(1, min(room, _ROW)), " " * len(head)
        ).splitlines()
    return "\n".join(found[:lines])


def as_html(title: str, rows: Rows) -> str:
    """Return a title and rows as a small table."""
    body = "".join(
        f"<tr><th style='text-align: left'>{_escaped(name)}</th>"
        f"<td style='text-align: left'>{_escaped(text)}</td></tr>"
        for name, text in rows
    )
    return f"<table><caption>{_escaped(title)}</caption><tbody>{body}</tbody></table>"


def _escaped(text: str) -> str:
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return html.escape(printable)
