"""One self-contained HTML page: figures embedded, no network access, light and dark, any width."""

import base64
import html
import io
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from string import Template
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from heavytail_snn.core.paths import output_folder
from heavytail_snn.core.results import strict
from heavytail_snn.core.version import __version__

PACKAGES = ("brian2", "numpy", "scipy", "numba", "neo", "elephant", "matplotlib")
Row = Mapping[str, Any]


@dataclass
class Section:
    """One part of a report.

    Parameters
    ----------
    title, text : str
        Heading and paragraphs (plain text; a blank line starts a new paragraph).
    figure : matplotlib Figure, optional
    caption : str
        What to see in the figure; also its alternative text.
    table : sequence of mappings, optional
        One mapping per row, all with the same keys.
    command : str
        The command that makes this part again.
    """

    title: str
    text: str = ""
    figure: Figure | None = None
    caption: str = ""
    table: Sequence[Row] = ()
    command: str = ""
    name: str = field(init=False)

    def __post_init__(self) -> None:
        letters = "".join(c if c.isalnum() else " " for c in self.title.lower())
        self.name = "-".join(letters.split())


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages a result depends on."""
    found = {"python": platform.python_version(), "heavytail_snn": __version__}
    for package in PACKAGES:
        found[package] = metadata.version(package)
    return found


def write_report(
    folder: Path | str,
    *,
    title: str,
    lead: str,
    sections: Sequence[Section],
    provenance: Mapping[str, Any] | None = None,
    stored: tuple[str, Mapping[str, Any]] | None = None,
) -> Path:
    """Write ``report.html`` and each figure as a PNG file; close the figures.

    Parameters
    ----------
    folder : path
        Made if it does not exist.
    title, lead : str
        Heading of the page and the sentence below it.
    sections : sequence of Section
    provenance : mapping, optional
        Parameters and seeds, printed at the end beside the versions.
    stored : (id, mapping), optional
        Kept as JSON inside the page, for programs.

    Returns
    -------
    Path
        The HTML file.
    """
    folder = output_folder("folder", folder)
    body = "\n".join(_section(section, folder) for section in sections)
    links = " ".join(f'<a href="#{s.name}">{html.escape(s.title)}</a>' for s in sections)
    facts = {**versions(), **(provenance or {})}
    page = _PAGE.substitute(
        title=html.escape(title),
        lead=_paragraphs(lead),
        links=links,
        body=body,
        provenance=table_html([{"item": k, "value": v} for k, v in facts.items()]),
        stored=_stored(*stored) if stored else "",
    )
    path = folder / "report.html"
    path.write_text(page, encoding="utf-8")
    return path


def table_html(rows: Sequence[Row]) -> str:
    """Return an HTML table; numbers are shown with four significant digits."""
    if not rows:
        return ""
    head = "".join(f'<th scope="col">{html.escape(str(key))}</th>' for key in rows[0])
    lines = [
        "<tr>" + "".join(f"<td>{_markup(cell(v))}</td>" for v in row.values()) + "</tr>"
        for row in rows
    ]
    return (
        '<div class="wide" tabindex="0" role="region" aria-label="table"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def _markup(text: str) -> str:
    # a value and its error stay on one line
    return html.escape(text).replace(" ± ", "&nbsp;&plusmn;&nbsp;")


def table_text(rows: Sequence[Row]) -> str:
    """Return the same table for a terminal, columns aligned."""
    if not rows:
        return ""
    cells = [list(rows[0]), *([cell(v) for v in row.values()] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    lines = ["  ".join(t.ljust(w) for t, w in zip(line, widths, strict=True)) for line in cells]
    return "\n".join([lines[0], "  ".join("-" * w for w in widths), *lines[1:]])


def cell(value: Any) -> str:
    """Return a table cell's text."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return "-" if value != value else f"{value:.4g}"
    return str(value)


def _stored(name: str, content: Mapping[str, Any]) -> str:
    # "<" would end the block where a text holds "</script>"
    text = json.dumps(strict(content), indent=1).replace("<", "\\u003c")
    return f'<script type="application/json" id="{name}">{text}</script>'


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{html.escape(part.strip())}</p>" for part in text.split("\n\n") if part)


def _section(section: Section, folder: Path) -> str:
    parts = [f'<section id="{section.name}"><h2>{html.escape(section.title)}</h2>']
    parts.append(_paragraphs(section.text))
    if section.figure is not None:
        source = _figure_source(section.figure, folder / f"{section.name}.png")
        caption = html.escape(section.caption)
        parts.append(
            f'<figure><img src="{source}" alt="{html.escape(section.caption or section.title)}">'
            f"<figcaption>{caption}</figcaption></figure>"
        )
    parts.append(table_html(section.table))
    if section.command:
        parts.append(f'<p class="again">Again: <code>{html.escape(section.command)}</code></p>')
    parts.append("</section>")
    return "\n".join(part for part in parts if part)


def _figure_source(figure: Figure, png: Path) -> str:
    figure.savefig(png)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    plt.close(figure)
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


_PAGE = Template("""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>$title</title>
<style>
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fdfdfc; --soft: #5b6470;
  --line: #d9dce1; --accent: #0b5fa5; --code: #eef0f3; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7e9ec; --paper: #14171b; --soft: #a3abb6;
  --line: #343a42; --accent: #7db8ec; --code: #22272e; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main, header, nav, footer { max-width: 62rem; margin: 0 auto; padding: 0 1.1rem; }
header { padding-top: 2rem; }
h1 { font-size: clamp(1.5rem, 4vw, 2.1rem); line-height: 1.2; margin: 0 0 .4rem; }
h2 { font-size: 1.25rem; margin: 2.4rem 0 .4rem; }
p { margin: .5rem 0; max-width: 46rem; }
nav { margin-top: .6rem; padding-bottom: .8rem; border-bottom: 1px solid var(--line); }
nav a { display: inline-block; margin-right: 1rem; }
a { color: var(--accent); }
a:focus-visible, .wide:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
figure { margin: 1rem 0; }
img { width: 100%; height: auto; background: #fff; border: 1px solid var(--line);
  border-radius: 6px; padding: .4rem; }
figcaption, .again { color: var(--soft); font-size: .9rem; }
.wide { overflow-x: auto; margin: .8rem 0; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }
td:nth-child(-n+2) { min-width: 7.5rem; }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
code { background: var(--code); padding: .1rem .3rem; border-radius: 4px; font-size: .88em;
  overflow-wrap: anywhere; }
footer { color: var(--soft); padding-bottom: 3rem; }
</style></head>
<body><header><h1>$title</h1>$lead</header>
<nav aria-label="Contents">$links</nav>
<main>$body
<section id="provenance"><h2>Provenance</h2>$provenance</section></main>
<footer><p>Made with heavytail_snn.</p></footer>
$stored</body></html>
""")
