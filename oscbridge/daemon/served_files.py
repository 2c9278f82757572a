"""Files that others may fetch: found by a plain name in one folder, never outside it, with their hash."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ..errors import BridgeError

MOST_HASHES = 1_024
BLOCK = 1 << 20

Version = tuple[int, int, int]  # inode, mtime in ns, size


@dataclass(frozen=True)
class Served:
    """A file open for reading. size: bytes; sha256: hexadecimal."""

    file: BinaryIO
    size: int
    sha256: str


class ServedFolder:
    """The files that lie in `folder` itself. It need not exist yet. Blocks on the disk; may be used from any thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._hashes: dict[str, tuple[Version, str]] = {}
        self._one_at_a_time = threading.Lock()

    def open(self, name: str) -> Served:
        """Raises BridgeError 404 if there is no such file: what is not plainly a file of this folder is none."""
        if not is_plain_name(name):
            raise _none(name)
        try:
            inside = self._folder.resolve()
            path = (inside / name).resolve()
            if path.parent != inside:  # a link that leads out
                raise _none(name)
            # not blocking: to open a pipe would wait for its writer
            flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
            file = os.fdopen(os.open(path, flags | getattr(os, "O_NONBLOCK", 0)), "rb")
        except (OSError, ValueError, RuntimeError):  # RuntimeError: links in a circle, before Python 3.13
            raise _none(name) from None
        try:
            facts = os.fstat(file.fileno())
            if not stat.S_ISREG(facts.st_mode):
                raise _none(name)
            version = (facts.st_ino, facts.st_mtime_ns, facts.st_size)
            return Served(file, facts.st_size, self._hash(path.name, version, file))
        except BaseException:
            file.close()
            raise

    def _hash(self, name: str, version: Version, file: BinaryIO) -> str:
        known = self._hashes.get(name)
        if known is not None and known[0] == version:
            return known[1]
        with self._one_at_a_time:  # a hundred requests for a new file read it once
            known = self._hashes.get(name)
            if known is not None and known[0] == version:
                return known[1]
            digest = hashlib.sha256()
            while block := file.read(BLOCK):
                digest.update(block)
            file.seek(0)
            if len(self._hashes) >= MOST_HASHES:
                self._hashes.clear()
            self._hashes[name] = (version, digest.hexdigest())
            return digest.hexdigest()


def is_plain_name(name: str) -> bool:
    """Whether it can only name a file in a folder itself: no path, no hidden or temporary file, no drive or stream."""
    return 0 < len(name) <= 200 and name.isprintable() and name[0] != "." and not re.search(r'[/\\:*?"<>|]', name)


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """What a Range header asks for, as (first byte, bytes); None if it does not ask for one range of bytes, and so for
    the whole. Raises BridgeError 416 if the file has nothing there. Source: RFC 9110, section 14.1.2.
    """
    match = re.fullmatch(r"bytes=([0-9]{0,18})-([0-9]{0,18})", header.strip(), re.IGNORECASE)
    if not match or match[0].endswith("=-"):
        return None
    if not match[1]:
        count = min(int(match[2]), size)
        first, end = size - count, size
    else:
        first, end = int(match[1]), min(int(match[2]) + 1, size) if match[2] else size
        if match[2] and int(match[2]) < first:
            return None
    if first >= end:
        raise BridgeError(f"the file has {size} bytes; {header.strip()[:60]!r} is not among them", 416)
    return first, end - first


def _none(name: str) -> BridgeError:
    return BridgeError(f"there is no file {name[:80]!r}", 404)
