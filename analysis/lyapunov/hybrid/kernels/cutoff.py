"""Steps near a blow-up, divided: where the threshold variable runs away within a step."""

import numpy as np

from heavytail_snn.analysis.lyapunov.hybrid.kernels.elements import gather
from heavytail_snn.analysis.lyapunov.hybrid.kernels.fields import (
    ATOMS,
    BLOCK,
    C_CUT,
    F_BASE,
    F_BLOCK,
    F_M,
    F_N,
    F_NC,
    F_NR,
    F_OFF,
    NC,
    NR,
    NW,
    OFF,
    POP,
    STIFF_TH,
)
from heavytail_snn.core.compiled import compiled

# Growth of a perturbation of the threshold variable in one step, beyond which the step is divided.
# Towards a blow-up the steps before lose a share (GROWTH - 1)/2 per spike, however small dt is.
GROWTH = 1.02
_FINE = 0.05  # share of the local time constant that a part of a step has
LATEST = 40  # steps after a recorded spike within which the continuous motion must cross


@compiled(error_model="numpy")
def rates(g, t, x, f, jac, net, work, functions):  # type: ignore[no-untyped-def]
    """Speeds of element g and their derivatives by its own state x."""
    z, index, flows, pop_of, e_of_z, eta, cells, constants, first_of, a_of_z = net[:10]
    reads, c, y, slopes = work[:4]
    row = flows[pop_of[g]]
    nr, nc, n, m = row[F_NR], row[F_NC], row[F_N], row[F_M]
    start = row[F_OFF] + (g - row[F_BASE]) * (nr + nc + n)
    gather(z, index, start, nr, nc, reads, c)
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
def fine_step(g, t, h, x, p, net, work, cut, functions):  # type: ignore[no-untyped-def]
    """One Runge-Kutta step of state x and propagator p of element g."""
    m = p.shape[0]
    f, jac, k, kp, xs, ps = cut[:6]
    for stage in range(4):
        share = 0.0 if stage == 0 else (1.0 if stage == 3 else 0.5)
        for a in range(m):
            xs[a] = x[a] + (h * share * k[stage - 1, a] if stage else 0.0)
            for b in range(m):
                ps[a, b] = p[a, b] + (h * share * kp[stage - 1, a, b] if stage else 0.0)
        rates(g, t, xs, f, jac, net, work, functions)
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
def holds(th, g, x, t, h, ops, net, work, functions):  # type: ignore[no-untyped-def]
    """Whether threshold `th` holds for element g in state x; leaves gaps and slopes in work."""
    z, index, cells, constants = net[0], net[1], net[6], net[7]
    reads, c, y, slopes = work[:4]
    op = ops[th]
    start = op[OFF] + (g - net[2][op[POP], F_BASE]) * (op[NR] + op[NC] + op[NW])
    gather(z, index, start, op[NR], op[NC], reads, c)
    for r in range(op[NR]):
        if net[4][index[start + r]] == g:
            reads[r] = x[net[9][index[start + r]]]
    functions[0](op[BLOCK], reads.ctypes, c.ctypes, constants.ctypes, cells.ctypes, t, h,
                 y.ctypes, slopes.ctypes)  # fmt: skip
    return y[0] > 0.0


@compiled(error_model="numpy")
def land(a, goal, g, t, part, x, p, back, back_p, net, work, cut, functions):  # type: ignore[no-untyped-def]
    """Go from `back` to where variable a has the value `goal`, which x has passed after `part`."""
    m = p.shape[0]
    share = part * (goal - back[a]) / (x[a] - back[a])
    for b in range(m):
        x[b] = back[b]
        for d in range(m):
            p[b, d] = back_p[b, d]
    for _ in range(3):
        fine_step(g, t, share, x, p, net, work, cut, functions)
        rates(g, t, x, cut[0], cut[1], net, work, functions)
        if cut[0][a] == 0.0:
            break
        share = (goal - x[a]) / cut[0][a]
        if abs(share) > part:
            break


@compiled(error_model="numpy")
def divided_step(o, g, fires, v, goal, t, h, ops, net, work, cut, functions):  # type: ignore[no-untyped-def]
    """Continuous motion through one step near a blow-up, into propagator `cut[8]`.

    It ends where variable v has the value `goal` that Brian2 gave it.  Brian2's steps lag behind
    the continuous motion: followed to the end of the step, the tangent vectors would grow as they
    do further up, and by a factor more with each step that starts from Brian2's value again.

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
    start, upwards = x[v], goal > x[v]
    lands = not fires and np.isfinite(goal) and goal != start
    time, end = 0.0, h
    limit = h * LATEST if fires else h
    while time < limit * (1 - 1e-12):
        rates(g, t, x, cut[0], cut[1], net, work, functions)
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
        fine_step(g, t, part, x, p, net, work, cut, functions)
        if lands and x[v] != back[v] and (x[v] >= goal if upwards else x[v] <= goal):
            land(v, goal, g, t, part, x, p, back, back_p, net, work, cut, functions)
            return 0
        if holds(th, g, x, t, h, ops, net, work, functions):
            low, high = 0.0, part
            for _ in range(50):
                middle = 0.5 * (low + high)
                for a in range(m):
                    x[a] = back[a]
                    for b in range(m):
                        p[a, b] = back_p[a, b]
                fine_step(g, t, middle, x, p, net, work, cut, functions)
                if holds(th, g, x, t, h, ops, net, work, functions):
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
def remember_crossing(o, g, t, h, ops, net, work, cut, functions, counts):  # type: ignore[no-untyped-def]
    """Keep gradient, speed and state of a crossing found by `_divided_step`."""
    x = cut[6]
    early, gradient, speed, where = cut[10:14]
    th = ops[o, STIFF_TH]
    rates(g, t, x, cut[0], cut[1], net, work, functions)
    holds(th, g, x, t, h, ops, net, work, functions)
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
