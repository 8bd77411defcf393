"""Run the fast tests in another environment and say in one line how they ended."""

import os
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FAST = "not slow and not standalone and not cuda_build and not cuda"
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}


@dataclass(frozen=True)
class Outcome:
    """How one environment ended: `passed` is None where the tests could not run there."""

    name: str
    passed: bool | None
    words: str
    seconds: float = 0.0

    def __str__(self) -> str:
        """Return one line of the summary."""
        verdict = {True: "passed", False: "FAILED", None: "not run"}[self.passed]
        took = f", {self.seconds:.0f} s" if self.seconds else ""
        return f"{self.name:<18} {verdict:<8} {self.words}{took}"


def run_fast_tests(
    name: str,
    python: str,
    *,
    log: Path,
    environment: dict[str, str],
    workers: int,
    choose: tuple[str, ...] = (),
) -> Outcome:
    """Run pytest with one interpreter; the whole output goes to `log`."""
    command = [python, "-m", "pytest", "-n", str(workers), "--dist", "loadfile", "-m", FAST]
    command += ["-p", "no:cacheprovider", *choose]
    log.parent.mkdir(parents=True, exist_ok=True)
    print(f"{name}: the fast tests run; their output is in {log.relative_to(ROOT)}", flush=True)
    start = time.monotonic()
    with log.open("w", encoding="utf-8") as stream:
        code = subprocess.run(
            command,
            cwd=ROOT,
            env=os.environ | ONE_THREAD | environment,
            stdout=stream,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode
    text = log.read_text(encoding="utf-8", errors="replace")
    for line in re.findall(r"^(?:FAILED|ERROR) .*", text, flags=re.MULTILINE):
        print(f"    {line}", flush=True)
    return Outcome(name, code == 0, counts(text) or last_line(text), time.monotonic() - start)


def counts(text: str) -> str:
    """Return what pytest counted, e.g. "1 failed, 80 passed, 3 skipped"; empty if nothing."""
    found = re.findall(r"^(?:=+ )?((?:\d+ [a-z]+(?:, )?)+) in [\d.]+s", text, flags=re.MULTILINE)
    return found[-1] if found else ""


def last_line(text: str) -> str:
    """Return the last line that is not empty, for a run that died before pytest could count."""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1][:100] if lines else "no output"


def summarize(outcomes: list[Outcome], *, required: tuple[str, ...] = ()) -> int:
    """Print one line an environment; return 1 if one failed, none ran, or a required one did not.

    Parameters
    ----------
    outcomes
        In the order of their lines.
    required
        Names of those that must have run.
    """
    print("\nSummary")
    for outcome in outcomes:
        print(outcome)
    failed = any(outcome.passed is False for outcome in outcomes)
    missing = any(outcome.passed is None and outcome.name in required for outcome in outcomes)
    return int(failed or missing or not any(outcome.passed for outcome in outcomes))
