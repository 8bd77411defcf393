"""Exact event-driven simulation of pulse-coupled phase neurons, and its tangent, as numba kernels.

Each neuron is one number, the time of its next spike; a pulse changes it through the phase map of
the model.  Nothing is discretised.  A spike of neuron j changes the tangent vectors only in the
rows of j's targets, so trajectory and tangent are advanced by the same loop.
"""

import math

import numpy as np

from heavytail_snn.core.compiled import compiled

THETA, RAPID_THETA, LIF = 0, 1, 2
_POLE = 0.5 * math.pi  # rounding must not carry an angle past the pole of the tangent
DONE, BUFFER_FULL, AVALANCHE, RUNAWAY = 0, 1, 2, 3

_jit = compiled(nogil=True, error_model="numpy")


@_jit
def theta_map(phase, kick):
    """Return phase after a pulse and its derivative, for ``V = sqrt(I) tan(phase / 2)``."""
    before = math.tan(max(0.5 * phase, -_POLE))
    after = before + kick
    return 2.0 * math.atan(after), (1.0 + before * before) / (1.0 + after * after)


@_jit
def rapid_theta_map(phase, kick, rapidness):
    """Return phase after a pulse and its derivative, for a theta neuron with rapid spike onset."""
    r = rapidness
    a = (r + 1.0) / (2.0 * r)
    glue = math.pi * (r - 1.0) / (r + 1.0)
    half = 0.5 * (phase - glue)
    # voltage in units of the slope on its side of the glue point, then across it if need be
    if half <= 0.0:
        before = math.tan(max(a * half, -_POLE))
        after = before + kick
        gain = r if after > 0.0 else 1.0
    else:
        before = math.tan(min(r * a * half, _POLE))
        below = before < -r * kick
        after = before / r + kick
        gain = 1.0 if below else r
    after *= gain
    derivative = (1.0 + before * before) / (1.0 + after * after)
    return 2.0 * math.atan(after) / (gain * a) + glue, derivative


@_jit
def lif_map(phase, kick, velocity):
    """Return phase after a pulse and its derivative; (1, 0) if the pulse itself causes a spike.

    `velocity` is that of the phase per membrane time constant, ``1/ln(1 + 1/I)``.
    """
    before = math.exp(-phase / velocity)
    after = before - kick
    if after <= math.exp(-1.0 / velocity):
        return 1.0, 0.0
    return -velocity * math.log(after), before / after


@_jit
def phase_map(kind, phase, kick, shape):
    """Return phase after a pulse and its derivative for the model `kind`."""
    if kind == THETA:
        return theta_map(phase, kick)
    if kind == RAPID_THETA:
        return rapid_theta_map(phase, kick, shape)
    return lif_map(phase, kick, shape)


@_jit
def phase_maps(kind, phases, kicks, shapes):
    """Apply `phase_map` elementwise to arrays; returns phases and derivatives."""
    after, derivative = np.empty_like(phases), np.empty_like(phases)
    for i in range(phases.size):
        after[i], derivative[i] = phase_map(kind, phases[i], kicks[i], shapes[i])
    return after, derivative


# --- queue of next spike times: 4-ary heap, or an unordered array that is scanned ----------------


@compiled(nogil=True, fastmath={"nnan", "ninf", "nsz"})
def _smallest(keys):
    # reordering the comparisons lets the compiler use vector instructions
    smallest = keys[0]
    for key in keys:
        smallest = min(smallest, key)
    return smallest


@_jit
def _first_place(keys, use_heap):
    if use_heap:
        return 0
    smallest = _smallest(keys)
    place = 0
    while keys[place] != smallest:
        place += 1
    return place


@_jit
def _sift_down(keys, order, places, place):
    key, neuron, size = keys[place], order[place], keys.size
    while True:
        child = 4 * place + 1
        if child >= size:
            break
        best = child
        for other in range(child + 1, min(child + 4, size)):
            if keys[other] < keys[best]:
                best = other
        if keys[best] >= key:
            break
        keys[place], order[place] = keys[best], order[best]
        places[order[place]] = place
        place = best
    keys[place], order[place], places[neuron] = key, neuron, place


@_jit
def _sift_up(keys, order, places, place):
    key, neuron = keys[place], order[place]
    while place > 0:
        parent = (place - 1) // 4
        if keys[parent] <= key:
            break
        keys[place], order[place] = keys[parent], order[parent]
        places[order[place]] = place
        place = parent
    keys[place], order[place], places[neuron] = key, neuron, place


@_jit
def build_heap(keys, order, places):
    """Turn `keys` and `order` into a heap in place, with `places[order[p]] == p`."""
    for place in range(keys.size):
        places[order[place]] = place
    for place in range((keys.size - 2) // 4, -1, -1):
        _sift_down(keys, order, places, place)


@_jit
def _move(keys, order, places, place, key, use_heap):
    later = key > keys[place]
    keys[place] = key
    if use_heap:
        if later:
            _sift_down(keys, order, places, place)
        else:
            _sift_up(keys, order, places, place)


# --- events ---------------------------------------------------------------------------------------


@_jit
def deliver(model, graph, queue, tangent, source, now):
    """Deliver the pulses of neuron `source` at time `now`; return (sum of ln g', forced spikes).

    Parameters
    ----------
    model : tuple
        ``(kind, threshold, reset, cells, cell_mask)``; ``cells[i & cell_mask]`` holds phase
        velocity, its inverse, pulse scale and shape parameter of neuron i.
    graph : tuple
        ``(starts, targets, weights, weight_mask)``, targets of each presynaptic neuron.
    queue : tuple
        ``(keys, order, places, use_heap)``.
    tangent : (n, m) array
        Tangent vectors in phase, one per column; m may be 0.

    Notes
    -----
    With perturbations compared at equal times, neuron i, whose phase is phi_i at the spike of j,
    obeys ``d phi_i <- g' d phi_i + (omega_i / omega_j) (1 - g') d phi_j``.
    """
    kind, threshold, _, cells, cell_mask = model
    starts, targets, weights, weight_mask = graph
    keys, order, places, use_heap = queue
    speed = cells[source & cell_mask, 0]
    n_vectors = tangent.shape[1]
    log_det, forced = 0.0, 0
    for synapse in range(starts[source], starts[source + 1]):
        i = targets[synapse]
        c = i & cell_mask
        place = places[i]
        phase = threshold - (keys[place] - now) * cells[c, 0]
        kick = weights[synapse & weight_mask] * cells[c, 2]
        phase, slope = phase_map(kind, phase, kick, cells[c, 3])
        forced += kind == LIF and phase >= threshold
        _move(keys, order, places, place, now + (threshold - phase) * cells[c, 1], use_heap)
        # an autapse acts on the phase just reset, which moves with the spike time itself
        if n_vectors and i != source:
            log_det += np.log(slope)
            mixing = cells[c, 0] / speed * (1.0 - slope)
            for v in range(n_vectors):
                tangent[i, v] = slope * tangent[i, v] + mixing * tangent[source, v]
    return log_det, forced


@_jit
def advance(model, graph, queue, clock, tangent, times, ids, t_stop, rebase_after, avalanches):
    """Advance to `t_stop` or until `times` is full; return (number of spikes, status).

    Parameters
    ----------
    clock : (3,) array
        Time of the last event since the origin, the origin (s), and the accumulated sum of ln g'.
        Keys count from the origin, which is moved to the present once more than `rebase_after`
        seconds have passed, so that rounding does not grow with time.
    times, ids : (b,) arrays
        Filled with the spikes.
    avalanches : bool
        Whether a pulse may itself make its target spike, at the same instant.

    See `deliver` for the other arguments; all state arrays are modified in place.
    """
    _, threshold, reset, cells, cell_mask = model
    keys, order, places, use_heap = queue
    n_spikes, together = 0, 0
    while n_spikes < times.size:
        place = _first_place(keys, use_heap)
        now, source = keys[place], order[place]
        if clock[1] + now > t_stop:
            return n_spikes, DONE
        together = together + 1 if now == clock[0] else 0
        if together > keys.size:
            return n_spikes, RUNAWAY
        clock[0] = now
        times[n_spikes], ids[n_spikes] = clock[1] + now, source
        n_spikes += 1
        period = (threshold - reset) * cells[source & cell_mask, 1]
        _move(keys, order, places, place, now + period, use_heap)
        log_det, forced = deliver(model, graph, queue, tangent, source, now)
        clock[2] += log_det
        if forced and not avalanches:
            return n_spikes, AVALANCHE
        if now > rebase_after:
            keys -= now
            clock[0], clock[1] = 0.0, clock[1] + now
    return n_spikes, BUFFER_FULL
