"""One trajectory of an exact network."""

from typing import TYPE_CHECKING

import numpy as np

from heavytail_snn.analysis.lyapunov.hybrid.exact import motion as X
from heavytail_snn.core.errors import ConvergenceError

if TYPE_CHECKING:
    from heavytail_snn.analysis.lyapunov.hybrid.exact.network import ExactNetwork


class Orbit:
    """One trajectory.

    Attributes
    ----------
    z : (n_cells,) array
        Every array of the network, in SI units; `time` in s.
    release : (n_held,) array
        When a refractory neuron is free again, in s; inf where it is free.
    """

    def __init__(self, net: "ExactNetwork", room: int = 4096) -> None:
        self.net = net
        start = net.system.start
        self.z = net.layout.z.copy()
        self.clock = np.array([start])
        self.above = np.zeros(max(1, net.n_above), dtype=np.int64)
        self.release = np.full(net.n_held, np.inf)
        self.counts = np.zeros(6, dtype=np.int64)
        self.queue_t, self.queue = np.zeros((room, 2)), np.zeros((room, 7), dtype=np.int64)
        self.log_t, self.log = np.zeros(room), np.zeros((room, 4), dtype=np.int64)
        self.ordinals = np.zeros(max(1, net.n_above), dtype=np.int64)
        marks, given = net.timing[0], net.timing[3]
        self.counts[X.AT_MARK] = np.searchsorted(marks, start - 1e-12)
        self.counts[X.AT_GIVEN] = np.searchsorted(given, start - 1e-12)
        X.sums(self.z, start, net.net, net.motion)

    @property
    def time(self) -> float:
        """The present time in s."""
        return float(self.clock[0])

    def copy(self) -> "Orbit":
        """Return an orbit that goes on from the same state, with an empty log."""
        new = object.__new__(Orbit)
        for name, value in self.__dict__.items():
            setattr(new, name, value.copy() if isinstance(value, np.ndarray) else value)
        return new

    def advance(self, until: float) -> None:
        """Go on to a time in s.

        Raises
        ------
        ConvergenceError
            If steps become shorter than 1 ns.
        """
        net = self.net
        while True:
            orbit = (
                self.z, self.clock, self.above, self.release, self.counts, self.queue_t,
                self.queue, self.log_t, self.log, self.ordinals,
            )  # fmt: skip
            code = X.walk(
                until, net.step, net.tolerance, net.net, net.motion, net.units, net.wires,
                net.timing, orbit, net.batch, *net.work,
            )  # fmt: skip
            if code == X.ARRIVED:
                return
            if code == X.STUCK:
                raise ConvergenceError(f"the state changes within less than 1 ns at {self.time} s")
            if code == X.LOG_FULL:
                n = self.log_t.size
                self.log_t = np.concatenate([self.log_t, np.zeros(n)])
                self.log = np.concatenate([self.log, np.zeros((n, 4), dtype=np.int64)])
            else:
                n = len(self.queue)
                self.queue_t = np.concatenate([self.queue_t, np.zeros((n, 2))])
                self.queue = np.concatenate([self.queue, np.zeros((n, 7), dtype=np.int64)])

    def take_log(self) -> tuple[np.ndarray, np.ndarray]:
        """Return times (n,) and rows (kind, which, element, spike) (n, 4), and empty the log."""
        n = int(self.counts[X.N_LOG])
        self.counts[X.N_LOG] = 0
        return self.log_t[:n].copy(), self.log[:n].copy()

    def spikes(self) -> np.ndarray:
        """Return the number of spikes so far of each element of each threshold."""
        return self.ordinals.copy()

    def pending(self) -> dict[tuple[int, int, int], list[int]]:
        """Return (threshold, element, ordinal) of spikes with pulses to come -> queue entries."""
        found: dict[tuple[int, int, int], list[int]] = {}
        for q in range(int(self.counts[X.N_QUEUE])):
            row = self.queue[q]
            if self.net.thresholds[row[X.Q_THRESHOLD]][X.T_BLOCK] < 0:
                continue  # given
            key = (int(row[X.Q_THRESHOLD]), int(row[X.Q_ELEMENT]), int(row[X.Q_ORDINAL]))
            found.setdefault(key, []).append(q)
        return dict(sorted(found.items()))
