"""Writing: to a temporary file beside the goal, which is renamed when it is complete.

Whatever fails on the way, the old file stays as it was and no half file carries its name.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path with the same suffix; it becomes `path` if nothing failed.

    Parameters
    ----------
    path : Path
        An existing file is replaced at once, or stays as it was.
    """
    handle, name = tempfile.mkstemp(
        suffix=path.suffix, prefix=f".{path.stem[:40]}-", dir=path.parent or "."
    )
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _set_usual_mode(temporary)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text, completely or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _set_usual_mode(path: Path) -> None:
    """Give a file the mode that `open` would: mkstemp makes it private."""
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o666 & ~mask)
