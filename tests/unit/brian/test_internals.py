"""What Brian2 does not document: found under our names in every version that was tried."""

import ast
from pathlib import Path

import brian2
import numpy as np
import pytest
from brian2 import Network, NeuronGroup, Synapses, get_device, ms, second

import heavytail_snn
from heavytail_snn.brian import internals

ROOT = Path(heavytail_snn.__file__).parents[1]
UNDOCUMENTED = {
    "_pathways", "_refractory", "_delays", "rand_buffer_index", "randn_buffer_index", "main_queue",
    "resolve_all", "get_array_filename", "get_local_namespace", "build_options",
    "DEFAULT_FUNCTIONS", "CodeRunner", "get_compiler_and_args", "CythonCodeObject",
    "add_array",
}  # fmt: skip


@pytest.fixture
def parts():
    """A group with refractoriness, synapses with two pathways, and their network."""
    neurons = NeuronGroup(
        3, "v : 1\nrest : second", threshold="v > 1", reset="v = 0", refractory="rest", name="cells"
    )
    synapses = Synapses(
        neurons,
        neurons,
        "w : 1",
        on_pre="v_post += w",
        on_post="w += 1",
        delay=2 * ms,
        name="wires",
    )  # fmt: skip
    synapses.connect(i=[0, 1], j=[1, 2])
    return neurons, synapses, Network(neurons, synapses)


def test_this_version_of_brian_was_tried():
    assert brian2.__version__ in internals.TRIED


def test_another_version_gets_one_warning_that_names_those_tried():
    with pytest.warns(UserWarning, match=r"tried with Brian2 2\.10\.1 and 2\.11\.0, and this is 3"):
        internals.warn_if_untried("3.0")


def test_no_other_file_uses_undocumented_names():
    for path in ROOT.glob("*/**/*.py"):
        if path.parts[len(ROOT.parts)] not in {"heavytail_snn", "models", "analysis"}:
            continue
        names = {
            getattr(node, "attr", None) or getattr(node, "id", None) or getattr(node, "name", None)
            for node in ast.walk(ast.parse(path.read_text()))
        }
        if path.name != "internals.py":
            assert not names & UNDOCUMENTED, (path, names & UNDOCUMENTED)
        else:
            assert names >= UNDOCUMENTED


def test_pathways_and_their_delays(parts):
    _, synapses, _ = parts
    pre, post = internals.pathways(synapses)
    assert [pre.objname, post.objname] == ["pre", "post"]
    assert internals.delays(pre) == pytest.approx(2e-3)
    synapses = Synapses(*[parts[0]] * 2, on_pre="v_post += 1", name="several")
    synapses.connect(i=[0, 1], j=[1, 2])
    synapses.delay = [1, 3] * ms
    assert internals.delays(internals.pathways(synapses)[0]) == pytest.approx([1e-3, 3e-3])


def test_arrays_of_a_network_by_name(parts):
    neurons, synapses, network = parts
    arrays = internals.network_arrays(network)
    arrays["wires.delay"].set_value(0.004)
    assert float(np.squeeze(synapses.pre.delay / second)) == pytest.approx(4e-3)
    arrays["cells.v"].set_value(np.array([1.0, 2.0, 3.0]))
    assert np.array_equal(neurons.v[:], [1.0, 2.0, 3.0])
    assert internals.argument_name(arrays["cells.v"]) == "cells.v"


def test_refractoriness_runners_and_names(parts):
    neurons, *_ = parts
    assert internals.refractory(neurons) == "rest"
    assert internals.refractory(NeuronGroup(1, "v : 1")) is False
    assert internals.is_code_runner(neurons.run_regularly("v += 1"))
    assert not internals.is_code_runner(neurons.state_updater)
    found = internals.resolve(neurons, ["v", "outside"], {"outside": 3 * ms})
    assert found["v"] is neurons.variables["v"]
    assert float(found["outside"].get_value()) == pytest.approx(3e-3)


def test_namespace_is_that_of_the_caller():
    here = "a value of this test"

    def asked():
        return internals.caller_namespace(level=1)

    assert asked()["here"] == here


def test_random_buffers_are_discarded():
    device = get_device()
    device.rand_buffer_index[:] = 7
    device.randn_buffer_index[:] = 7
    internals.discard_random_buffers(device)
    assert not device.rand_buffer_index.any()
    assert not device.randn_buffer_index.any()


def test_functions_of_strings_keep_their_first_meaning():
    first = internals.default_function("levy_stable")
    internals.add_string_function("levy_stable", internals.default_function("rand"))
    assert internals.default_function("levy_stable") is first
