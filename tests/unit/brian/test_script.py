"""A stranger's script, taken over at one of its runs."""

import json
import multiprocessing

import pytest
from brian2 import NeuronGroup, defaultclock, get_device, prefs
from typer.testing import CliRunner

from heavytail_snn.brian.pool import PoolHere
from heavytail_snn.brian.script import ScriptError, run_script
from heavytail_snn.cli.main import app

SCRIPT = """
from brian2 import *
prefs.codegen.target = "numpy"
set_device("cpp_standalone")
N = 3
defaultclock.dt = 0.2*ms
tau = 10*ms
group = NeuronGroup(N, "dv/dt = (2 - v)/tau : 1", threshold="v > 1", reset="v = 0")
group.v = "i/(2.0*N)"
run(20*ms)
run(0.4*second)
raise RuntimeError("never reached")
"""


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "a model, ü.py"
    path.write_text(SCRIPT, encoding="utf-8")
    return path


def seen(network, duration, names):
    group = next(o for o in network.objects if isinstance(o, NeuronGroup))
    return len(group), duration, float(names["tau"]), float(network.t)


def test_the_run_asked_for_is_taken_over(script):
    before, target, step = get_device(), prefs.codegen.target, float(defaultclock.dt)
    prefs.codegen.target = "cython"
    assert run_script(script, seen) == (3, 0.02, 0.01, 0.0)
    assert run_script(script, seen, at_run=2) == (3, 0.4, 0.01, 0.02)
    assert get_device() is before
    assert prefs.codegen.target == "cython"
    assert float(defaultclock.dt) == step != 2e-4
    prefs.codegen.target = target


def test_a_setting_replaces_what_the_script_assigns(script):
    assert run_script(script, seen, settings={"N": "2 + 3", "tau": "5*ms"})[0] == 5


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"at_run": 3}, "never reached"),
        ({"settings": {"NN": "1"}}, "did you mean N"),
        ({"settings": {"N": "1 +"}}, "must be a Python expression"),
    ],
)
def test_what_cannot_be_reached_is_refused_by_name(script, options, match):
    with pytest.raises(ScriptError, match=match):
        run_script(script, seen, **options)


def test_a_script_without_a_run_or_without_sense_is_refused(tmp_path):
    path = tmp_path / "nothing.py"
    path.write_text("x = 1\n")
    with pytest.raises(ScriptError, match="must call run"):
        run_script(path, seen)
    path.write_text("run = print\nrun(1)\n")
    with pytest.raises(ScriptError, match="did 0 times"):
        run_script(path, seen)
    path.write_text("def (:\n")
    with pytest.raises(ScriptError, match="must be a Python file that parses"):
        run_script(path, seen)
    with pytest.raises(ScriptError, match="must be a Python file that parses"):
        run_script(tmp_path / "missing.py", seen)


def test_a_run_in_a_function_or_a_pool_of_processes_is_found(tmp_path):
    path = tmp_path / "pool.py"
    body = SCRIPT.replace("N = 3", "").replace("\n", "\n    ").replace("from brian2 import *", "")
    path.write_text(
        "import multiprocessing\nfrom brian2 import *\n"
        f"def simulate(number):\n    N = 3\n{body}\n"
        "with multiprocessing.Pool() as pool:\n    pool.map(simulate, [1, 2])\n"
    )
    before = multiprocessing.Pool
    assert run_script(path, seen, settings={"N": "4"})[0] == 4
    assert multiprocessing.Pool is before


def test_a_setting_leaves_the_same_name_in_a_function_alone(tmp_path):
    path = tmp_path / "local.py"
    body = SCRIPT.replace(
        "N = 3", "def size():\n    N = 3\n    return N\nN = size()\nN = N + size()"
    )
    path.write_text(body)
    assert run_script(path, seen)[0] == 6
    assert run_script(path, seen, settings={"N": "size() + 4"})[0] == 7


def test_a_pool_here_does_what_a_pool_does():
    with PoolHere(2, initializer=str) as pool:
        assert pool.map(abs, [-1, 2]) == list(pool.imap_unordered(abs, [-1, 2])) == [1, 2]
        assert pool.starmap(divmod, [(7, 3)]) == pool.starmap_async(divmod, [(7, 3)]).get()
        assert pool.map_async(abs, [-3]).get(timeout=1) == [pool.apply_async(abs, (-3,)).get()]


def test_a_script_that_cannot_run_a_network_is_refused_before_it_starts(tmp_path):
    path = tmp_path / "slow.py"
    path.write_text("from brian2 import *\nimport time\nopen('touched', 'w')\ntime.sleep(60)\n")
    with pytest.raises(ScriptError, match="nothing in it does"):
        run_script(path, seen)


def test_the_command_prints_a_spectrum_and_what_it_understood(script, tmp_path):
    figure = tmp_path / "spectrum.png"
    arguments = ["lyapunov", str(script), "--run", "2", "--k", "2", "--set", "N=2"]
    found = CliRunner().invoke(app, [*arguments, "--json", "--plot", str(figure)])
    assert found.exit_code == 0, found.output
    result = json.loads(found.stdout)
    assert len(json.dumps(result)) > 100
    assert figure.stat().st_size > 1000
    found = CliRunner().invoke(app, [*arguments, "--explain"])
    assert "(NeuronGroup of 2): v" in found.output
    found = CliRunner().invoke(app, ["lyapunov", str(script), "--k", "9"])
    assert found.exit_code == 1
    assert "must be at most 3" in found.output


NOISY = """
from brian2 import *
prefs.codegen.target = "numpy"
print("{ what a script prints }")
group = NeuronGroup(1, "dv/dt = (2 - v)/(9*ms) + xi*ms**-0.5 : 1", threshold="v > 1", reset="v = 0")
run(20*ms)
"""


def test_json_is_all_that_stands_in_the_output_and_names_the_remedy(tmp_path):
    path = tmp_path / "noisy.py"
    path.write_text(NOISY)
    found = CliRunner().invoke(app, ["lyapunov", str(path), "--json"])
    refusal = json.loads(found.stdout)
    assert refusal["error"] == "WhiteNoiseError"
    assert refusal["remedies"] == ["--white-noise frozen"]
    assert "pass --white-noise frozen" in refusal["message"]
    found = CliRunner().invoke(
        app, ["lyapunov", str(path), "--json", *refusal["remedies"][0].split()]
    )
    assert len(json.loads(found.stdout)["exponents"]) == 1
