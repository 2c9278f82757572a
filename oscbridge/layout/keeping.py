"""Layouts as files: `<name>.npy`, (snapshots, neurons, 2) float32, and what made it in `<name>.json`."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BridgeError
from ..files import write_whole

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Layout:
    """positions: (snapshots, neurons, 2) float32 in the unit circle, snapshot 0 at rest, the others the moments of a
    loop; made: the network's id and the parameters; sha256: of the file it was read from."""

    positions: Floats
    made: dict[str, Any]
    path: Path
    sha256: str

    @property
    def places(self) -> Floats:
        """(neurons, 2), at rest."""
        return self.positions[0]


def save(path: Path, positions: Floats, made: dict[str, Any]) -> Layout:
    """Writes both files, each whole or not at all, the numbers last. path: of the .npy. Raises BridgeError 500."""
    content = io.BytesIO()
    np.save(content, np.ascontiguousarray(positions, "<f4"))
    sha256 = hashlib.sha256(content.getvalue()).hexdigest()
    made = {**made, "snapshots": len(positions), "neurons": positions.shape[1], "sha256": sha256}
    write_whole(path.with_suffix(".json"), (json.dumps(made, indent=1) + "\n").encode())
    write_whole(path, content.getvalue())
    return Layout(positions, made, path, sha256)


def load(path: Path, neurons: int) -> Layout:
    """Raises BridgeError: 404 no such file, 422 not a layout of so many neurons."""
    try:
        content = path.read_bytes()
        positions = np.load(io.BytesIO(content), allow_pickle=False)
    except FileNotFoundError as error:
        raise BridgeError(f"there is no layout {path.name}", 404) from error
    except (OSError, ValueError, EOFError) as error:
        raise BridgeError(f"{path.name} cannot be read as a layout: {error}; solve it again") from error
    if positions.ndim != 3 or positions.shape[2] != 2 or not len(positions) or positions.dtype.kind != "f":
        raise BridgeError(
            f"{path.name} is {positions.dtype} {positions.shape}; a layout is floats (snapshots, neurons, 2)"
        )
    if positions.shape[1] != neurons:
        raise BridgeError(f"{path.name} places {positions.shape[1]:,} neurons, and the network has {neurons:,}")
    if not np.isfinite(positions).all():
        raise BridgeError(f"{path.name} has places that are not numbers; solve it again")
    try:
        made = json.loads(path.with_suffix(".json").read_text())
    except (OSError, ValueError):
        made = {}  # the places are what counts
    made = made if isinstance(made, dict) else {}
    return Layout(positions.astype(np.float32), made, path, hashlib.sha256(content).hexdigest())
