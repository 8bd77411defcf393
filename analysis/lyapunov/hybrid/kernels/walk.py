"""The replay itself: state and tangent through the operations of each step, in Brian2's order.

`z` holds every array of the network, `V` the tangent vectors: rows of perturbed entries, then rows
for the times of spikes whose effects are still to come (``slots``), then one row a neuron for the
time that ends its refractoriness or lifted it over threshold (``own``).

Between events each element (neuron or synapse) that depends on itself alone collects its own
propagator `E`, applied to V when an event touches it.  An event of time shift dt* does

    dz+ = D dz- + (D F- + dG/dt - F+) dt*

on every row whose speed F it changes; these terms telescope over the operations of one spike.
"""

from heavytail_snn.analysis.lyapunov.hybrid.kernels.elements import condition, flush
from heavytail_snn.analysis.lyapunov.hybrid.kernels.fields import (
    ATOMS,
    C_TIES,
    EVERY,
    EXTERNAL,
    F_BASE,
    K_MAP,
    K_SUM,
    K_THRESHOLD,
    K_UPDATE,
    KIND,
    POP,
    PRE,
)
from heavytail_snn.analysis.lyapunov.hybrid.kernels.spikes import check, fire, pulse, spikes
from heavytail_snn.analysis.lyapunov.hybrid.kernels.sums import sum_up
from heavytail_snn.analysis.lyapunov.hybrid.kernels.update import update
from heavytail_snn.core.compiled import compiled


@compiled(error_model="numpy", nogil=True)
def walk(
    first, stop, tape, ops, net, tangent, coupling, rec, marks, cut, work, functions, stats, dt
):  # type: ignore[no-untyped-def]
    """Carry state and tangent from the start of step `first` to that of step `stop`."""
    at, rank, elem, slots, _ends = tape
    truths, _lifted = marks
    counts, _speeds = stats
    y = work[2]
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
                        condition(op[PRE], elem[q], t, h, ops, net, work, functions)
                        n = ops[op[PRE], ATOMS]
                        for a in range(n):
                            truths[q, a], truths[q, n + a] = y[1 + n + a], y[1 + a]
                        if ops[op[PRE], POP] >= 0:
                            cut[14][net[2][ops[op[PRE], POP], F_BASE] + elem[q]] = 1
                    q += 1
            if op[KIND] == K_UPDATE or op[KIND] == K_MAP:
                update(o, step, t, h, ops, net, tangent, rec, cut, work, functions, counts)
            elif op[KIND] == K_SUM:
                sum_up(o, t, h, ops, net, tangent, work, functions)
            elif op[KIND] == K_THRESHOLD:
                q = p
                while q < at.size and at[q] == step and rank[q] == o:
                    q += 1
                if q - p > 1:
                    counts[C_TIES] += 1
                if not op[EXTERNAL]:
                    check(o, p, q, elem, t, h, step, ops, net, work, functions, counts)
                for item in range(p, q):
                    e, slot = elem[item], slots[item]
                    fire(
                        o,
                        item,
                        e,
                        slot,
                        t,
                        h,
                        ops,
                        net,
                        tangent,
                        marks,
                        cut,
                        work,
                        functions,
                        stats,
                    )
                spikes(o, elem[p:q], slots[p:q], step, t, h, ops, net, tangent, coupling, rec,
                        marks, work, functions)  # fmt: skip
                p = q
            else:
                while p < at.size and at[p] == step and rank[p] == o:
                    pulse(o, elem[p], slots[p], step, t, h, ops, net, tangent, coupling, rec,
                           marks, work, functions)  # fmt: skip
                    p += 1
    return p


@compiled(error_model="numpy")
def settle(net, tangent, work):  # type: ignore[no-untyped-def]
    """Apply all collected propagators, so that V is complete."""
    for g in range(tangent[2].size):
        flush(g, net, tangent, work)
