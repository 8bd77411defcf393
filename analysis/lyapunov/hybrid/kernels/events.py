"""One element through the statements of an event, with the shift of its time."""

from heavytail_snn.analysis.lyapunov.hybrid.kernels.elements import (
    flow,
    flush,
    gather,
    given,
    perturbed,
    sum_speed,
)
from heavytail_snn.analysis.lyapunov.hybrid.kernels.fields import (
    BLOCK,
    F_BASE,
    F_M,
    K_RESET,
    KIND,
    M_NC,
    M_NR,
    M_NW,
    M_OFF,
    MARK,
    NC,
    NR,
    NW,
    OFF,
    REC,
)
from heavytail_snn.core.compiled import compiled


@compiled(error_model="numpy")
def event(o, mark, e, d, step, t, h, ops, net, tangent, coupling, rec, work, functions):  # type: ignore[no-untyped-def]
    """One element through statements at the time shift in row d of V (-1: no shift)."""
    z, index, flows, pop_of, e_of_z, _eta, cells, constants, first_of, a_of_z = net[:10]
    V = tangent[0]
    x, c, y, slopes, new, before, after = work[:7]
    touched, _dep_f, _sum_before, _dep_list, _stamp = work[7:12]
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
        flush(touched[j], net, tangent, work)
    n_dep = 0
    coupled = coupling[0]
    if d >= 0:
        for j in range(n_touched):
            flow(touched[j], t, before[j], net, work, functions)
        for r in range(nr):
            if net[10][index[start + r]] == 2:
                for j in range(n_touched):
                    if touched[j] == e_of_z[index[start + r]]:
                        before[j, a_of_z[index[start + r]]] = sum_speed(
                            index[start + r], t, ops, net, tangent, work, functions
                        )
        if coupled and not mark:
            n_dep = dependents(n_touched, t, ops, net, coupling, work, functions)
    gather(z, index, start, nr, nc, x, c)
    functions[0](block, x.ctypes, c.ctypes, constants.ctypes, cells.ctypes, t, h,
                 y.ctypes, slopes.ctypes)  # fmt: skip
    width = nr + 1
    # the speed of what is read, in the order of reads
    for w in range(nw):
        row = index[start + nr + nc + w]
        if e_of_z[row] < 0:
            continue
        perturbed(w, start, nr, net, tangent, work)
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
                y[w] = given(rec, r, step, index[start + nr + nc + w])
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
        dependents_after(n_dep, n_touched, d, t, ops, net, tangent, coupling, work, functions)
    for j in range(n_touched):
        g = touched[j]
        flow(g, t, after, net, work, functions)
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
def term(so, e, t, ops, net, work, functions):  # type: ignore[no-untyped-def]
    """The present term of element e in a summed variable."""
    z, index, cells, constants = net[0], net[1], net[6], net[7]
    x, c, y, slopes = work[:4]
    op = ops[so]
    start = op[OFF] + e * (op[NR] + op[NC] + op[NW])
    gather(z, index, start, op[NR], op[NC], x, c)
    functions[0](op[BLOCK], x.ctypes, c.ctypes, constants.ctypes, cells.ctypes, t, 0.0,
                 y.ctypes, slopes.ctypes)  # fmt: skip
    return y[0]


@compiled(error_model="numpy")
def dependents(n_touched, t, ops, net, coupling, work, functions):  # type: ignore[no-untyped-def]
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
            sum_before[n_sum] = term(sop[q], selem[q], t, ops, net, work, functions)
            n_sum += 1
            op = ops[sop[q]]
            start = op[OFF] + selem[q] * (op[NR] + op[NC] + op[NW])
            target = e_of_z[index[start + op[NR] + op[NC]]]
            if target >= 0 and stamp[target] != now:
                stamp[target] = now
                dep_list[n_dep] = target
                n_dep += 1
    for j in range(n_dep):
        flow(dep_list[j], t, dep_f[j], net, work, functions)
    return n_dep + 1


@compiled(error_model="numpy")
def dependents_after(n_dep, n_touched, d, t, ops, net, tangent, coupling, work, functions):  # type: ignore[no-untyped-def]
    """Bring the sums up to date, and shift the elements whose speed the event changed."""
    _, _ptr, _dep, sptr, sop, selem, sid, seen = coupling
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
            value = term(sop[q], selem[q], t, ops, net, work, functions)
            op = ops[sop[q]]
            start = op[OFF] + selem[q] * (op[NR] + op[NC] + op[NW])
            z[index[start + op[NR] + op[NC]]] += value - sum_before[n_sum]
            n_sum += 1
    for j in range(n_dep - 1):
        g = dep_list[j]
        flush(g, net, tangent, work)
        flow(g, t, after, net, work, functions)
        for a in range(flows[pop_of[g], F_M]):
            u = dep_f[j, a] - after[a]
            if u != 0.0:
                for q in range(V.shape[1]):
                    V[first_of[g] + a, q] += u * V[d, q]


@compiled(error_model="numpy")
def release(g, old_row, t, net, tangent, work, functions):  # type: ignore[no-untyped-def]
    """The end of refractoriness: what was held starts to move, at the time in row own[g]."""
    z, flows, pop_of, first_of, own = net[0], net[2], net[3], net[8], net[11]
    V, before, after = tangent[0], work[5], work[6]
    if own[g] < 0:
        return
    flush(g, net, tangent, work)
    z[old_row] = 0.0
    flow(g, t, before[0], net, work, functions)
    z[old_row] = 1.0
    flow(g, t, after, net, work, functions)
    for a in range(flows[pop_of[g], F_M]):
        u = before[0, a] - after[a]
        if u != 0.0:
            for q in range(V.shape[1]):
                V[first_of[g] + a, q] += u * V[own[g], q]
