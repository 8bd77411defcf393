"""Speeds that jump where the state crosses a surface, such as those of ``int(c > theta)``.

At the crossing the speed goes from F- to F+, and a perturbation that crosses dt* later has moved
with F- for longer: dz+ = dz- + (F- - F+) dt*, with dt* = -grad h dz / (dh/dt).  Brian2's steps know
nothing of it: their own derivative leaves the jump out however short they are.
"""

import numpy as np

from heavytail_snn.analysis.lyapunov.hybrid.kernels.elements import (
    condition,
    flow,
    flush,
    sum_speed,
)
from heavytail_snn.analysis.lyapunov.hybrid.kernels.fields import (
    ATOMS,
    C_SWITCHES,
    C_SWITCHES_ROUGH,
    F_BASE,
    F_M,
    NC,
    NR,
    NW,
    OFF,
    POP,
)
from heavytail_snn.core.compiled import compiled


@compiled(error_model="numpy")
def before_motion(sw, e, t, h, held, speed, ops, net, work, functions):  # type: ignore[no-untyped-def]
    """Remember which comparisons of element e hold, their gaps, and its speeds."""
    condition(sw, e, t, h, ops, net, work, functions)
    n, y = ops[sw, ATOMS], work[2]
    for a in range(n):
        held[a], held[n + a] = y[1 + n + a], y[1 + a]
    if ops[sw, POP] >= 0:
        flow(net[2][ops[sw, POP], F_BASE] + e, t, speed, net, work, functions)


@compiled(error_model="numpy")
def after_motion(sw, e, t, h, held, speed, ops, net, tangent, work, functions, counts):  # type: ignore[no-untyped-def]
    """Shift element e if one of its comparisons changed while it moved for h, until time t."""
    index, flows, e_of_z, first_of, a_of_z = net[1], net[2], net[4], net[8], net[9]
    if ops[sw, POP] < 0:
        return
    condition(sw, e, t, h, ops, net, work, functions)
    n, nr, y = ops[sw, ATOMS], ops[sw, NR], work[2]
    changed = 0
    for a in range(n):
        if y[1 + n + a] != held[a]:
            changed += 1
    if changed == 0:
        return
    counts[C_SWITCHES] += 1
    if changed > 1:
        counts[C_SWITCHES_ROUGH] += 1
    now, slopes = y[: 1 + 2 * n].copy(), work[3][: (1 + n) * (nr + 1)].copy()
    g = flows[ops[sw, POP], F_BASE] + e
    start = ops[sw, OFF] + e * (nr + ops[sw, NC] + ops[sw, NW])
    V, k, m = tangent[0], tangent[0].shape[1], flows[ops[sw, POP], F_M]
    flush(g, net, tangent, work)
    f = np.zeros(work[6].size)
    shift = np.zeros(k)
    for a in range(n):
        if now[1 + n + a] == held[a]:
            continue
        rate = slopes[(1 + a) * (nr + 1) + nr]
        for r in range(nr):
            s = slopes[(1 + a) * (nr + 1) + r]
            if s == 0.0:
                continue
            row = index[start + r]
            if net[10][row] == 2:
                rate += s * sum_speed(row, t, ops, net, tangent, work, functions)
            elif e_of_z[row] == g:
                rate += s * speed[a_of_z[row]]
            else:
                flush(e_of_z[row], net, tangent, work)
                flow(e_of_z[row], t, f, net, work, functions)
                rate += s * f[a_of_z[row]]
        mean = (now[1 + a] - held[n + a]) / h
        if rate * mean <= 0.0:  # it turned round within the step
            counts[C_SWITCHES_ROUGH] += 1
            rate = mean
            if rate == 0.0:
                continue
        for q in range(k):
            shift[q] = 0.0
        for r in range(nr):
            s = slopes[(1 + a) * (nr + 1) + r]
            if s != 0.0:
                row = first_of[e_of_z[index[start + r]]] + a_of_z[index[start + r]]
                for q in range(k):
                    shift[q] -= s / rate * V[row, q]
        flow(g, t, f, net, work, functions)
        for b in range(m):
            for q in range(k):
                V[first_of[g] + b, q] += (speed[b] - f[b]) * shift[q]
        break  # two in one step: the whole jump is taken at the first
