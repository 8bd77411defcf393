"""Sweeps on several processes: the same bits, and what kills, signals and lost schedulers leave."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import counted_model
import psutil
import pytest
import xarray as xr
from brian2 import second

import heavytail_snn as ht
from heavytail_snn.core.errors import WorkerError

SUPPORT = Path(__file__).resolve().parents[2] / "support"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(SUPPORT)}
DRIVER = """
import sys
import counted_model
import heavytail_snn as ht
from brian2 import second

sweep = ht.sweep(counted_model.MODEL, measure=counted_model.MEASURE, store=sys.argv[1],
                 leak=[0.1, 0.3, 0.5, 0.7], seed=range(10), wait=float(sys.argv[2])*second)
print(sweep.run(workers=2, progress=False).done)
"""  # without the guard of __main__, as users write it
TIMEOUT = 180  # s; what hangs fails


@pytest.fixture(autouse=True)
def log(tmp_path, monkeypatch):
    (tmp_path / "log").write_text("")
    monkeypatch.setenv("COUNTED_LOG", str(tmp_path / "log"))
    monkeypatch.setitem(ENVIRONMENT, "COUNTED_LOG", str(tmp_path / "log"))


def counted(store, wait=0.0, leak=(0.1, 0.3, 0.5, 0.7), seed=range(10), **more):
    return ht.sweep(
        counted_model.MODEL, measure=counted_model.MEASURE, store=store, leak=list(leak), seed=seed,
        wait=wait * second, **more,
    )  # fmt: skip


def numbers(sweep):
    return sweep.dataset().drop_vars("error").drop_attrs()


def uninterrupted(tmp_path):
    sweep = counted(tmp_path / "whole.zarr")
    with contextlib.suppress(OSError), open(os.devnull, "w") as nothing:
        before, os.environ["COUNTED_LOG"] = os.environ["COUNTED_LOG"], nothing.name
        sweep.run("synchronous", progress=False)
        os.environ["COUNTED_LOG"] = before
    return numbers(sweep)


def driver(tmp_path, wait):
    return subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(tmp_path / "grid.zarr"), str(wait)],
        # a home of its own: Brian2 speaks up on import where its cache there is beyond 1 GB
        env=ENVIRONMENT | {"HOME": str(tmp_path)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )  # fmt: skip


def wait_until(true, seconds=TIMEOUT):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.02)


def n_records(store):
    """Return how many cases have left their record."""
    return sum(path.is_file() and path.name == "0" for path in (store / "record/c").rglob("*"))


def workers_of(process):
    """Return the processes that compute: children of a driver that have connected."""
    with contextlib.suppress(psutil.NoSuchProcess):
        children = psutil.Process(process.pid).children(recursive=True)
        return [child for child in children if "spawn_main" in " ".join(child.cmdline())]
    return []


def test_two_local_workers_give_the_bits_of_this_process(tmp_path):
    """The driver is a script without a guard, run as it stands."""
    done = driver(tmp_path, 0.0)
    out, err = done.communicate(timeout=TIMEOUT)
    assert out.split() == ["40"], err
    assert err == ""
    xr.testing.assert_identical(numbers(counted(tmp_path / "grid.zarr")), uninterrupted(tmp_path))
    assert len(counted_model.noted()) == 40


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_killed_drivers_lose_nothing_and_nothing_is_computed_twice(tmp_path, seed):
    rng = random.Random(seed)
    sweep = counted(tmp_path / "grid.zarr", wait=0.15)
    kept, known = [], set()
    for _ in range(2):
        process = driver(tmp_path, 0.15)
        lines = len(counted_model.noted())
        goal = len(known) + rng.randint(1, 5)
        wait_until(lambda goal=goal: n_records(tmp_path / "grid.zarr") >= goal)
        time.sleep(rng.uniform(0, 0.3))
        workers = workers_of(process)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        psutil.wait_procs(workers, timeout=TIMEOUT)
        assert not known & set(counted_model.noted()[lines:])  # what was done was not done again
        state = sweep.dataset()["state"]
        known = {
            f"{float(leak):g} {int(seed)}"
            for leak in state.leak for seed in state.seed
            if state.sel(leak=leak, seed=seed) == "done"
        }  # fmt: skip
        kept.append(len(known))
    assert 0 < kept[0] < kept[1] < 40
    lines = len(counted_model.noted())
    sweep.run("synchronous", progress=False)
    assert len(counted_model.noted()) - lines == 40 - kept[1]
    plain = numbers(sweep).drop_vars("state")
    xr.testing.assert_identical(plain, uninterrupted(tmp_path).drop_vars("state"))


@pytest.mark.slow
def test_killed_workers_are_replaced_and_the_bits_are_the_same(tmp_path):
    process = driver(tmp_path, 0.15)
    for goal in (4, 12, 20):
        wait_until(lambda goal=goal: len(counted_model.noted()) >= goal)
        victims = workers_of(process)
        assert victims
        random.Random(goal).choice(victims).kill()
    out, err = process.communicate(timeout=TIMEOUT)
    assert out.split() == ["40"], err
    xr.testing.assert_identical(
        numbers(counted(tmp_path / "grid.zarr", wait=0.15)), uninterrupted(tmp_path)
    )
    assert len(counted_model.noted()) <= 40 + 3  # only what a killed worker had in its hands


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_says_what_is_kept_and_how_to_go_on(tmp_path, number):
    toml = tmp_path / "grid.toml"
    toml.write_text(
        'model = "rate"\nmeasure = "activity"\nstore = "grid.zarr"\nseed = {stop = 200}\n'
        "[grid]\ngain = [1.5, 2.5]\nn_neurons = 100\nduration = 2000\n"
    )
    command = [sys.executable, "-m", "heavytail_snn", "sweep", str(toml), "--workers", "1"]
    with subprocess.Popen(
        command, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        records = tmp_path / "grid.zarr" / "record" / "c"
        wait_until(lambda: len(list(records.rglob("[0-9]*"))) > 6)
        # a terminal sends SIGINT to all processes, a batch system SIGTERM to the first
        (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
        _, said = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 128 + number, said
    assert f"cases in {tmp_path / 'grid.zarr'}" in said
    assert f"heavytail-snn sweep {tmp_path / 'grid.zarr'}" in said
    assert "Traceback" not in said
    status = ht.analysis.sweep.Sweep.open(tmp_path / "grid.zarr").status()
    assert f"kept {status.done} of 400 cases" in said


@contextlib.contextmanager
def scheduler_with_workers(tmp_path, number, *options):
    """Start a scheduler and workers as programs of their own, on loopback."""
    file = tmp_path / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": ENVIRONMENT}
    started = [
        subprocess.Popen(
            [*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
             "--scheduler-file", str(file)], **quiet,
        )
    ]  # fmt: skip
    try:
        wait_until(file.exists)
        started += [
            subprocess.Popen(
                [*dask, "worker", "--scheduler-file", str(file), "--nthreads", "1",
                 "--no-dashboard", "--local-directory", str(tmp_path), *options], **quiet,
            )
            for _ in range(number)
        ]  # fmt: skip
        import json

        wait_until(lambda: file.read_text().endswith("}\n") or file.read_text().endswith("}"))
        yield json.loads(file.read_text())["address"], started
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(TIMEOUT)


@pytest.mark.slow
def test_a_scheduler_elsewhere_and_its_loss(tmp_path):
    from distributed import Client

    with scheduler_with_workers(tmp_path, 2) as (address, started):
        sweep = counted(tmp_path / "grid.zarr")
        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=TIMEOUT)
        assert sweep.run(address, progress=False).done == 40
        xr.testing.assert_identical(numbers(sweep), uninterrupted(tmp_path))
        assert len(counted_model.noted()) == 40
        hosts = {record["process"] for record in _records(sweep)}
        assert len(hosts) == 2
        spectra = ht.sweep(  # Brian2 must be there, whatever thread a case is computed in
            "rate", measure="lyapunov", k=2, n_neurons=20, duration=50, seed=range(2),
            store=tmp_path / "spectra.zarr",
        )  # fmt: skip
        assert spectra.run(address, progress=False).done == 2
        slow = counted(tmp_path / "slow.zarr", wait=0.3)
        killer = _when(lambda: len(counted_model.noted()) > 45, started[0].kill)
        with pytest.raises(WorkerError, match=r"scheduler tcp.* was lost.*kept.*run the same"):
            slow.run(address, progress=False)
        killer.join()
        assert 0 < slow.status().done < 40
        with pytest.raises(WorkerError, match="no Dask scheduler answered at"):
            slow.run(address, progress=False)


@pytest.mark.slow
def test_a_case_that_takes_its_workers_down_has_failed_and_is_named(tmp_path):
    from distributed import Client, LocalCluster

    sweep = counted(tmp_path / "grid.zarr", leak=[0.1], seed=range(2), megabytes=1500)
    import dask

    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        LocalCluster(
            n_workers=1, threads_per_worker=1, memory_limit="700MB", dashboard_address=":0",
            silence_logs=50,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):  # fmt: skip
        status = sweep.run(client, progress=False)
    assert (status.done, status.failed) == (0, 2)
    assert "worker process died 1 times while it had this case" in next(iter(status.errors))


def _records(sweep):
    from heavytail_snn.analysis.sweep.store import Store

    return [record for record in Store(sweep.store).records().ravel() if record is not None]


def _when(true, then):
    import threading

    def watch():
        wait_until(true)
        then()

    thread = threading.Thread(target=watch)
    thread.start()
    return thread
