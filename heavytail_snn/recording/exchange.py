"""How recordings come in and go out: files, neo, pandas, and objects of other packages."""

from os import PathLike
from typing import TYPE_CHECKING, Any, Self

from heavytail_snn.recording.frozen import Frozen

if TYPE_CHECKING:
    import neo
    import pandas as pd


class Exchange(Frozen):
    """The part of `Recording` that reads and writes; each way is loaded on first use."""

    @classmethod
    def read(cls, path: str | PathLike[str], **options: Any) -> Self:
        """Read a recording from a file; see `heavytail_snn.recording.files.read`."""
        from heavytail_snn.recording.files import read

        return read(path, cls, **options)  # type: ignore[arg-type, return-value]

    @classmethod
    def from_data(cls, data: Any, **options: Any) -> Self:
        """Return the spikes in a Python object.

        Parameters
        ----------
        data : dict, list, array, DataFrame, Series, Ts, TsGroup, sorting, neo object or monitor
            A dictionary holds one train a unit, {name: times}, or vectors of times and units; a
            DataFrame has one row a spike or one column a unit; a sorting is one of SpikeInterface.
        **options
            time_unit, sampling_rate, variable, t_start, t_stop, ...: as for `Recording.read`.

        Examples
        --------
        >>> import heavytail_snn as ht
        >>> ht.Recording({"a": [0.1, 0.4], "b": [0.25]}, t_start=0.0, t_stop=1.0)
        Recording(2 units, 3 spikes, 0 to 1 s)
        """
        from heavytail_snn.recording.files import from_data

        return from_data(data, cls, **options)  # type: ignore[arg-type, return-value]

    @classmethod
    def from_neo(
        cls, data: Any, t_start: Any = None, t_stop: Any = None, *,
        sort: bool = False, drop_duplicates: bool = False,
    ) -> Self:  # fmt: skip
        """Return a neo Segment, Block or list of SpikeTrains; see `neo_edge.from_neo`."""
        from heavytail_snn.recording.neo_edge import from_neo

        return from_neo(  # type: ignore[return-value]
            data, cls, t_start, t_stop, sort=sort, drop_duplicates=drop_duplicates  # type: ignore
        )  # fmt: skip

    def to_neo(self, *, lazy: bool = True) -> "neo.Segment":
        """Return a neo.Segment with the limits of the run; see `neo_edge.to_neo`."""
        from heavytail_snn.recording.neo_edge import to_neo

        return to_neo(self, lazy=lazy)  # type: ignore[arg-type]

    def to_pandas(self) -> "pd.DataFrame":
        """Return a pandas.DataFrame with one row a spike: time_s, unit, and its unit's columns."""
        import pandas as pd

        frame = pd.DataFrame({"time_s": self.times, "unit": self.ids})  # type: ignore[attr-defined]
        for name, values in self.units.columns.items():  # type: ignore[attr-defined]
            if name not in frame.columns:
                frame[name] = values[self.ids]  # type: ignore[attr-defined]
        return frame

    def write(self, path: str | PathLike[str], *, format: str | None = None) -> None:
        """Write .npz or .nix (everything), .nwb, .csv or .txt; see `files.write`."""
        from heavytail_snn.recording.files import write

        write(self, path, format=format)  # type: ignore[arg-type]
