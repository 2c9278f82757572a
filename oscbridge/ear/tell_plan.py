"""Run as a process: makes the network of the user's own whose YAML is named, and tells its plan as a line of JSON."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from ..errors import BridgeError

MARK = "plan: "  # what the user's own code prints has none


def main(path: Path) -> None:
    from .module import make

    try:
        told = asdict(make(path).plan)
    except BridgeError as error:
        told = {"refused": str(error), "code": error.code}
    print(MARK + json.dumps(told), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
