"""What importing costs: beyond Brian2, alone, and until the command line answers.

Each number is the smallest of several fresh processes, in CPU seconds; Brian2's own import, in the
same run, is the measure.
"""

import resource
import subprocess
import sys

REPEATS = 5
CASES = {
    "python": "pass",
    "import brian2": "import brian2",
    "import brian2, heavytail_snn": "import brian2, heavytail_snn",
    "import heavytail_snn": "import heavytail_snn",
    "heavytail-snn --help": "import sys; sys.argv = ['heavytail-snn', '--help']; "
    "from heavytail_snn.cli.main import main; main()",
    "all of heavytail_snn": "from heavytail_snn import *; from heavytail_snn.analysis import *; "
    "from heavytail_snn.analysis.theory import *; from heavytail_snn.models import *",
}


def cpu_seconds(code: str) -> float:
    """Return the CPU time of a fresh process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print the table."""
    for code in CASES.values():  # byte code is written, files are in the cache
        cpu_seconds(code)
    found = {name: min(cpu_seconds(code) for _ in range(REPEATS)) for name, code in CASES.items()}
    brian = found["import brian2"]
    print(f"{'':32}{'CPU s':>8}{'/ brian2':>10}")
    for name, seconds in found.items():
        print(f"{name:32}{seconds:8.2f}{seconds / brian:10.2f}")
    beyond = found["import brian2, heavytail_snn"] - brian
    print(f"beyond Brian2: {beyond:.2f} s (limit 0.3); help: {found['heavytail-snn --help']:.2f} s "
          "(limit 0.7)")  # fmt: skip


if __name__ == "__main__":
    main()
