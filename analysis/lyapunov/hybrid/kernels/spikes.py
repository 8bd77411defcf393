"""Spikes: their time shifts, what they mark, and whether the thresholds agree."""

import numpy as np

from heavytail_snn.analysis.lyapunov.hybrid.kernels.elements import (
    condition,
    flow,
    flush,
    sum_speed,
)
from heavytail_snn.analysis.lyapunov.hybrid.kernels.events import event
from heavytail_snn.analysis.lyapunov.hybrid.kernels.fields import (
    ATOMS,
    BLOCK,
    C_FIRST,
    C_FIRST_STEP,
    C_JUMPED,
    C_LIFTED,
    C_MISMATCH,
    C_SLOW,
    F_BASE,
    F_M,
    LIFT,
    MARK,
    N_LIFTS,
    NC,
    NR,
    NW,
    OFF,
    OWN,
    POP,
    THR,
    N,
)
from heavytail_snn.core.compiled import compiled


@compiled(error_model="numpy")
def check(o, first, last, elem, t, h, step, ops, net, work, functions, counts):  # type: ignore[no-untyped-def]
    """Count the neurons whose threshold says otherwise than the recorded spikes do."""
    z, index, cells, constants = net[0], net[1], net[6], net[7]
    x, c, y, slopes = work[:4]
    block, off, nr, nc = ops[o, BLOCK], ops[o, OFF], ops[o, NR], ops[o, NC]
    run, px, pc, py, ps = functions[0], x.ctypes, c.ctypes, y.ctypes, slopes.ctypes
    pg, pt = constants.ctypes, cells.ctypes
    r = first
    for e in range(ops[o, N]):
        start = off + e * (nr + nc + ops[o, NW])
        for q in range(nr):
            x[q] = z[index[start + q]]
        for j in range(nc):
            c[j] = z[index[start + nr + j]]
        run(block, px, pc, pg, pt, t, h, py, ps)
        fired = r < last and elem[r] == e
        if fired:
            r += 1
        if fired != (y[0] > 0.0):
            if counts[C_MISMATCH] == 0:
                counts[C_FIRST], counts[C_FIRST_STEP] = e, step
            counts[C_MISMATCH] += 1


@compiled(error_model="numpy")
def fire(o, item, e, slot, t, h, ops, net, tangent, marks, cut, work, functions, stats):  # type: ignore[no-untyped-def]
    """The time shift of a spike, into row `slot`: where its threshold was crossed, or why not."""
    e_of_z, index, first_of, a_of_z, own = net[4], net[1], net[8], net[9], net[11]
    V = tangent[0]
    truths, lifted = marks
    counts, speeds = stats
    y, slopes, before = work[2], work[3], work[5]
    op = ops[o]
    k, nr, atoms = V.shape[1], op[NR], op[ATOMS]
    if slot < 0:
        return
    for q in range(k):
        V[slot, q] = 0.0
    g = net[2][op[POP], F_BASE] + e if op[POP] >= 0 else -1
    if g < 0:
        return
    i = g if op[OWN] < 0 else op[OWN] + e
    flush(g, net, tangent, work)
    early, gradient, speed_at, where, fires = cut[10:15]
    fires[g] = 0
    if early[g]:
        p = net[3][g]
        early[g] = 0
        speeds[item] = speed_at[g]
        for a in range(net[2][p, F_M]):
            s = gradient[g, a]
            if s != 0.0:
                # the state at the crossing, not beyond it: speeds are finite there
                net[0][net[12][p, a] + e] = where[g, a]
                for q in range(k):
                    V[slot, q] -= s / speed_at[g] * V[first_of[g] + a, q]
        return
    if lifted[i]:
        counts[C_LIFTED] += 1
        for q in range(k):
            V[slot, q] = V[own[i], q]
        return
    condition(o, e, t, h, ops, net, work, functions)
    best, latest = -1, -1.0
    start = op[OFF] + e * (nr + op[NC] + op[NW])
    gaps = y[1 : 1 + atoms].copy()
    now = y[1 + atoms : 1 + 2 * atoms].copy()
    grads = slopes[nr + 1 : (1 + atoms) * (nr + 1)].copy()
    flow(g, t, before[0], net, work, functions)
    best_speed = 0.0
    for a in range(atoms):
        if now[a] > 0.0 and truths[item, a] == 0.0:
            speed = grads[a * (nr + 1) + nr]
            moved = False
            for r in range(nr):
                s = grads[a * (nr + 1) + r]
                if s == 0.0:
                    continue
                moved = True
                if net[10][index[start + r]] == 2:
                    speed += s * sum_speed(index[start + r], t, ops, net, tangent, work,
                                            functions)  # fmt: skip
                elif e_of_z[index[start + r]] == g:
                    speed += s * before[0, a_of_z[index[start + r]]]
                else:
                    flow(e_of_z[index[start + r]], t, work[6], net, work, functions)
                    speed += s * work[6][a_of_z[index[start + r]]]
            ago = gaps[a] / speed if moved and speed > 0.0 else 0.0
            if moved and speed <= 0.0 and gaps[a] > truths[item, atoms + a]:
                # it turned round within the step: the mean speed of the step stands in
                counts[C_SLOW] += 1
                speed = (gaps[a] - truths[item, atoms + a]) / h
            if best < 0 or ago < latest:
                best, latest, best_speed = a, ago, speed if moved else np.inf
    if best < 0:  # it was above already: the end of refractoriness, or an input, let it fire
        counts[C_JUMPED] += 1
        if own[i] >= 0:
            for q in range(k):
                V[slot, q] = V[own[i], q]
        return
    speeds[item] = best_speed
    if best_speed == np.inf:  # the end of refractoriness, with its shift; time alone has none
        if own[i] >= 0:
            for q in range(k):
                V[slot, q] = V[own[i], q]
        return
    for r in range(nr):
        s = grads[best * (nr + 1) + r]
        if s != 0.0:
            v = first_of[e_of_z[index[start + r]]] + a_of_z[index[start + r]]
            for q in range(k):
                V[slot, q] -= s / best_speed * V[v, q]


@compiled(error_model="numpy")
def spikes(o, elem, slots, step, t, h, ops, net, tangent, coupling, rec, marks, work, functions):  # type: ignore[no-untyped-def]
    """What the spikes of threshold o leave at their neurons, their shifts being known."""
    lifted, V, own = marks[1], tangent[0], net[11]
    op, k = ops[o], tangent[0].shape[1]
    base = net[2][op[POP], F_BASE] if op[POP] >= 0 else -1
    first = base if op[OWN] < 0 else op[OWN]
    if base >= 0:
        for e in range(op[N]):
            i = first + e
            if own[i] >= 0 and (lifted[i] or op[LIFT] < 0 or net[0][op[LIFT] + e] != 0.0):
                lifted[i] = 0
                for c in range(k):
                    V[own[i], c] = 0.0
    for j in range(elem.size):
        e, slot = elem[j], slots[j]
        if base >= 0 and own[first + e] >= 0 and op[LIFT] >= 0:
            for c in range(k):
                V[own[first + e], c] = V[slot, c] if slot >= 0 else 0.0
        if op[MARK] >= 0:
            event(o, True, e, slot, step, t, h, ops, net, tangent, coupling, rec, work, functions)


@compiled(error_model="numpy")
def pulse(o, e, slot, step, t, h, ops, net, tangent, coupling, rec, marks, work, functions):  # type: ignore[no-untyped-def]
    """One pulse; who is lifted over a threshold by it will have its shift."""
    lifted, V, own, index = marks[1], tangent[0], net[11], net[1]
    op = ops[o]
    n, out = op[N_LIFTS], op[OFF] + e * (op[NR] + op[NC] + op[NW]) + op[NR] + op[NC]
    below = np.zeros(n, dtype=np.int64)
    for j in range(n):
        th = index[op[THR] + 2 * j]
        target = net[4][index[out + index[op[THR] + 2 * j + 1]]] - net[2][ops[th, POP], F_BASE]
        condition(th, target, t, h, ops, net, work, functions)
        below[j] = work[2][0] == 0.0
    event(o, False, e, slot, step, t, h, ops, net, tangent, coupling, rec, work, functions)
    for j in range(n):
        if not below[j]:
            continue
        th = index[op[THR] + 2 * j]
        base = net[2][ops[th, POP], F_BASE]
        target = net[4][index[out + index[op[THR] + 2 * j + 1]]] - base
        condition(th, target, t, h, ops, net, work, functions)
        i = (base if ops[th, OWN] < 0 else ops[th, OWN]) + target
        if work[2][0] > 0.0 and not lifted[i]:
            lifted[i] = 1
            for c in range(V.shape[1]):
                V[own[i], c] = V[slot, c] if slot >= 0 else 0.0
