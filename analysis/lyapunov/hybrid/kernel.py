"""The replay itself: state and tangent through the operations of each step, in Brian2's order.

`z` holds every array of the network, `V` the tangent vectors: rows of perturbed entries, then rows
for the times of spikes whose effects are still to come (``slots``), then one row a neuron for the
time that ends its refractoriness or lifted it over threshold (``own``).

Between events each element (neuron or synapse) that depends on itself alone collects its own
propagator `E`, applied to V when an event touches it.  An event of time shift dt* does

    dz+ = D dz- + (D F- + dG/dt - F+) dt*

on every row whose speed F it changes; these terms telescope over the operations of one spike.
"""

import numpy as np

from heavytail_snn.core.compiled import compiled

# rows of the table of operations
KIND, EVERY, BLOCK, N, OFF, NR, NC, NW, POP, LAZY, THR, RELEASE, PRE, EXTERNAL, N_LIFTS, MARK = range(16)
LIFT, TARGETS, N_TARGETS, REC, ATOMS, STIFF, M_OFF, M_NR, M_NC, M_NW = range(16, 26)
STIFF_READ, STIFF_TH, OWN = 26, 27, 28
N_FIELDS = 29
K_UPDATE, K_MAP, K_SUM, K_THRESHOLD, K_PATHWAY, K_RESET, K_CATCH_UP = range(7)
# rows of the table of flows
F_BLOCK, F_OFF, F_NR, F_NC, F_N, F_BASE, F_M, F_HAS = range(8)
# counters
C_MISMATCH, C_TIES, C_JUMPED, C_LIFTED, C_SLOW, C_FIRST, C_FIRST_STEP, C_REPEATED, C_CUT, C_BAD = range(10)
N_COUNTS = 10


@compiled(error_model="numpy")
def _gather(z, index, start, nr, nc, x, c):  # type: ignore[no-untyped-def]
    for r in range(nr):
        x[r] = z[index[start + r]]
    for j in range(nc):
        c[j] = z[index[start + nr + j]]


@compiled(error_model="numpy")
def _given(rec, r, step, row):  # type: ignore[no-untyped-def]
    """The recorded value number r of an entry of z after this step's operation."""
    flat, _, layout = rec
    start, width, first, every, origin = layout[r]
    return flat[start + (step - first) // every * width + row - origin]


@compiled(error_model="numpy")
def _flow(g, t, f, net, work, functions):  # type: ignore[no-untyped-def]
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
    _gather(z, index, start, nr, nc, x, c)
    functions[1](row[F_BLOCK], x.ctypes, c.ctypes, constants.ctypes, cells.ctypes, t, 0.0,
                 y.ctypes, slopes.ctypes)  # fmt: skip
    first = net[8][g]
    for o in range(n):
        a = index[start + nr + nc + o]
        f[a] = y[o] + eta[first + a]


@compiled(error_model="numpy")
def _flush(g, net, tangent, work):  # type: ignore[no-untyped-def]
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
def _condition(o, e, t, h, ops, net, work, functions):  # type: ignore[no-untyped-def]
    """Evaluate a threshold: y = (holds, gaps..., truths...), slopes of the gaps."""
    z, index, cells, constants = net[0], net[1], net[6], net[7]
    x, c, y, slopes = work[:4]
    op = ops[o]
    start = op[OFF] + e * (op[NR] + op[NC] + op[NW])
    _gather(z, index, start, op[NR], op[NC], x, c)
    functions[0](op[BLOCK], x.ctypes, c.ctypes, constants.ctypes, cells.ctypes, t, h,
                 y.ctypes, slopes.ctypes)  # fmt: skip


@compiled(error_model="numpy")
def _sum_speed(row, t, ops, net, tangent, work, functions):  # type: ignore[no-untyped-def]
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
            _gather(z, index, start, nr, nc, x, c)
            functions[0](op[BLOCK], x.ctypes, c.ctypes, constants.ctypes, cells.ctypes, t, 0.0,
                         y.ctypes, slopes.ctypes)  # fmt: skip
            own = slopes[: nr + 1].copy()
            total += own[nr]
            for r in range(nr):
                if own[r] != 0.0:
                    g, a = e_of_z[index[start + r]], a_of_z[index[start + r]]
                    _flush(g, net, tangent, work)
                    _flow(g, t, f, net, work, functions)
                    total += own[r] * f[a]
                    for q in range(V.shape[1]):
                        V[to, q] += own[r] * V[first_of[g] + a, q]
    return total


@compiled(error_model="numpy")
def _event(o, mark, e, d, step, t, h, ops, net, tangent, coupling, rec, work, functions):  # type: ignore[no-untyped-def]
    """One element through statements at the time shift in row d of V (-1: no shift)."""
    z, index, flows, pop_of, e_of_z, eta, cells, constants, first_of, a_of_z = net[:10]
    V = tangent[0]
    x, c, y, slopes, new, before, after = work[:7]
    touched, dep_f, sum_before, dep_list, stamp = work[7:12]
    op = ops[o]
    block, off, nr, nc, nw = op[BLOCK], op[OFF], op[NR], op[NC], op[NW]
    if mark:
        block, off, nr, nc, nw = op[MARK], op[M_OFF], op[M_NR], op[M_NC], op[M_NW]
    start = off + e * (nr + nc + nw)
    k = V.shape[1]
    n_touched = 0
    for r in range(nr + nw):
        row = index[start + r] if r < nr else index[start + nc + r]
        g = e_of_z[row]
        if g < 0:
            continue
        known = False
        for j in range(n_touched):
            if touched[j] == g:
                known = True
        if not known:
            touched[n_touched] = g
            n_touched += 1
    for j in range(n_touched):
        _flush(touched[j], net, tangent, work)
    n_dep = 0
    coupled = coupling[0]
    if d >= 0:
        for j in range(n_touched):
            _flow(touched[j], t, before[j], net, work, functions)
        for r in range(nr):
            if net[10][index[start + r]] == 2:
                for j in range(n_touched):
                    if touched[j] == e_of_z[index[start + r]]:
                        before[j, a_of_z[index[start + r]]] = _sum_speed(
                            index[start + r], t, ops, net, tangent, work, functions
                        )
        if coupled and not mark:
            n_dep = _dependents(n_touched, t, ops, net, coupling, work, functions)
    _gather(z, index, start, nr, nc, x, c)
    functions[0](block, x.ctypes, c.ctypes, constants.ctypes, cells.ctypes, t, h,
                 y.ctypes, slopes.ctypes)  # fmt: skip
    width = nr + 1
    # the speed of what is read, in the order of reads
    for w in range(nw):
        row = index[start + nr + nc + w]
        if e_of_z[row] < 0:
            continue
        for q in range(k):
            new[w, q] = 0.0
        for r in range(nr):
            s = slopes[w * width + r]
            if s != 0.0:
                v = first_of[e_of_z[index[start + r]]] + a_of_z[index[start + r]]
                for q in range(k):
                    new[w, q] += s * V[v, q]
        if d >= 0:
            u = slopes[w * width + nr]
            for r in range(nr):
                g = e_of_z[index[start + r]]
                a = a_of_z[index[start + r]]
                if net[10][index[start + r]] == 1:
                    continue  # an event-driven variable stands still: its motion is in dG/dt
                for j in range(n_touched):
                    if touched[j] == g:
                        u += slopes[w * width + r] * before[j, a]
            for q in range(k):
                new[w, q] += u * V[d, q]
    if op[KIND] == K_RESET and op[REC] >= 0 and not mark:
        for w in range(nw):
            r = rec[1][op[REC] + w]
            if r >= 0:
                y[w] = _given(rec, r, step, index[start + nr + nc + w])
    for w in range(nw):
        row = index[start + nr + nc + w]
        z[row] = y[w]
        if e_of_z[row] >= 0:
            v = first_of[e_of_z[row]] + a_of_z[row]
            for q in range(k):
                V[v, q] = new[w, q]
    if d < 0:
        return
    if n_dep > 0:
        _dependents_after(n_dep, n_touched, d, t, ops, net, tangent, coupling, work, functions)
    for j in range(n_touched):
        g = touched[j]
        _flow(g, t, after, net, work, functions)
        m = flows[pop_of[g], F_M]
        for a in range(m):
            if net[10][net[12][pop_of[g], a] + g - flows[pop_of[g], F_BASE]] == 2:
                continue  # a sum is computed anew
            u = before[j, a] - after[a]
            for w in range(nw):
                row = index[start + nr + nc + w]
                if e_of_z[row] == g and a_of_z[row] == a:
                    u = -after[a]  # the rest is in `new`
            if u != 0.0:
                v = first_of[g] + a
                for q in range(k):
                    V[v, q] += u * V[d, q]


@compiled(error_model="numpy")
def _term(so, e, t, ops, net, work, functions):  # type: ignore[no-untyped-def]
    """The present term of element e in a summed variable."""
    z, index, cells, constants = net[0], net[1], net[6], net[7]
    x, c, y, slopes = work[:4]
    op = ops[so]
    start = op[OFF] + e * (op[NR] + op[NC] + op[NW])
    _gather(z, index, start, op[NR], op[NC], x, c)
    functions[0](op[BLOCK], x.ctypes, c.ctypes, constants.ctypes, cells.ctypes, t, 0.0,
                 y.ctypes, slopes.ctypes)  # fmt: skip
    return y[0]


@compiled(error_model="numpy")
def _dependents(n_touched, t, ops, net, coupling, work, functions):  # type: ignore[no-untyped-def]
    """Collect the other elements whose speed depends on the touched ones, and their speeds."""
    _, ptr, dep, sptr, sop, selem, sid, seen = coupling
    touched, dep_f, sum_before, dep_list, stamp = work[7:12]
    index, e_of_z = net[1], net[4]
    stamp[-1] += 1
    now = stamp[-1]
    for j in range(n_touched):
        stamp[touched[j]] = now
    n_dep, n_sum = 0, 0
    for j in range(n_touched):
        g = touched[j]
        for q in range(ptr[g], ptr[g + 1]):
            if stamp[dep[q]] != now:
                stamp[dep[q]] = now
                dep_list[n_dep] = dep[q]
                n_dep += 1
        for q in range(sptr[g], sptr[g + 1]):
            if seen[sid[q]] == now:
                continue  # a synapse between two touched neurons
            seen[sid[q]] = now
            sum_before[n_sum] = _term(sop[q], selem[q], t, ops, net, work, functions)
            n_sum += 1
            op = ops[sop[q]]
            start = op[OFF] + selem[q] * (op[NR] + op[NC] + op[NW])
            target = e_of_z[index[start + op[NR] + op[NC]]]
            if target >= 0 and stamp[target] != now:
                stamp[target] = now
                dep_list[n_dep] = target
                n_dep += 1
    for j in range(n_dep):
        _flow(dep_list[j], t, dep_f[j], net, work, functions)
    return n_dep + 1


@compiled(error_model="numpy")
def _dependents_after(n_dep, n_touched, d, t, ops, net, tangent, coupling, work, functions):  # type: ignore[no-untyped-def]
    """Bring the sums up to date, and shift the elements whose speed the event changed."""
    _, ptr, dep, sptr, sop, selem, sid, seen = coupling
    touched, dep_f, sum_before, dep_list, stamp = work[7:12]
    z, index, flows, pop_of, first_of = net[0], net[1], net[2], net[3], net[8]
    after, V = work[6], tangent[0]
    n_sum, now = 0, stamp[-1]
    for j in range(n_touched):
        g = touched[j]
        for q in range(sptr[g], sptr[g + 1]):
            if seen[sid[q]] == -now:
                continue
            seen[sid[q]] = -now
            value = _term(sop[q], selem[q], t, ops, net, work, functions)
            op = ops[sop[q]]
            start = op[OFF] + selem[q] * (op[NR] + op[NC] + op[NW])
            z[index[start + op[NR] + op[NC]]] += value - sum_before[n_sum]
            n_sum += 1
    for j in range(n_dep - 1):
        g = dep_list[j]
        _flush(g, net, tangent, work)
        _flow(g, t, after, net, work, functions)
        for a in range(flows[pop_of[g], F_M]):
            u = dep_f[j, a] - after[a]
            if u != 0.0:
                for q in range(V.shape[1]):
                    V[first_of[g] + a, q] += u * V[d, q]


@compiled(error_model="numpy")
def _release(g, old_row, t, net, tangent, work, functions):  # type: ignore[no-untyped-def]
    """The end of refractoriness: what was held starts to move, at the time in row own[g]."""
    z, flows, pop_of, first_of, own = net[0], net[2], net[3], net[8], net[11]
    V, before, after = tangent[0], work[5], work[6]
    if own[g] < 0:
        return
    _flush(g, net, tangent, work)
    z[old_row] = 0.0
    _flow(g, t, before[0], net, work, functions)
    z[old_row] = 1.0
    _flow(g, t, after, net, work, functions)
    for a in range(flows[pop_of[g], F_M]):
        u = before[0, a] - after[a]
        if u != 0.0:
            for q in range(V.shape[1]):
                V[first_of[g] + a, q] += u * V[own[g], q]


_GROWTH = 1.2  # of the threshold variable in one step, beyond which the step is divided
_FINE = 0.05  # share of the local time constant that a part of a step has
_LATEST = 40  # steps after a recorded spike within which the continuous motion must cross


@compiled(error_model="numpy")
def _rates(g, t, x, f, jac, net, work, functions):  # type: ignore[no-untyped-def]
    """Speeds of element g and their derivatives by its own state x."""
    z, index, flows, pop_of, e_of_z, eta, cells, constants, first_of, a_of_z = net[:10]
    reads, c, y, slopes = work[:4]
    row = flows[pop_of[g]]
    nr, nc, n, m = row[F_NR], row[F_NC], row[F_N], row[F_M]
    start = row[F_OFF] + (g - row[F_BASE]) * (nr + nc + n)
    _gather(z, index, start, nr, nc, reads, c)
    for r in range(nr):
        if e_of_z[index[start + r]] == g:
            reads[r] = x[a_of_z[index[start + r]]]
    functions[1](row[F_BLOCK], reads.ctypes, c.ctypes, constants.ctypes, cells.ctypes, t, 0.0,
                 y.ctypes, slopes.ctypes)  # fmt: skip
    for a in range(m):
        f[a] = 0.0
        for b in range(m):
            jac[a, b] = 0.0
    for o in range(n):
        a = index[start + nr + nc + o]
        f[a] = y[o] + eta[first_of[g] + a]
        for r in range(nr):
            if e_of_z[index[start + r]] == g:
                jac[a, a_of_z[index[start + r]]] += slopes[o * (nr + 1) + r]


@compiled(error_model="numpy")
def _fine_step(g, t, h, x, p, net, work, cut, functions):  # type: ignore[no-untyped-def]
    """One Runge-Kutta step of state x and propagator p of element g."""
    m = p.shape[0]
    f, jac, k, kp, xs, ps = cut[:6]
    for stage in range(4):
        share = 0.0 if stage == 0 else (1.0 if stage == 3 else 0.5)
        for a in range(m):
            xs[a] = x[a] + (h * share * k[stage - 1, a] if stage else 0.0)
            for b in range(m):
                ps[a, b] = p[a, b] + (h * share * kp[stage - 1, a, b] if stage else 0.0)
        _rates(g, t, xs, f, jac, net, work, functions)
        for a in range(m):
            k[stage, a] = f[a]
            for b in range(m):
                total = 0.0
                for d in range(m):
                    total += jac[a, d] * ps[d, b]
                kp[stage, a, b] = total
    for a in range(m):
        x[a] += h / 6.0 * (k[0, a] + 2 * k[1, a] + 2 * k[2, a] + k[3, a])
        for b in range(m):
            p[a, b] += h / 6.0 * (kp[0, a, b] + 2 * kp[1, a, b] + 2 * kp[2, a, b] + kp[3, a, b])


@compiled(error_model="numpy")
def _holds(th, g, x, t, h, ops, net, work, functions):  # type: ignore[no-untyped-def]
    """Whether threshold `th` holds for element g in state x; leaves gaps and slopes in work."""
    z, index, cells, constants = net[0], net[1], net[6], net[7]
    reads, c, y, slopes = work[:4]
    op = ops[th]
    start = op[OFF] + (g - net[2][op[POP], F_BASE]) * (op[NR] + op[NC] + op[NW])
    _gather(z, index, start, op[NR], op[NC], reads, c)
    for r in range(op[NR]):
        if net[4][index[start + r]] == g:
            reads[r] = x[net[9][index[start + r]]]
    functions[0](op[BLOCK], reads.ctypes, c.ctypes, constants.ctypes, cells.ctypes, t, h,
                 y.ctypes, slopes.ctypes)  # fmt: skip
    return y[0] > 0.0


@compiled(error_model="numpy")
def _divided_step(o, g, fires, t, h, ops, net, work, cut, functions):  # type: ignore[no-untyped-def]
    """Continuous motion through one step near a blow-up, into propagator `cut[8]`.

    Returns 1 if the threshold was crossed: the state there is in `cut[6]`.  Where Brian2's spike is
    in this step and the continuous motion is later, it is followed until it crosses.
    """
    z, first_z = net[0], net[12]
    x, back, p, back_p = cut[6], cut[7], cut[8], cut[9]
    th, m = ops[o, STIFF_TH], net[2][net[3][g], F_M]
    for a in range(m):
        x[a] = z[first_z[net[3][g], a] + g - net[2][net[3][g], F_BASE]]
        for b in range(m):
            p[a, b] = 1.0 if a == b else 0.0
    time, end = 0.0, h
    limit = h * _LATEST if fires else h
    while time < limit * (1 - 1e-12):
        _rates(g, t, x, cut[0], cut[1], net, work, functions)
        fastest = 0.0
        for a in range(m):
            fastest = max(fastest, abs(cut[1][a, a]))
        part = min(_FINE / max(fastest, 1e-300), limit - time)
        if time < end:
            part = min(part, end - time)
        for a in range(m):
            back[a] = x[a]
            for b in range(m):
                back_p[a, b] = p[a, b]
        _fine_step(g, t, part, x, p, net, work, cut, functions)
        if _holds(th, g, x, t, h, ops, net, work, functions):
            low, high = 0.0, part
            for _ in range(50):
                middle = 0.5 * (low + high)
                for a in range(m):
                    x[a] = back[a]
                    for b in range(m):
                        p[a, b] = back_p[a, b]
                _fine_step(g, t, middle, x, p, net, work, cut, functions)
                if _holds(th, g, x, t, h, ops, net, work, functions):
                    high = middle
                else:
                    low = middle
                if high - low < 1e-9 * part:
                    break
            return 1
        time += part
        if time >= end * (1 - 1e-12) and not fires:
            break
    return 0


@compiled(error_model="numpy")
def _remember_crossing(o, g, t, h, ops, net, work, cut, functions, counts):  # type: ignore[no-untyped-def]
    """Keep gradient, speed and state of a crossing found by `_divided_step`."""
    x = cut[6]
    early, gradient, speed, where = cut[10:14]
    th = ops[o, STIFF_TH]
    _rates(g, t, x, cut[0], cut[1], net, work, functions)
    _holds(th, g, x, t, h, ops, net, work, functions)
    slopes, index = work[3], net[1]
    op = ops[th]
    nr, atoms = op[NR], op[ATOMS]
    start = op[OFF] + (g - net[2][op[POP], F_BASE]) * (nr + op[NC] + op[NW])
    m = net[2][net[3][g], F_M]
    best, least = 0, np.inf
    for a in range(atoms):  # the comparison that is just met
        size = 0.0
        for r in range(nr):
            size += abs(slopes[(1 + a) * (nr + 1) + r])
        if size > 0.0 and abs(work[2][1 + a]) / size < least:
            best, least = a, abs(work[2][1 + a]) / size
    total = 0.0
    for a in range(m):
        gradient[g, a] = 0.0
        where[g, a] = x[a]
    for r in range(nr):
        if net[4][index[start + r]] == g:
            a = net[9][index[start + r]]
            gradient[g, a] += slopes[(1 + best) * (nr + 1) + r]
            total += slopes[(1 + best) * (nr + 1) + r] * cut[0][a]
    speed[g] = total
    early[g] = 1
    counts[C_CUT] += 1


@compiled(error_model="numpy")
def _update(o, step, t, h, ops, net, tangent, rec, cut, work, functions, counts):  # type: ignore[no-untyped-def]
    """State update, or a regular operation, of all elements."""
    z, index, flows, pop_of, e_of_z, eta, cells, constants, first_of, a_of_z = net[:10]
    V, E, dirty = tangent[:3]
    x, c, y, slopes, new = work[:5]
    block, n, off = ops[o, BLOCK], ops[o, N], ops[o, OFF]
    nr, nc, nw = ops[o, NR], ops[o, NC], ops[o, NW]
    pop, release, given = ops[o, POP], ops[o, RELEASE], ops[o, REC]
    lazy = ops[o, LAZY] and pop >= 0
    kept = np.empty(nw)
    stride, width, k = nr + nc + nw, nr + 1, V.shape[1]
    base, m = (flows[pop, F_BASE], flows[pop, F_M]) if pop >= 0 else (-1, 0)
    run, px, pc, py, ps = functions[0], x.ctypes, c.ctypes, y.ctypes, slopes.ctypes
    pg, pt = constants.ctypes, cells.ctypes
    stiff, stiff_read = ops[o, STIFF], ops[o, STIFF_READ]
    early, fires = cut[10], cut[14]
    for e in range(n):
        start = off + e * stride
        out = start + nr + nc
        for r in range(nr):
            x[r] = z[index[start + r]]
        for j in range(nc):
            c[j] = z[index[start + nr + j]]
        run(block, px, pc, pg, pt, t, h, py, ps)
        g = base + e
        if release >= 0 and pop >= 0:
            row = index[out + release]
            if z[row] == 0.0 and y[release] != 0.0:
                _release(g, row, t, net, tangent, work, functions)
                _gather(z, index, start, nr, nc, x, c)
                c_row = z[row]
                z[row] = 0.0
                _gather(z, index, start, nr, nc, x, c)
                z[row] = c_row
                run(block, px, pc, pg, pt, t, h, py, ps)
        if given >= 0:
            for w in range(nw):
                r = rec[1][given + w]
                if r >= 0:
                    row = index[out + w]
                    value = _given(rec, r, step, row)
                    if e_of_z[row] >= 0 and ops[o, KIND] == K_UPDATE:
                        eta[first_of[e_of_z[row]] + a_of_z[row]] = (value - y[w]) / h
                    y[w] = value
        divided = False
        if stiff >= 0 and k > 0:
            if early[g]:
                early[g] += 1
                if early[g] > _LATEST:
                    counts[C_BAD] += 1
                    early[g] = 0
                for w in range(nw):
                    z[index[out + w]] = y[w]
                continue
            if slopes[stiff * width + stiff_read] > _GROWTH or not np.isfinite(y[stiff]):
                divided = True
                for w in range(nw):
                    kept[w] = y[w]
                crossed = _divided_step(o, g, fires[g], t, h, ops, net, work, cut, functions)
                if crossed:
                    _remember_crossing(o, g, t, h, ops, net, work, cut, functions, counts)
                elif fires[g]:
                    counts[C_BAD] += 1
                for w in range(nw):
                    y[w] = kept[w]
        if divided:
            _flush(g, net, tangent, work)
            for a in range(m):
                for q in range(k):
                    new[a, q] = 0.0
                for b in range(m):
                    for q in range(k):
                        new[a, q] += cut[8][a, b] * V[first_of[g] + b, q]
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
                _flush(e_of_z[index[start + r]], net, tangent, work)
            for w in range(nw):
                row = index[out + w]
                if e_of_z[row] < 0:
                    continue
                _flush(e_of_z[row], net, tangent, work)
            for w in range(nw):
                row = index[out + w]
                if e_of_z[row] < 0:
                    continue
                for q in range(k):
                    new[w, q] = 0.0
                for r in range(nr):
                    s = slopes[w * width + r]
                    if s != 0.0:
                        v = first_of[e_of_z[index[start + r]]] + a_of_z[index[start + r]]
                        for q in range(k):
                            new[w, q] += s * V[v, q]
            for w in range(nw):
                row = index[out + w]
                if e_of_z[row] >= 0:
                    v = first_of[e_of_z[row]] + a_of_z[row]
                    for q in range(k):
                        V[v, q] = new[w, q]
        for w in range(nw):
            z[index[out + w]] = y[w]


@compiled(error_model="numpy")
def _check(o, first, last, elem, t, h, step, ops, net, work, functions, counts):  # type: ignore[no-untyped-def]
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
def _sum(o, t, h, ops, net, tangent, work, functions):  # type: ignore[no-untyped-def]
    """A summed variable, with its tangent rows."""
    z, index, e_of_z, cells, constants, first_of, a_of_z = (
        net[0], net[1], net[4], net[6], net[7], net[8], net[9])  # fmt: skip
    V = tangent[0]
    x, c, y, slopes = work[:4]
    op = ops[o]
    nr, nc, nw, k = op[NR], op[NC], op[NW], V.shape[1]
    for j in range(op[N_TARGETS]):
        row = index[op[TARGETS] + j]
        z[row] = 0.0
        if e_of_z[row] >= 0:
            _flush(e_of_z[row], net, tangent, work)
            for q in range(k):
                V[first_of[e_of_z[row]] + a_of_z[row], q] = 0.0
    for e in range(op[N]):
        start = op[OFF] + e * (nr + nc + nw)
        _gather(z, index, start, nr, nc, x, c)
        functions[0](op[BLOCK], x.ctypes, c.ctypes, constants.ctypes, cells.ctypes, t, h,
                     y.ctypes, slopes.ctypes)  # fmt: skip
        row = index[start + nr + nc]
        z[row] += y[0]
        if e_of_z[row] < 0:
            continue
        to = first_of[e_of_z[row]] + a_of_z[row]
        for r in range(nr):
            s = slopes[r]
            if s != 0.0:
                v = first_of[e_of_z[index[start + r]]] + a_of_z[index[start + r]]
                for q in range(k):
                    V[to, q] += s * V[v, q]


@compiled(error_model="numpy")
def _fire(o, item, e, slot, t, h, ops, net, tangent, marks, cut, work, functions, stats):  # type: ignore[no-untyped-def]
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
    _flush(g, net, tangent, work)
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
    _condition(o, e, t, h, ops, net, work, functions)
    best, latest = -1, -1.0
    start = op[OFF] + e * (nr + op[NC] + op[NW])
    gaps = y[1 : 1 + atoms].copy()
    now = y[1 + atoms : 1 + 2 * atoms].copy()
    grads = slopes[nr + 1 : (1 + atoms) * (nr + 1)].copy()
    _flow(g, t, before[0], net, work, functions)
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
                    speed += s * _sum_speed(index[start + r], t, ops, net, tangent, work,
                                            functions)  # fmt: skip
                elif e_of_z[index[start + r]] == g:
                    speed += s * before[0, a_of_z[index[start + r]]]
                else:
                    _flow(e_of_z[index[start + r]], t, work[6], net, work, functions)
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
def _spikes(o, elem, slots, step, t, h, ops, net, tangent, coupling, rec, marks, work, functions):  # type: ignore[no-untyped-def]
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
            _event(o, True, e, slot, step, t, h, ops, net, tangent, coupling, rec, work, functions)


@compiled(error_model="numpy")
def _pulse(o, e, slot, step, t, h, ops, net, tangent, coupling, rec, marks, work, functions):  # type: ignore[no-untyped-def]
    """One pulse; who is lifted over a threshold by it will have its shift."""
    lifted, V, own, index = marks[1], tangent[0], net[11], net[1]
    op = ops[o]
    n, out = op[N_LIFTS], op[OFF] + e * (op[NR] + op[NC] + op[NW]) + op[NR] + op[NC]
    below = np.zeros(n, dtype=np.int64)
    for j in range(n):
        th = index[op[THR] + 2 * j]
        target = net[4][index[out + index[op[THR] + 2 * j + 1]]] - net[2][ops[th, POP], F_BASE]
        _condition(th, target, t, h, ops, net, work, functions)
        below[j] = work[2][0] == 0.0
    _event(o, False, e, slot, step, t, h, ops, net, tangent, coupling, rec, work, functions)
    for j in range(n):
        if not below[j]:
            continue
        th = index[op[THR] + 2 * j]
        base = net[2][ops[th, POP], F_BASE]
        target = net[4][index[out + index[op[THR] + 2 * j + 1]]] - base
        _condition(th, target, t, h, ops, net, work, functions)
        i = (base if ops[th, OWN] < 0 else ops[th, OWN]) + target
        if work[2][0] > 0.0 and not lifted[i]:
            lifted[i] = 1
            for c in range(V.shape[1]):
                V[own[i], c] = V[slot, c] if slot >= 0 else 0.0


@compiled(error_model="numpy", nogil=True)
def walk(first, stop, tape, ops, net, tangent, coupling, rec, marks, cut, work, functions, stats, dt):  # type: ignore[no-untyped-def]
    """Carry state and tangent from the start of step `first` to that of step `stop`."""
    at, rank, elem, slots, ends = tape
    truths, lifted = marks
    counts, speeds = stats
    V, own = tangent[0], net[11]
    y = work[2]
    k = V.shape[1]
    p = 0
    while p < at.size and at[p] < first:
        p += 1
    for step in range(first, stop):
        t = step * dt
        for o in range(ops.shape[0]):
            op = ops[o]
            if op[EVERY] > 1 and step % op[EVERY] != 0:
                while p < at.size and at[p] == step and rank[p] == o:
                    p += 1
                continue
            h = dt * op[EVERY]
            if op[PRE] >= 0:  # remember which comparisons held before the motion of this step
                q = p
                while q < at.size and at[q] == step:
                    if rank[q] == op[PRE]:
                        _condition(op[PRE], elem[q], t, h, ops, net, work, functions)
                        n = ops[op[PRE], ATOMS]
                        for a in range(n):
                            truths[q, a], truths[q, n + a] = y[1 + n + a], y[1 + a]
                        if ops[op[PRE], POP] >= 0:
                            cut[14][net[2][ops[op[PRE], POP], F_BASE] + elem[q]] = 1
                    q += 1
            if op[KIND] == K_UPDATE or op[KIND] == K_MAP:
                _update(o, step, t, h, ops, net, tangent, rec, cut, work, functions, counts)
            elif op[KIND] == K_SUM:
                _sum(o, t, h, ops, net, tangent, work, functions)
            elif op[KIND] == K_THRESHOLD:
                q = p
                while q < at.size and at[q] == step and rank[q] == o:
                    q += 1
                if q - p > 1:
                    counts[C_TIES] += 1
                if not op[EXTERNAL]:
                    _check(o, p, q, elem, t, h, step, ops, net, work, functions, counts)
                for item in range(p, q):
                    e, slot = elem[item], slots[item]
                    _fire(o, item, e, slot, t, h, ops, net, tangent, marks, cut, work, functions, stats)
                _spikes(o, elem[p:q], slots[p:q], step, t, h, ops, net, tangent, coupling, rec,
                        marks, work, functions)  # fmt: skip
                p = q
            else:
                while p < at.size and at[p] == step and rank[p] == o:
                    _pulse(o, elem[p], slots[p], step, t, h, ops, net, tangent, coupling, rec,
                           marks, work, functions)  # fmt: skip
                    p += 1
    return p


@compiled(error_model="numpy")
def settle(net, tangent, work):  # type: ignore[no-untyped-def]
    """Apply all collected propagators, so that V is complete."""
    for g in range(tangent[2].size):
        _flush(g, net, tangent, work)
