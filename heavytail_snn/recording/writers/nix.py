"""Writing .nix through neo; everything is kept."""

from pathlib import Path
from typing import TYPE_CHECKING

from heavytail_snn.core.errors import BackendError
from heavytail_snn.door.atomic import replacing

if TYPE_CHECKING:
    from heavytail_snn.recording.recording import Recording


def write_nix(recording: "Recording", path: Path) -> None:
    """Write a neo Block with one Segment."""
    try:
        import nixio  # noqa: F401
    except ImportError as error:
        raise BackendError(
            f"{path} needs the package nixio; run pip install 'neo[nixio]', or write .npz"
        ) from error
    import neo

    block = neo.Block(name="heavytail_snn recording")
    block.segments.append(recording.to_neo(lazy=False))
    with replacing(path) as temporary:
        writer = neo.io.NixIO(str(temporary), "ow")
        writer.write_block(block)
        writer.close()
