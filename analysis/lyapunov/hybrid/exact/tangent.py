"""Tangent vectors along an exact orbit, with the replay's own treatment of each event.

Between events state and vectors move together by Runge-Kutta steps with the slopes of all speeds;
at events the replay's kernels act.  Finite differences of the exact orbit must agree with it, which
tests these kernels without the error of a time step.
"""

import itertools
from types import SimpleNamespace

import numpy as np

from heavytail_snn.analysis.lyapunov.hybrid.exact import motion as X
from heavytail_snn.analysis.lyapunov.hybrid.exact.network import ExactNetwork
from heavytail_snn.analysis.lyapunov.hybrid.kernels import fields as K
from heavytail_snn.analysis.lyapunov.hybrid.kernels.elements import condition, gather
from heavytail_snn.analysis.lyapunov.hybrid.kernels.events import event, release
from heavytail_snn.analysis.lyapunov.hybrid.kernels.spikes import fire, pulse, spikes
from heavytail_snn.analysis.lyapunov.hybrid.kernels.sums import sum_up
from heavytail_snn.analysis.lyapunov.hybrid.kernels.update import update
from heavytail_snn.analysis.lyapunov.hybrid.replay import Replay
from heavytail_snn.core.compiled import compiled

_INSIDE = 1e-13  # s; as in `motion`
_BEYOND = 1e-12  # s; so far past its threshold a neuron is when it fires


@compiled(error_model="numpy")
def _slopes(t, only, dz, dV, z_of_row, ops, net, tangent, work, functions):  # type: ignore[no-untyped-def]
    """Speeds of z and of V; of element `only`, event-driven variables too, or of all (-1)."""
    z, index, flows, pop_of, e_of_z, _, cells, constants, first_of, a_of_z, still = net[:11]
    V = tangent[0]
    x, c, y, slopes = work[:4]
    k = V.shape[1]
    if only < 0:
        for o in range(ops.shape[0]):
            if ops[o, K.KIND] == K.K_SUM:
                sum_up(o, t, 0.0, ops, net, tangent, work, functions)
    dz[:] = 0.0
    dV[:] = 0.0
    for g in range(only if only >= 0 else 0, only + 1 if only >= 0 else pop_of.size):
        if z_of_row.size == 0:
            return
        row = flows[pop_of[g]]
        if row[K.F_HAS] == 0:
            continue
        nr, nc, n = row[K.F_NR], row[K.F_NC], row[K.F_N]
        start = row[K.F_OFF] + (g - row[K.F_BASE]) * (nr + nc + n)
        gather(z, index, start, nr, nc, x, c)
        functions[1](row[K.F_BLOCK], x.ctypes, c.ctypes, constants.ctypes, cells.ctypes, t, 0.0,
                     y.ctypes, slopes.ctypes)  # fmt: skip
        for o in range(n):
            to = first_of[g] + index[start + nr + nc + o]
            if still[z_of_row[to]] != (only >= 0):
                continue
            dz[z_of_row[to]] = y[o]
            for r in range(nr):
                s = slopes[o * (nr + 1) + r]
                if s != 0.0:
                    v = first_of[e_of_z[index[start + r]]] + a_of_z[index[start + r]]
                    for q in range(k):
                        dV[to, q] += s * V[v, q]


@compiled(error_model="numpy")
def _move(t, stop, only, z_of_row, ops, net, tangent, work, functions):  # type: ignore[no-untyped-def]
    """Carry z and V from t to stop by one step."""
    z, V = net[0], tangent[0]
    s = stop - t
    inside = min(_INSIDE, 0.1 * s)
    dz, dV = np.zeros_like(z), np.zeros_like(V)
    z0, V0, z1, V1 = z.copy(), V.copy(), z.copy(), V.copy()
    for stage in range(4):
        at = t + (inside if stage == 0 else (s - inside if stage == 3 else 0.5 * s))
        _slopes(at, only, dz, dV, z_of_row, ops, net, tangent, work, functions)
        weight = s / 6.0 if stage in (0, 3) else s / 3.0
        ahead = 0.5 * s if stage < 2 else s
        z1 += weight * dz
        V1 += weight * dV
        z[:] = z0 + ahead * dz
        V[:] = V0 + ahead * dV
    z[:] = z1
    V[:] = V1
    if only < 0:
        for o in range(ops.shape[0]):
            if ops[o, K.KIND] == K.K_SUM:
                sum_up(o, stop - inside, 0.0, ops, net, tangent, work, functions)


@compiled(error_model="numpy")
def _remember(t, truths, firsts, ops, net, work, functions):  # type: ignore[no-untyped-def]
    """Note which comparisons of each threshold hold."""
    for o in range(ops.shape[0]):
        if ops[o, K.KIND] == K.K_THRESHOLD and not ops[o, K.EXTERNAL]:
            n = ops[o, K.ATOMS]
            for e in range(ops[o, K.N]):
                condition(o, e, t, 0.0, ops, net, work, functions)
                for a in range(n):
                    truths[firsts[o] + e, a] = work[2][1 + n + a]
                    truths[firsts[o] + e, n + a] = work[2][1 + a]


@compiled(error_model="numpy")
def _spikes(
    o,
    group,
    slots,
    t,
    z_of_row,
    ops,
    net,
    tangent,
    coupling,
    rec,
    marks,
    cut,
    work,
    functions,
    stats,
    firsts,
):  # type: ignore[no-untyped-def]
    """Spikes of one threshold at one instant, as in the replay."""
    z, dV = net[0].copy(), np.zeros_like(tangent[0])
    dz = np.zeros_like(z)
    _slopes(t, -1, dz, dV, z_of_row, ops, net, tangent, work, functions)
    net[0][:] += _BEYOND * dz
    for j in range(group.size):
        item = firsts[o] + group[j]
        fire(o, item, group[j], slots[j], t, 0.0, ops, net, tangent, marks, cut, work,
                functions, stats)  # fmt: skip
    net[0][:] = z
    spikes(o, group, slots, 0, t, 0.0, ops, net, tangent, coupling, rec, marks, work, functions)


@compiled(error_model="numpy")
def follow(
    start,
    until,
    times,
    log,
    slots,
    numbers,
    firsts,
    z_of_row,
    ops,
    net,
    tangent,
    coupling,
    rec,
    marks,
    cut,
    work,
    functions,
    stats,
):  # type: ignore[no-untyped-def]
    """Carry z and V along logged events."""
    op_of, held_row, held_base = numbers
    t, i, n = start, 0, times.size
    _remember(t, marks[0], firsts, ops, net, work, functions)
    while True:
        stop = times[i] if i < n else until
        if stop > t:
            _remember(t, marks[0], firsts, ops, net, work, functions)
            _move(t, stop, -1, z_of_row, ops, net, tangent, work, functions)
            t = stop
        if i >= n:
            return
        kind, which, e, spike = log[i]
        if kind == X.E_STEP:
            i += 1
            continue
        slot = slots[spike] if spike >= 0 else -1
        if kind == X.E_FIRE:
            j = i
            while j < n and log[j, 0] == X.E_FIRE and log[j, 1] == which and times[j] == t:
                j += 1
            if op_of[kind, which] >= 0:
                _spikes(op_of[kind, which], log[i:j, 2].copy(), slots[log[i:j, 3]], t,
                        z_of_row, ops, net, tangent, coupling, rec, marks, cut, work,
                        functions, stats, firsts)  # fmt: skip
            i = j
            continue
        o = op_of[kind, which]
        if kind == X.E_PULSE:
            pulse(o, e, slot, 0, t, 0.0, ops, net, tangent, coupling, rec, marks, work,
                     functions)  # fmt: skip
        elif kind == X.E_RESET:
            event(o, False, e, slot, 0, t, 0.0, ops, net, tangent, coupling, rec, work,
                     functions)  # fmt: skip
        elif kind == X.E_RELEASE:
            if held_base[which] >= 0:
                release(held_base[which] + e, held_row[which] + e, t, net, tangent, work,
                           functions)  # fmt: skip
            net[0][held_row[which] + e] = 1.0
        else:
            if e == 0:  # all elements at once
                update(o, 0, t, 0.0, ops, net, tangent, rec, cut, work, functions, stats[0])
            _remember(t, marks[0], firsts, ops, net, work, functions)
        i += 1


class ExactTangent(Replay):
    """Tangent vectors along a logged exact orbit.

    Parameters
    ----------
    net : ExactNetwork
        Before Brian2 has moved on: the start is the present state of the Brian2 objects.
    times, log : arrays of shapes (n,), (n, 4)
        From `Orbit.take_log`, of an orbit from the same start that logged its steps.

    Attributes
    ----------
    V : (n_rows, k) array
        State rows, then one row a spike with its time shift in s, then one a neuron.
    """

    def __init__(self, net: ExactNetwork, times: np.ndarray, log: np.ndarray) -> None:
        self.net, self.system, self.layout = net, net.system, net.layout
        self.times, self.log = times, log
        self.n_spikes = int(log[log[:, 0] == X.E_FIRE, 3].max(initial=-1)) + 1
        self.tapes = SimpleNamespace(n_slots=self.n_spikes)  # type: ignore[assignment]
        self.first_own = self.layout.n_state_rows + self.n_spikes
        self.n_rows = self.first_own + self.layout.n_own
        self.steps = np.zeros(0, dtype=np.int64)
        self.counts = np.zeros(K.N_COUNTS, dtype=np.int64)

    def run(self, vectors: np.ndarray, until: float) -> np.ndarray:
        """Carry vectors to a time.

        Parameters
        ----------
        vectors : (n_state, k) array
            In the rows ``net.state_rows`` of z, in SI units.
        until : float
            In s.

        Returns
        -------
        (n_state, k) array
            At that time; `V` holds the shifts of spikes as well.
        """
        layout, net = self.layout, self.net
        start = net.system.start
        self.start(vectors.shape[1])
        rows = layout.first_of[layout.e_of_z[net.state_rows]] + layout.a_of_z[net.state_rows]
        self.V[rows] = vectors
        active = np.flatnonzero(layout.e_of_z >= 0)
        z_of_row = np.zeros(layout.n_state_rows, dtype=np.int64)
        z_of_row[layout.first_of[layout.e_of_z[active]] + layout.a_of_z[active]] = active
        n = layout.n_state_rows
        given = np.array([t[X.T_BLOCK] < 0 for t in net.thresholds])
        slots = n + np.arange(self.n_spikes)
        fires = self.log[self.log[:, 0] == X.E_FIRE]
        slots[fires[given[fires[:, 1]], 3]] = -1
        rest = self._tables()
        functions = tuple(f.ctypes for f in layout.functions)
        atoms = max(1, int(layout.ops[:, K.ATOMS].max(initial=1)))
        marks = (np.zeros((int(sum(layout.ops[:, K.N])) + 1, 2 * atoms)), self.lifted)
        rec = (np.zeros(1), np.full(1, -1), np.zeros((1, 5), dtype=np.int64))
        stats = (self.counts, np.zeros(marks[0].shape[0]))
        tangent = (self.V, *self._tangent_rest)
        follow(
            start, until, self.times, self.log, slots, *rest, z_of_row, layout.ops,
            self._net, tangent, self._coupling, rec, marks, self._cut, self._work,
            functions, stats,
        )  # fmt: skip
        for name in sorted(self.system.event_driven & set(layout.z_first)):
            owner = name.rpartition(".")[0]
            if name != min(m for m in self.system.event_driven if m.startswith(owner + ".")):
                continue
            since = self.z[layout.z_first[f"{owner}.lastupdate"] :]
            for e in range(layout.n_elements_of[owner]):
                grid = np.linspace(since[e], until, 2 + int((until - since[e]) / net.step))
                for t, stop in itertools.pairwise(grid):
                    _move(t, stop, layout.base[owner] + e, z_of_row, layout.ops,
                          self._net, tangent, self._work, functions)  # fmt: skip
        return self.V[rows].copy()

    def _tables(self) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
        net, layout = self.net, self.layout
        op_of_threshold = {i: o for o, i in net.threshold_of_op.items()}
        lists = [
            [op_of_threshold.get(i, -1) for i in range(len(net.thresholds))],
            net.path_ops, net.reset_ops, [], net.map_ops,
        ]  # fmt: skip
        op_of = np.full((5, max(1, *map(len, lists))), -1, dtype=np.int64)
        for kind, values in enumerate(lists):
            op_of[kind, : len(values)] = values
        held_row = np.array([h[X.R_ROW] for h in net.held] or [0], dtype=np.int64)
        held_base = np.array([layout.base.get(n, -1) for n in net.held_groups] or [-1])
        firsts = np.concatenate([[0], np.cumsum(layout.ops[:, K.N])]).astype(np.int64)
        return (op_of, held_row, held_base), firsts
