"""The motion of a whole network between exactly located events: values only, no derivatives.

`z` holds every array of the network.  Between events all groups move together by Runge-Kutta steps
of fourth order, with summed variables computed anew at each stage; a step is halved where its
second and third stage differ.  A threshold that is crossed inside a step is bracketed to rounding
by repeating the step with other lengths, and at each instant events follow Brian2's order.
"""

import numpy as np

from heavytail_snn.core.compiled import compiled

# rows of the table of blocks
B_CODE, B_OFF, B_NR, B_NC, B_NW, B_N, B_LAST = range(7)
# rows of the table of thresholds: condition, mark, group of refractoriness, first element, number
T_BLOCK, T_MARK, T_HELD, T_FIRST, T_N = range(5)
# rows of the table of refractoriness: block, whether a condition, first element, number, row of z
R_BLOCK, R_KIND, R_FIRST, R_N, R_ROW = range(5)
# rows of the table of pending pulses, and its columns in seconds: arrival, spike
Q_PATH, Q_AT, Q_END, Q_THRESHOLD, Q_ELEMENT, Q_ORDINAL, Q_SPIKE = range(7)
# kinds of logged events
E_FIRE, E_PULSE, E_RESET, E_RELEASE, E_MAP, E_STEP = range(6)
# counters: pending pulses, logged events, next mark in time, next given spike, spikes;
# whether the ends of steps are logged too
N_QUEUE, N_LOG, AT_MARK, AT_GIVEN, N_SPIKES, LOGS_STEPS = range(6)
ARRIVED, LOG_FULL, QUEUE_FULL, STUCK = range(4)
_INSIDE = 1e-13  # s; stages look at times inside their step, for tables that jump at its ends
_TINY = 1e-9  # s; the shortest step that halving may reach


@compiled(error_model="numpy")
def _call(b, e, z, t, net):  # type: ignore[no-untyped-def]
    """Run block b for element e; return where the rows of its outputs stand in the index."""
    blocks, index, steps, constants, cells, function, x, c, y, slopes = net
    row = blocks[b]
    nr, nc = row[B_NR], row[B_NC]
    start = row[B_OFF] + e * (nr + nc + row[B_NW])
    for r in range(nr):
        x[r] = z[index[start + r]]
    for j in range(nc):
        c[j] = z[index[start + nr + j]]
    function(row[B_CODE], x.ctypes, c.ctypes, constants.ctypes, cells.ctypes, t, steps[b],
             y.ctypes, slopes.ctypes)  # fmt: skip
    return start + nr + nc


@compiled(error_model="numpy")
def _apply(b, e, z, t, net):  # type: ignore[no-untyped-def]
    """Run statements, and store what they assign."""
    if net[0][b, B_LAST] >= 0:
        z[net[0][b, B_LAST] + e] = t  # event-driven variables are up to date
    at = _call(b, e, z, t, net)
    for w in range(net[0][b, B_NW]):
        z[net[1][at + w]] = net[8][w]


@compiled(error_model="numpy")
def sums(z, t, net, motion):  # type: ignore[no-untyped-def]
    """Compute all summed variables."""
    sum_blocks, sum_ptr, sum_targets = motion[1:4]
    for s in range(sum_blocks.size):
        for j in range(sum_ptr[s], sum_ptr[s + 1]):
            z[sum_targets[j]] = 0.0
        b = sum_blocks[s]
        for e in range(net[0][b, B_N]):
            at = _call(b, e, z, t, net)
            z[net[1][at]] += net[8][0]


@compiled(error_model="numpy")
def _speeds(z, t, f, net, motion):  # type: ignore[no-untyped-def]
    sums(z, t, net, motion)
    for b in motion[0]:
        for e in range(net[0][b, B_N]):
            at = _call(b, e, z, t, net)
            for w in range(net[0][b, B_NW]):
                f[net[1][at + w]] = net[8][w]


@compiled(error_model="numpy")
def _step(z, t, h, out, net, motion, work):  # type: ignore[no-untyped-def]
    """One Runge-Kutta step into `out`; return the largest difference of its stages 2 and 3."""
    rows, scale = motion[4], motion[5]
    f1, f2, f3, f4 = work
    inside = min(_INSIDE, 0.1 * h)
    out[:] = z
    _speeds(out, t + inside, f1, net, motion)
    for r in rows:
        out[r] = z[r] + 0.5 * h * f1[r]
    _speeds(out, t + 0.5 * h, f2, net, motion)
    for r in rows:
        out[r] = z[r] + 0.5 * h * f2[r]
    _speeds(out, t + 0.5 * h, f3, net, motion)
    for r in rows:
        out[r] = z[r] + h * f3[r]
    _speeds(out, t + h - inside, f4, net, motion)
    worst = 0.0
    for r in rows:
        out[r] = z[r] + h * (f1[r] + 2.0 * (f2[r] + f3[r]) + f4[r]) / 6.0
        gap = h * abs(f3[r] - f2[r]) / scale[r]
        if not gap <= worst:
            worst = gap
        if not np.isfinite(out[r]):
            worst = np.inf
    sums(out, t + h - inside, net, motion)
    return worst


@compiled(error_model="numpy")
def _excess(z, t, net, units, above):  # type: ignore[no-untyped-def]
    """The largest amount by which a threshold is passed, or a refractory condition has ended."""
    thresholds, _, held = units[:3]
    best = -np.inf
    for i in range(thresholds.shape[0]):
        b = thresholds[i, T_BLOCK]
        if b < 0:
            continue
        for e in range(thresholds[i, T_N]):
            if above[thresholds[i, T_FIRST] + e] == 0:
                _call(b, e, z, t, net)
                best = max(best, net[8][0])
    for r in range(held.shape[0]):
        if held[r, R_KIND] == 1:
            for e in range(held[r, R_N]):
                if z[held[r, R_ROW] + e] == 0.0:
                    _call(held[r, R_BLOCK], e, z, t, net)
                    best = max(best, -net[8][0])
    return best


@compiled(error_model="numpy")
def _cross(z, t, h, out, net, motion, units, above, work):  # type: ignore[no-untyped-def]
    """Find the length s <= h at which the first threshold is crossed; `out` is the state there."""
    low, f_low = 0.0, _excess(z, t, net, units, above)
    high, f_high = h, _excess(out, t + h, net, units, above)
    tolerance = 1e-17 + 2.0 * np.spacing(t + h)
    for trial in range(200):
        if high - low <= 2.0 * tolerance:
            break
        s = high - f_high * (high - low) / (f_high - f_low)
        if trial % 4 == 3 or not (low < s < high):
            s = 0.5 * (low + high)
        s = min(max(s, low + tolerance), high - tolerance)
        _step(z, t, s, out, net, motion, work)
        f = _excess(out, t + s, net, units, above)
        if f > 0.0:
            high, f_high = s, f
        else:
            low, f_low = s, f
    _step(z, t, high, out, net, motion, work)
    return high


@compiled(error_model="numpy")
def _log(kind, which, element, spike, t, orbit):  # type: ignore[no-untyped-def]
    counts, log_t, log = orbit[4], orbit[7], orbit[8]
    n = counts[N_LOG]
    log_t[n] = t
    log[n, 0], log[n, 1], log[n, 2], log[n, 3] = kind, which, element, spike
    counts[N_LOG] += 1


@compiled(error_model="numpy")
def _pulses(q, t, net, orbit, wires):  # type: ignore[no-untyped-def]
    """Let all pulses of entry q act that are due now; return the time of the next, or inf."""
    z, queue_t, queue = orbit[0], orbit[5], orbit[6]
    p = queue[q, Q_PATH]
    path_block, synapses, delays = wires[0], wires[3], wires[4]
    while queue[q, Q_AT] < queue[q, Q_END]:
        at = queue[q, Q_AT]
        due = queue_t[q, 1] + delays[at]
        if due > t:
            return due
        _log(E_PULSE, p, synapses[at], queue[q, Q_SPIKE], t, orbit)
        _apply(path_block[p], synapses[at], z, t, net)
        queue[q, Q_AT] += 1
    return np.inf


@compiled(error_model="numpy")
def _due(t, net, orbit, wires):  # type: ignore[no-untyped-def]
    """Let pending pulses of this instant act, in the order of pathways and then of spikes."""
    counts, queue_t, queue = orbit[4:7]
    while True:
        best = -1
        for q in range(counts[N_QUEUE]):
            if queue_t[q, 0] <= t and (
                best < 0
                or queue[q, Q_PATH] < queue[best, Q_PATH]
                or (
                    queue[q, Q_PATH] == queue[best, Q_PATH]
                    and queue[q, Q_SPIKE] < queue[best, Q_SPIKE]
                )
            ):
                best = q
        if best < 0:
            return
        queue_t[best, 0] = _pulses(best, t, net, orbit, wires)
        if queue_t[best, 0] == np.inf:
            last = counts[N_QUEUE] - 1
            queue[best], queue_t[best] = queue[last], queue_t[last]
            counts[N_QUEUE] = last


@compiled(error_model="numpy")
def _fire(n, batch, t, net, orbit, units, wires):  # type: ignore[no-untyped-def]
    """Spikes of one instant: marks, pulses without delay, resets, each in Brian2's order."""
    z, release, counts, queue_t, queue, ordinals = (
        orbit[0], orbit[3], orbit[4], orbit[5], orbit[6], orbit[9])  # fmt: skip
    thresholds, resets, held = units[:3]
    path_block, path_off, ptr, _, _, path_source = wires
    first = counts[N_SPIKES]
    for j in range(n):
        i, e = batch[j, 0], batch[j, 1]
        _log(E_FIRE, i, e, first + j, t, orbit)
        if thresholds[i, T_MARK] >= 0:
            _apply(thresholds[i, T_MARK], e, z, t, net)
        ordinals[thresholds[i, T_FIRST] + e] += 1
    counts[N_SPIKES] += n
    for p in range(path_block.size):
        for j in range(n):
            i, e = batch[j, 0], batch[j, 1]
            if path_source[p] != i:
                continue
            q = counts[N_QUEUE]
            queue_t[q, 1] = t
            queue[q, Q_PATH], queue[q, Q_THRESHOLD], queue[q, Q_ELEMENT] = p, i, e
            queue[q, Q_AT], queue[q, Q_END] = ptr[path_off[p] + e], ptr[path_off[p] + e + 1]
            queue[q, Q_ORDINAL] = ordinals[thresholds[i, T_FIRST] + e]
            queue[q, Q_SPIKE] = first + j
            queue_t[q, 0] = _pulses(q, t, net, orbit, wires)
            if queue_t[q, 0] < np.inf:
                counts[N_QUEUE] += 1
    for r in range(resets.shape[0]):
        for j in range(n):
            if resets[r, 0] == batch[j, 0]:
                _log(E_RESET, r, batch[j, 1], first + j, t, orbit)
                _apply(resets[r, 1], batch[j, 1], z, t, net)
    for j in range(n):
        i, e = batch[j, 0], batch[j, 1]
        r = thresholds[i, T_HELD]
        if thresholds[i, T_MARK] >= 0 and r >= 0 and held[r, R_KIND] == 0:
            _call(held[r, R_BLOCK], e, z, t, net)
            release[held[r, R_FIRST] + e] = t + net[8][0]


@compiled(error_model="numpy")
def _releases(t, net, orbit, units):  # type: ignore[no-untyped-def]
    z, release, held = orbit[0], orbit[3], units[2]
    for r in range(held.shape[0]):
        for e in range(held[r, R_N]):
            row, at = held[r, R_ROW] + e, held[r, R_FIRST] + e
            if z[row] != 0.0:
                continue
            if held[r, R_KIND] == 1:
                _call(held[r, R_BLOCK], e, z, t, net)
                over = net[8][0] <= 0.0
            else:
                over = release[at] <= t
            if over:
                _log(E_RELEASE, r, e, -1, t, orbit)
                z[row], release[at] = 1.0, np.inf


@compiled(error_model="numpy")
def _instant(t, net, motion, units, wires, given, orbit, batch):  # type: ignore[no-untyped-def]
    """Everything that happens at time t."""
    z, above, counts = orbit[0], orbit[2], orbit[4]
    mark_t, mark_map, map_block, given_t, given_i, given_e = given
    thresholds = units[0]
    while counts[AT_MARK] < mark_t.size and mark_t[counts[AT_MARK]] <= t:
        m = mark_map[counts[AT_MARK]]
        if m >= 0:
            b = map_block[m]
            for e in range(net[0][b, B_N]):
                _log(E_MAP, m, e, -1, t, orbit)
                _apply(b, e, z, t, net)
        counts[AT_MARK] += 1
    for _ in range(100):
        _releases(t, net, orbit, units)
        _due(t, net, orbit, wires)
        sums(z, t + _INSIDE, net, motion)
        n = 0
        while counts[AT_GIVEN] < given_t.size and given_t[counts[AT_GIVEN]] <= t:
            batch[n, 0], batch[n, 1] = given_i[counts[AT_GIVEN]], given_e[counts[AT_GIVEN]]
            counts[AT_GIVEN] += 1
            n += 1
        for i in range(thresholds.shape[0]):
            b = thresholds[i, T_BLOCK]
            if b < 0:
                continue
            for e in range(thresholds[i, T_N]):
                at = thresholds[i, T_FIRST] + e
                _call(b, e, z, t, net)
                now = net[8][0] > 0.0
                if now and above[at] == 0:
                    batch[n, 0], batch[n, 1] = i, e
                    n += 1
                above[at] = now
        if n == 0:
            return
        _fire(n, batch, t, net, orbit, units, wires)
        sums(z, t + _INSIDE, net, motion)
        for j in range(n):  # who was reset may be lifted again
            i, e = batch[j, 0], batch[j, 1]
            if thresholds[i, T_BLOCK] >= 0:
                _call(thresholds[i, T_BLOCK], e, z, t, net)
                above[thresholds[i, T_FIRST] + e] = net[8][0] > 0.0


@compiled(error_model="numpy", nogil=True)
def walk(until, h, tolerance, net, motion, units, wires, given, orbit, batch, out, work):  # type: ignore[no-untyped-def]
    """Carry an orbit to the time `until` (s), events of that instant included.

    Returns ARRIVED, LOG_FULL or QUEUE_FULL (call again with more room), or STUCK.
    """
    z, clock, above, release, counts = orbit[:5]
    queue_t, _, log_t = orbit[5:8]
    thresholds = units[0]
    short = h
    while True:
        t = clock[0]
        room = (batch.shape[0] + counts[N_QUEUE]) * (units[3] + 4) + units[4]
        if counts[N_LOG] + 2 * room > log_t.size:
            return LOG_FULL
        if counts[N_QUEUE] + 2 * wires[0].size * batch.shape[0] > queue_t.shape[0]:
            return QUEUE_FULL
        _instant(t, net, motion, units, wires, given, orbit, batch)
        if t >= until:
            return ARRIVED
        stop = until
        if counts[AT_MARK] < given[0].size:
            stop = min(stop, given[0][counts[AT_MARK]])
        if counts[AT_GIVEN] < given[3].size:
            stop = min(stop, given[3][counts[AT_GIVEN]])
        for q in range(counts[N_QUEUE]):
            stop = min(stop, queue_t[q, 0])
        for at in range(release.size):
            stop = min(stop, release[at])
        while clock[0] < stop:
            t = clock[0]
            length = min(short, stop - t)
            while not _step(z, t, length, out, net, motion, work) <= tolerance:
                length *= 0.5
                if length < _TINY:
                    return STUCK
            short = min(h, 2.0 * length)
            end = stop if length == stop - t else t + length
            if _excess(out, end, net, units, above) > 0.0:
                s = _cross(z, t, length, out, net, motion, units, above, work)
                z[:] = out
                clock[0] = t + s
                if counts[LOGS_STEPS]:
                    _log(E_STEP, 0, 0, -1, clock[0], orbit)
                break
            z[:] = out
            clock[0] = end
            if counts[LOGS_STEPS]:
                _log(E_STEP, 0, 0, -1, end, orbit)
                if counts[N_LOG] + 2 * room > log_t.size:
                    return LOG_FULL
            for i in range(thresholds.shape[0]):
                if thresholds[i, T_BLOCK] < 0:
                    continue
                for e in range(thresholds[i, T_N]):
                    at = thresholds[i, T_FIRST] + e
                    if above[at]:
                        _call(thresholds[i, T_BLOCK], e, z, end, net)
                        above[at] = net[8][0] > 0.0
