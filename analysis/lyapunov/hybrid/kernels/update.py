"""State updates and regular operations of all elements."""

import numpy as np

from heavytail_snn.analysis.lyapunov.hybrid.kernels.cutoff import (
    GROWTH,
    LATEST,
    divided_step,
    remember_crossing,
)
from heavytail_snn.analysis.lyapunov.hybrid.kernels.elements import flush, gather, given, perturbed
from heavytail_snn.analysis.lyapunov.hybrid.kernels.events import release
from heavytail_snn.analysis.lyapunov.hybrid.kernels.fields import (
    ATOMS,
    BLOCK,
    C_BAD,
    F_BASE,
    F_M,
    K_UPDATE,
    KIND,
    LAZY,
    NC,
    NR,
    NW,
    OFF,
    POP,
    REC,
    RELEASE,
    STIFF,
    STIFF_READ,
    SWITCHES,
    TABLED,
    N,
)
from heavytail_snn.analysis.lyapunov.hybrid.kernels.switches import after_motion, before_motion
from heavytail_snn.core.compiled import compiled


@compiled(error_model="numpy")
def update(o, step, t, h, ops, net, tangent, rec, cut, work, functions, counts):  # type: ignore[no-untyped-def]
    """State update, or a regular operation, of all elements."""
    z, index, flows, _pop_of, e_of_z, eta, cells, constants, first_of, a_of_z = net[:10]
    V, E, dirty = tangent[:3]
    x, c, y, slopes, new = work[:5]
    block, n, off = ops[o, BLOCK], ops[o, N], ops[o, OFF]
    nr, nc, nw = ops[o, NR], ops[o, NC], ops[o, NW]
    pop, frees, draws = ops[o, POP], ops[o, RELEASE], ops[o, REC]
    lazy = ops[o, LAZY] and pop >= 0
    kept = np.empty(nw)
    stride, width, k = nr + nc + nw, nr + 1, V.shape[1]
    base, m = (flows[pop, F_BASE], flows[pop, F_M]) if pop >= 0 else (-1, 0)
    run, px, pc, py, ps = functions[0], x.ctypes, c.ctypes, y.ctypes, slopes.ctypes
    pg, pt = constants.ctypes, cells.ctypes
    stiff, stiff_read = ops[o, STIFF], ops[o, STIFF_READ]
    early, fires = cut[10], cut[14]
    sw = ops[o, SWITCHES] if k > 0 else -1
    held, speed = np.zeros(2 * ops[sw, ATOMS] if sw >= 0 else 0), np.zeros(work[6].size)
    until = t if sw >= 0 and ops[sw, TABLED] else t + h  # a table jumps between steps, at no cost
    for e in range(n):
        if sw >= 0:
            before_motion(sw, e, t, h, held, speed, ops, net, work, functions)
        start = off + e * stride
        out = start + nr + nc
        for r in range(nr):
            x[r] = z[index[start + r]]
        for j in range(nc):
            c[j] = z[index[start + nr + j]]
        run(block, px, pc, pg, pt, t, h, py, ps)
        g = base + e
        if frees >= 0 and pop >= 0:
            row = index[out + frees]
            if z[row] == 0.0 and y[frees] != 0.0:
                release(g, row, t, net, tangent, work, functions)
                gather(z, index, start, nr, nc, x, c)
                c_row = z[row]
                z[row] = 0.0
                gather(z, index, start, nr, nc, x, c)
                z[row] = c_row
                run(block, px, pc, pg, pt, t, h, py, ps)
        if draws >= 0:
            for w in range(nw):
                r = rec[1][draws + w]
                if r >= 0:
                    row = index[out + w]
                    value = given(rec, r, step, row)
                    if e_of_z[row] >= 0 and ops[o, KIND] == K_UPDATE:
                        eta[first_of[e_of_z[row]] + a_of_z[row]] = (value - y[w]) / h
                    y[w] = value
        divided, whole = False, slopes
        if stiff >= 0 and k > 0:
            if early[g]:
                early[g] += 1
                if early[g] > LATEST:
                    counts[C_BAD] += 1
                    early[g] = 0
                for w in range(nw):
                    z[index[out + w]] = y[w]
                continue
            if slopes[stiff * width + stiff_read] > GROWTH or not np.isfinite(y[stiff]):
                divided = True
                for w in range(nw):
                    kept[w] = y[w]
                whole = slopes[: nw * width].copy()
                crossed = divided_step(
                    o, g, fires[g], a_of_z[index[out + stiff]], y[stiff], t, h, ops, net, work,
                    cut, functions,
                )  # fmt: skip
                if crossed:
                    remember_crossing(o, g, t, h, ops, net, work, cut, functions, counts)
                elif fires[g]:
                    counts[C_BAD] += 1
                for w in range(nw):
                    y[w] = kept[w]
        if divided:
            flush(g, net, tangent, work)
            for a in range(m):
                for q in range(k):
                    new[a, q] = 0.0
                for b in range(m):
                    for q in range(k):
                        new[a, q] += cut[8][a, b] * V[first_of[g] + b, q]
            for r in range(nr):  # what it reads of others, as in a step that is not divided
                other = e_of_z[index[start + r]]
                if other == g:
                    continue
                flush(other, net, tangent, work)
                v = first_of[other] + a_of_z[index[start + r]]
                for w in range(nw):
                    row = index[out + w]
                    if e_of_z[row] == g:
                        for q in range(k):
                            new[a_of_z[row], q] += whole[w * width + r] * V[v, q]
            for a in range(m):
                for q in range(k):
                    V[first_of[g] + a, q] = new[a, q]
        elif lazy:
            if dirty[g] == 0:
                for a in range(m):
                    for b in range(m):
                        E[g, a, b] = 1.0 if a == b else 0.0
                dirty[g] = 1
            for w in range(nw):
                if e_of_z[index[out + w]] < 0:
                    continue
                for b in range(m):
                    new[w, b] = 0.0
                for r in range(nr):
                    s = slopes[w * width + r]
                    if s != 0.0:
                        a = a_of_z[index[start + r]]
                        for b in range(m):
                            new[w, b] += s * E[g, a, b]
            for w in range(nw):
                row = index[out + w]
                if e_of_z[row] >= 0:
                    a = a_of_z[row]
                    for b in range(m):
                        E[g, a, b] = new[w, b]
        else:
            for r in range(nr):
                flush(e_of_z[index[start + r]], net, tangent, work)
            for w in range(nw):
                row = index[out + w]
                if e_of_z[row] < 0:
                    continue
                flush(e_of_z[row], net, tangent, work)
            for w in range(nw):
                row = index[out + w]
                if e_of_z[row] < 0:
                    continue
                perturbed(w, start, nr, net, tangent, work)
            for w in range(nw):
                row = index[out + w]
                if e_of_z[row] >= 0:
                    v = first_of[e_of_z[row]] + a_of_z[row]
                    for q in range(k):
                        V[v, q] = new[w, q]
        for w in range(nw):
            z[index[out + w]] = y[w]
        if sw >= 0:
            after_motion(sw, e, until, h, held, speed, ops, net, tangent, work, functions, counts)
