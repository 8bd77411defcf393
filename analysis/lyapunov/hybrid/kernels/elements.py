"""What one element holds: its inputs, speeds, threshold, and collected propagator."""

import numpy as np

from heavytail_snn.analysis.lyapunov.hybrid.kernels.fields import (
    BLOCK,
    F_BASE,
    F_BLOCK,
    F_HAS,
    F_M,
    F_N,
    F_NC,
    F_NR,
    F_OFF,
    K_SUM,
    KIND,
    NC,
    NR,
    NW,
    OFF,
    N,
)
from heavytail_snn.core.compiled import compiled


@compiled(error_model="numpy")
def gather(z, index, start, nr, nc, x, c):  # type: ignore[no-untyped-def]
    """Copy what a block reads into x (perturbed) and c (not)."""
    for r in range(nr):
        x[r] = z[index[start + r]]
    for j in range(nc):
        c[j] = z[index[start + nr + j]]


@compiled(error_model="numpy")
def given(rec, r, step, row):  # type: ignore[no-untyped-def]
    """The recorded value number r of an entry of z after this step's operation."""
    flat, _, layout = rec
    start, width, first, every, origin = layout[r]
    return flat[start + (step - first) // every * width + row - origin]


@compiled(error_model="numpy")
def flow(g, t, f, net, work, functions):  # type: ignore[no-untyped-def]
    """Write the speeds of element g into f[0:M]."""
    z, index, flows, pop_of, _, eta, cells, constants = net[:8]
    x, c, y, slopes = work[:4]
    p = pop_of[g]
    row = flows[p]
    for a in range(row[F_M]):
        f[a] = 0.0
    if row[F_HAS] == 0:
        return
    nr, nc, n = row[F_NR], row[F_NC], row[F_N]
    start = row[F_OFF] + (g - row[F_BASE]) * (nr + nc + n)
    gather(z, index, start, nr, nc, x, c)
    functions[1](row[F_BLOCK], x.ctypes, c.ctypes, constants.ctypes, cells.ctypes, t, 0.0,
                 y.ctypes, slopes.ctypes)  # fmt: skip
    first = net[8][g]
    for o in range(n):
        a = index[start + nr + nc + o]
        f[a] = y[o] + eta[first + a]


@compiled(error_model="numpy")
def flush(g, net, tangent, work):  # type: ignore[no-untyped-def]
    """Apply the propagator that element g has collected."""
    V, E, dirty = tangent[:3]
    if dirty[g] == 0:
        return
    dirty[g] = 0
    first, m, k = net[8][g], net[2][net[3][g], F_M], V.shape[1]
    new = work[4]
    for a in range(m):
        for q in range(k):
            new[a, q] = 0.0
        for b in range(m):
            e = E[g, a, b]
            if e != 0.0:
                for q in range(k):
                    new[a, q] += e * V[first + b, q]
    for a in range(m):
        for q in range(k):
            V[first + a, q] = new[a, q]


@compiled(error_model="numpy")
def condition(o, e, t, h, ops, net, work, functions):  # type: ignore[no-untyped-def]
    """Evaluate a threshold: y = (holds, gaps..., truths...), slopes of the gaps."""
    z, index, cells, constants = net[0], net[1], net[6], net[7]
    x, c, y, slopes = work[:4]
    op = ops[o]
    start = op[OFF] + e * (op[NR] + op[NC] + op[NW])
    gather(z, index, start, op[NR], op[NC], x, c)
    functions[0](op[BLOCK], x.ctypes, c.ctypes, constants.ctypes, cells.ctypes, t, h,
                 y.ctypes, slopes.ctypes)  # fmt: skip


@compiled(error_model="numpy")
def sum_speed(row, t, ops, net, tangent, work, functions):  # type: ignore[no-untyped-def]
    """Bring the tangent of a summed variable up to date; return its speed."""
    z, index, e_of_z, cells, constants, a_of_z = net[0], net[1], net[4], net[6], net[7], net[9]
    x, c, y, slopes = work[:4]
    V, first_of = tangent[0], net[8]
    total, f = 0.0, np.zeros(work[6].size)
    to = first_of[e_of_z[row]] + a_of_z[row]
    for q in range(V.shape[1]):
        V[to, q] = 0.0
    for o in range(ops.shape[0]):
        op = ops[o]
        nr, nc = op[NR], op[NC]
        for e in range(op[N] if op[KIND] == K_SUM else 0):
            start = op[OFF] + e * (nr + nc + op[NW])
            if index[start + nr + nc] != row:
                continue
            gather(z, index, start, nr, nc, x, c)
            functions[0](op[BLOCK], x.ctypes, c.ctypes, constants.ctypes, cells.ctypes, t, 0.0,
                         y.ctypes, slopes.ctypes)  # fmt: skip
            own = slopes[: nr + 1].copy()
            total += own[nr]
            for r in range(nr):
                if own[r] != 0.0:
                    g, a = e_of_z[index[start + r]], a_of_z[index[start + r]]
                    flush(g, net, tangent, work)
                    flow(g, t, f, net, work, functions)
                    total += own[r] * f[a]
                    for q in range(V.shape[1]):
                        V[to, q] += own[r] * V[first_of[g] + a, q]
    return total


@compiled(error_model="numpy")
def perturbed(w, start, nr, net, tangent, work):  # type: ignore[no-untyped-def]
    """Write into row w of ``new`` the perturbation of output w of a block just run."""
    index, e_of_z, first_of, a_of_z = net[1], net[4], net[8], net[9]
    V, slopes, new = tangent[0], work[3], work[4]
    k = V.shape[1]
    for q in range(k):
        new[w, q] = 0.0
    for r in range(nr):
        s = slopes[w * (nr + 1) + r]
        if s != 0.0:
            v = first_of[e_of_z[index[start + r]]] + a_of_z[index[start + r]]
            for q in range(k):
                new[w, q] += s * V[v, q]
