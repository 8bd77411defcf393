"""The command ``heavytail-snn lyapunov`` on each of Brian2's own examples with a threshold.

Run ``make gallery``: half an hour on one core, or a part with ``--only PATTERN``.  The examples
come from Brian2's source distribution and are never copied here.  ``brian2_gallery.toml`` says
for each how it is shortened and which verdict is expected, `BRIAN2_GALLERY.md` what came out.

Verdicts: ``unmodified`` (a spectrum of the script as it is, shortened), ``choice`` (a spectrum
once the option is given that the refusal names), ``refused``, ``missing`` (the script imports a
package that is not installed); and, which must not occur, ``error`` and ``timeout``.
"""

import argparse
import json
import math
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import tomllib
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = Path(__file__).with_suffix(".toml")
REPORT = Path(__file__).with_name("BRIAN2_GALLERY.md")
FOLDER = ROOT / "build/gallery"
VERDICTS = ("unmodified", "choice", "refused", "missing")
BROKEN = ("error", "timeout")
REFUSAL_S = 5.0  # of the processor, the start of Python included
GOALS = "at least 40 unmodified, at least 46 with a choice that the refusal names"


@dataclass(frozen=True)
class Entry:
    """What the manifest says of one example.

    Parameters
    ----------
    name : str
        Path below the folder of examples.
    verdict : str
    says : str
        What the refusal must contain.
    duration, k, run, state_warmup, tangent_warmup : as the options of the command
    set : mapping
        Name -> expression, for ``--set``.
    limit_s : float
        Seconds of the processor after which it is a timeout; four times that on the clock.
    """

    name: str
    verdict: str = "unmodified"
    says: str = ""
    duration: float = 0.3
    k: int = 2
    run: int = 1
    state_warmup: float | None = None
    tangent_warmup: float | None = None
    set: dict = field(default_factory=dict)
    limit_s: float = 180.0

    def __post_init__(self):
        if self.verdict not in VERDICTS:
            raise ValueError(f"{self.name}: verdict {self.verdict!r} is none of {VERDICTS}")

    def options(self):
        """Return the words of the command line."""
        words = ["--duration", str(self.duration), "--k", str(self.k)]
        words += ["--run", str(self.run)] if self.run > 1 else []
        for name in ("state_warmup", "tangent_warmup"):
            if (value := getattr(self, name)) is not None:
                words += [f"--{name.replace('_', '-')}", str(value)]
        for name, value in self.set.items():
            words += ["--set", f"{name}={value}"]
        return [*words, "--seed", "1", "--json"]


@dataclass(frozen=True)
class Outcome:
    """What came out of one example."""

    name: str
    verdict: str
    seconds: float
    said: str = ""
    choice: str = ""
    n: int = 0
    k: int = 0
    exponent: float = math.nan
    error: float = math.nan
    refused_after: float = 0.0


# ---------------------------------------------------------------- manifest and examples


def read_manifest(path):
    """Return the entries by name; a wrong key or verdict raises."""
    with open(path, "rb") as file:
        tables = tomllib.load(file)
    return {name: Entry(name, **table) for name, table in tables.items()}


def examples_in(folder):
    """Return the paths of scripts with a threshold, below a folder."""
    found = sorted(Path(folder).rglob("*.py"))
    return [str(p.relative_to(folder)) for p in found if "threshold=" in p.read_text("utf-8")]


def download(folder):
    """Return the folder of Brian2's examples, unpacked from its source distribution."""
    import brian2

    name = f"brian2=={brian2.__version__}"
    if not (found := sorted(folder.glob("brian2-*/examples"))):
        folder.mkdir(parents=True, exist_ok=True)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        pip += ["--no-binary", "brian2", "--dest", str(folder), name]
        subprocess.run(pip, check=True)
        with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
            archive.extractall(folder, filter="data")
        found = sorted(folder.glob("brian2-*/examples"))
    return found[-1]


# ---------------------------------------------------------------- one example


def judge(entry, folder, memory_gb=6.0):
    """Run the command on an example, follow the remedy of a refusal, and return the outcome."""
    script = Path(folder) / entry.name
    first = _command(script, entry, [], memory_gb)
    if first.refused_after > REFUSAL_S:  # Brian2 compiles what builds a network the first time only
        first = _command(script, entry, [], memory_gb)
    if first.verdict != "refused" or not first.choice:
        return first
    second = _command(script, entry, first.choice.split(), memory_gb)
    if second.verdict != "unmodified":
        return replace(second, choice=first.choice)
    return replace(second, verdict="choice", choice=first.choice, refused_after=first.seconds)


def _command(script, entry, more, memory_gb):
    words = [sys.executable, "-m", "heavytail_snn.cli", "lyapunov", str(script)]
    # a copy of the folder, because scripts write beside themselves
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    size, limit = int(memory_gb * 2**30), max(1, round(entry.limit_s))

    def confine():
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))

    before = _processor_seconds()
    child = subprocess.Popen(
        [*words, *entry.options(), *more], cwd=script.parent, env=environment,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True, preexec_fn=confine,
    )  # fmt: skip
    timer = threading.Timer(4 * entry.limit_s, lambda: os.killpg(child.pid, signal.SIGXCPU))
    timer.start()
    out, err = child.communicate()
    timer.cancel()
    return classify(entry.name, child.returncode, out, err, _processor_seconds() - before)


def classify(name, code, out, err, seconds):
    """Return the outcome of a command that has ended: a spectrum, a refusal, or an error."""
    if code == -signal.SIGXCPU:
        return Outcome(name, "timeout", seconds, _last(err))
    try:
        answer = json.loads(out)
    except ValueError:
        return Outcome(name, "error", seconds, f"exit code {code}: {_last(err)}")
    if code == 0:
        exponents, errors = answer["exponents"], answer["standard_error"]
        if any("are -inf" in note for note in answer["warnings"]):  # said; JSON has no -inf
            exponents = [-math.inf if x is None else x for x in exponents]
        if None in exponents:
            return Outcome(name, "error", seconds, f"exponents that are no numbers: {exponents}")
        return Outcome(
            name, "unmodified", seconds, n=answer["n_neurons"], k=len(exponents),
            exponent=exponents[0], error=math.nan if errors[0] is None else errors[0],
        )  # fmt: skip
    said = f"{answer['error']}: {' '.join(answer['message'].split())}"
    if "ModuleNotFoundError" in said:
        return Outcome(name, "missing", seconds, said, refused_after=seconds)
    choice = next((c for c in answer.get("remedies", ())), "")
    return Outcome(name, "refused", seconds, said, choice, refused_after=seconds)


def _last(text):
    lines = [line for line in text.replace("\r", "\n").splitlines() if line.strip()]
    return lines[-1].strip()[:300] if lines else "nothing was said"


def _processor_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


# ---------------------------------------------------------------- the score


def complaint(entry, outcome):
    """Return what is not as the manifest expects, "" if all is."""
    if outcome.verdict != entry.verdict:
        return f"expected {entry.verdict}"
    if entry.says and entry.says not in outcome.said:
        return f"expected a refusal that says {entry.says!r}"
    if outcome.refused_after > REFUSAL_S:
        return f"refused after {outcome.refused_after:.1f} s"
    return ""


def row(entry, outcome):
    """Return one line of the Markdown table."""
    complained = complaint(entry, outcome)
    verdict = outcome.verdict + (f" ({outcome.choice})" if outcome.choice else "")
    spectrum = ["", "", ""]
    if outcome.verdict in ("unmodified", "choice"):
        value = f"{outcome.exponent:.3g}"
        if math.isfinite(outcome.exponent):
            known = not math.isnan(outcome.error)
            value += f" +- {outcome.error:.2g}" if known else ", too short for an error"
        spectrum = [str(outcome.n), str(outcome.k), value]
    short = " ".join(entry.options()[:-3]) if spectrum[0] else ""  # without the seed and --json
    said = outcome.said.replace(f"{FOLDER / 'scripts'}/", "")
    cells = [entry.name, verdict, *spectrum, f"{outcome.seconds:.1f}", short or said]
    if complained:
        cells[1] = f"**{verdict}: {complained}**"
    return "| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |"


def score(outcomes):
    """Return the score in words."""
    count = {v: sum(o.verdict == v for o in outcomes) for v in (*VERDICTS, *BROKEN)}
    spectra = count["unmodified"] + count["choice"]
    return (
        f"{len(outcomes)} examples with a threshold: {count['unmodified']} spectra unmodified, "
        f"{spectra} with a choice that the refusal names; {count['refused']} refused, "
        f"{count['missing']} need a package that is not installed, {count['error']} errors, "
        f"{count['timeout']} timeouts.  Goal: {GOALS}, no errors."
    )


def report(entries, outcomes, version):
    """Return the Markdown page."""
    lines = [row(entries[o.name], o) for o in outcomes]
    return "\n".join([
        "# Brian2's examples and their Lyapunov spectra", "",
        "Written by `make gallery` (tests/benchmarks/brian2_gallery.py), with the examples of",
        f"Brian2 {version}.  The spectra are short runs, which show that a script is understood;",
        "they are no measurements of its model.  Seconds are those of the processor.", "",
        score(outcomes), "",
        "| example | verdict | N | k | lambda_1 (1/s) | s | shortened by, or what was said |",
        "|---|---|---|---|---|---|---|", *lines, "",
    ])  # fmt: skip


def main():
    """Run all examples, or some, and write the page; 1 where a verdict is not as expected."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--examples", type=Path, help="an unpacked folder of Brian2's examples")
    parser.add_argument("--only", default="", help="regular expression of names to run again")
    chosen = parser.parse_args()
    source = chosen.examples or download(FOLDER)
    known = read_manifest(MANIFEST)
    names = examples_in(source)
    if unknown := sorted(set(known) - set(names)):
        parser.error(f"the manifest names examples that are not there: {', '.join(unknown)}")
    entries = {name: known.get(name, Entry(name)) for name in names}
    folder = FOLDER / "scripts"  # a copy, because scripts write beside themselves
    shutil.copytree(source, folder, dirs_exist_ok=True)
    store = FOLDER / "outcomes.json"
    stored = json.loads(store.read_text()) if store.exists() else {}
    for name in names:
        if not re.search(chosen.only, name):
            continue
        outcome = judge(entries[name], folder)
        stored[name] = asdict(outcome)
        store.write_text(json.dumps(stored, indent=1))
        print(row(entries[name], outcome), flush=True)
    outcomes = [Outcome(**stored[name]) for name in names if name in stored]
    import brian2

    REPORT.write_text(report(entries, outcomes, brian2.__version__))
    print(score(outcomes))
    return int(any(complaint(entries[o.name], o) for o in outcomes))


if __name__ == "__main__":
    sys.exit(main())
