"""`oscbridge patches DIR`: the patches, copied to where they may be changed."""

from __future__ import annotations

import filecmp
import shutil
from pathlib import Path

from ..errors import BridgeError
from ..resources import folder


def copy(target: Path, force: bool) -> int:
    """Copies all patches into `target` and says so. A file that differs is kept unless `force`; then 2 is returned.

    Raises BridgeError if the folder cannot be written.
    """
    source, target = folder("patches"), target.expanduser()
    files = _files(source)
    if target.resolve() == source.resolve() or source.resolve() in target.resolve().parents:
        raise BridgeError(f"{target} is where the patches come from; name a folder of your own")
    changed, copied = [], []
    for name in files:
        try:
            if _differs(source / name, target / name) and not force:
                changed.append(name)
            elif _differs(source / name, target / name) or not (target / name).exists():
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source / name, target / name)
                copied.append(name)
        except OSError as error:
            text = f"{target / name} cannot be written: {error.strerror}; name a folder that you may write"
            raise BridgeError(text) from error
    _tell(target, files, copied, changed)
    return 2 if changed else 0


def _files(source: Path) -> list[Path]:
    """Relative paths of what travels."""
    found = [p.relative_to(source) for p in sorted(source.rglob("*")) if p.is_file()]
    return [p for p in found if not any(part.startswith((".", "__pycache__")) for part in p.parts)]


def _differs(ours: Path, theirs: Path) -> bool:
    return theirs.exists() and not filecmp.cmp(ours, theirs, shallow=False)


def _tell(target: Path, files: list[Path], copied: list[Path], changed: list[Path]) -> None:
    for name in copied:
        print(f"  copied  {target / name}")
    for name in changed:
        print(f"  kept    {target / name}, which differs from ours")
    same = len(files) - len(copied) - len(changed)
    print(f"{len(copied)} copied" + (f", {same} there already" if same else ""))
    if changed:
        print(f"{len(changed)} kept as they are; --force overwrites them, or name another folder")
    readme = [target / name for name in files if name.name == "README.md"]
    if readme:
        print(f"Read {min(readme, key=lambda p: len(p.parts))} first.")
