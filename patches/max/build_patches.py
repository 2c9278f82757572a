"""Writes the patches for Max, the device for Live and a sketch of what they look like.

    python patches/max/build_patches.py            writes what differs
    python patches/max/build_patches.py --check    ends with 1 if anything differs

The ranges of dials come from oscbridge's own table of parameters. Users need none of this: the files are here.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True  # this folder is copied to users as it is

from generator.device import FOLDER, SHARED, device, device_file  # noqa: E402
from generator.main import PARTS, page  # noqa: E402
from generator.sketch import png  # noqa: E402


def generated() -> dict[Path, bytes]:
    """Every file that is made, and what is in it. The same each time."""
    files = {HERE / f"{name}.maxpat": make().maxpat() for name, make in PARTS.items()}
    files[HERE / "oscbridge.maxpat"] = page().maxpat()
    files[FOLDER / "oscbridge.amxd"] = device_file(device())
    files |= {FOLDER / name: (HERE / name).read_bytes() for name in SHARED}
    return files


def pictures() -> dict[Path, bytes]:
    """Drawn from the same boxes. They may differ by a few grains with another version of Pillow."""
    return {HERE / "oscbridge.png": png(page()), FOLDER / "oscbridge.png": png(device())}


def main(check: bool) -> int:
    differing = [p for p, data in generated().items() if not p.exists() or p.read_bytes() != data]
    for path in differing:
        print(f"{'differs' if check else 'written'}  {path.relative_to(HERE.parent)}")
        if not check:
            path.write_bytes(generated()[path])
    if not check:
        for path, data in pictures().items():
            path.write_bytes(data)
    return int(check and bool(differing))


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
