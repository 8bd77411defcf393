"""Summed variables."""

from heavytail_snn.analysis.lyapunov.hybrid.kernels.elements import flush, gather
from heavytail_snn.analysis.lyapunov.hybrid.kernels.fields import (
    BLOCK,
    N_TARGETS,
    NC,
    NR,
    NW,
    OFF,
    TARGETS,
    N,
)
from heavytail_snn.core.compiled import compiled


@compiled(error_model="numpy")
def sum_up(o, t, h, ops, net, tangent, work, functions):  # type: ignore[no-untyped-def]
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
            flush(e_of_z[row], net, tangent, work)
            for q in range(k):
                V[first_of[e_of_z[row]] + a_of_z[row], q] = 0.0
    for e in range(op[N]):
        start = op[OFF] + e * (nr + nc + nw)
        gather(z, index, start, nr, nc, x, c)
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
