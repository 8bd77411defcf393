"""A study's report in headless Chromium: no errors, all images, readable at 400 px, a screenshot.

Set HEAVYTAIL_TEST_OUTPUT to keep the screenshots in a folder of your own.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from heavytail_snn.analysis.study.config import parse_config
from heavytail_snn.analysis.study.engine import run_study

CHROMIUM = next(
    (
        path
        for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
        if (path := shutil.which(name))
    ),
    None,
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium or google-chrome on the PATH"),
]
CONFIG = """
title = "Report in a browser"
[[network]]
model = "rate_map"
alpha = [2.0, 1.5]
n_neurons = [50, 100]
duration = 40
transient = 100
networks = 2
[recording]
file = "example"
"""
# runs in the page after loading and leaves what it saw in the dumped document
PROBE = """
<script>
window.problems = [];
window.addEventListener('error', e => problems.push(String(e.message || e.target.src)), true);
window.addEventListener('load', () => {
  const images = [...document.images];
  const focusable = [...document.querySelectorAll('a[href], [tabindex="0"]')];
  const seen = {
    problems, width: innerWidth, body: document.documentElement.scrollWidth,
    images: images.length, broken: images.filter(i => !i.complete || !i.naturalWidth).length,
    unnamed: images.filter(i => !i.alt).length,
    tables: [...document.querySelectorAll('table')].map(t => ({
      inside: t.parentElement.scrollWidth >= t.offsetWidth || t.offsetWidth <= innerWidth,
      scrolls: getComputedStyle(t.parentElement).overflowX, tab: t.parentElement.tabIndex,
      size: parseFloat(getComputedStyle(t).fontSize)})),
    dead: [...document.querySelectorAll('nav a')].filter(
      a => !document.getElementById(a.hash.slice(1))).length,
    reachable: focusable.filter(e => { e.focus(); return document.activeElement === e; }).length,
    focusable: focusable.length,
    paper: getComputedStyle(document.body).backgroundColor,
  };
  const out = document.createElement('pre');
  out.id = 'seen'; out.textContent = JSON.stringify(seen); document.body.append(out);
});
</script>
"""


def chromium(page, profile, *options):
    """Run headless Chromium on a page without a network and return what it printed."""
    return subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND",
            f"--user-data-dir={profile}", "--enable-logging=stderr", "--v=0",
            "--virtual-time-budget=4000", *options, page.as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return run_study(parse_config(CONFIG), tmp_path_factory.mktemp("report")).report


@pytest.fixture(scope="module")
def narrow(report, tmp_path_factory):
    """What a page inside a frame of 400 px sees (windows cannot be that narrow)."""
    return looked_at(report, tmp_path_factory.mktemp("narrow"), width=400)


def looked_at(report, folder, *, width, options=()):
    page = folder / "probed.html"
    text = report.read_text()
    page.write_text(text.replace("<title>", PROBE + "<title>", 1))
    frame = folder / "frame.html"
    frame.write_text(
        f'<body style="margin:0"><iframe src="probed.html" width="{width}" height="3000" '
        'style="border:0" onload="document.body.append(Object.assign(document.createElement('
        "'pre'), {id: 'copied', textContent: "
        "this.contentDocument.getElementById('seen').textContent}))\"></iframe>"
    )
    options = ("--allow-file-access-from-files", *options)
    result = chromium(frame, folder / "profile", "--dump-dom", *options)
    found = re.search(r'<pre id="copied">(.*?)</pre>', result.stdout, re.DOTALL)
    assert found, result.stderr[-2000:]
    console = [line for line in result.stderr.splitlines() if ":CONSOLE" in line]
    return json.loads(found.group(1).replace("&amp;", "&")) | {"console": console}


def test_no_errors_and_no_missing_images(narrow):
    assert narrow["problems"] == narrow["console"] == []
    assert narrow["images"] >= 6
    assert narrow["broken"] == narrow["unnamed"] == 0


def test_readable_at_400_px(narrow):
    assert narrow["width"] == 400
    assert narrow["body"] <= 400  # the page itself never scrolls sideways
    assert len(narrow["tables"]) >= 4
    for table in narrow["tables"]:
        assert table["inside"]
        assert table["scrolls"] == "auto"
        assert table["size"] >= 12


def test_keyboard_reaches_links_and_wide_tables(narrow):
    assert narrow["dead"] == 0
    assert narrow["reachable"] == narrow["focusable"] >= 10
    assert all(table["tab"] == 0 for table in narrow["tables"])


def test_dark_where_the_reader_asks_for_it(report, narrow, tmp_path):
    options = ("--blink-settings=preferredColorScheme=0",)
    dark = looked_at(report, tmp_path, width=400, options=options)
    brightness = [sum(map(int, re.findall(r"\d+", s["paper"])[:3])) for s in (dark, narrow)]
    assert brightness[0] < 150 < 600 < brightness[1]


def test_screenshot_is_part_of_the_output(report, tmp_path):
    folder = Path(os.environ.get("HEAVYTAIL_TEST_OUTPUT", report.parent))
    folder.mkdir(parents=True, exist_ok=True)
    picture = (folder / "report_screenshot.png").resolve()
    chromium(report, tmp_path / "p", f"--screenshot={picture}", "--window-size=900,4000")
    assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert picture.stat().st_size > 50_000
