"""Recorded music that anyone may use: the soundtracks of free games, out of Debian's packages.

Several hundred pieces by a hundred people, with real mixes and real masters: what rendered scores and synthesised
tracks can't give.
"""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from ..errors import BridgeError
from ..files import write_whole
from .shelf import SUFFIXES

SMALLEST = 250_000  # bytes; below that it is a sound effect

LEARN = (
    "ardentryst", "asc-music", "extremetuxracer-data", "fillets-ng-data", "freedroidrpg-data", "freeorion-data",
    "frozen-bubble-data", "hedgewars-data", "lincity-ng-data", "lordsawar-data", "lugaru-data", "marsshooter-data",
    "megaglest-data", "naev-data", "supertux-data", "supertuxkart-data", "torus-trooper-data", "unknown-horizons",
    "warmux-data", "warzone2100-music", "widelands-data", "xmoto-data", "zaz-data",
)  # fmt: skip
UNHEARD = ("wesnoth-1.16-music",)  # orchestral: kept out of all training, to measure what carries over


def fetch(packages: tuple[str, ...], folder: Path, told: Callable[[str], None]) -> list[str]:
    """Downloads packages without installing them, and keeps their music in folder/<package>/, with its COPYRIGHT.

    Returns the packages that could not be had. Raises BridgeError where there are no Debian packages.
    """
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise BridgeError(
            "recordings come from Debian's packages, and apt-get is not here; use folders of your own", 404
        )
    missing = []
    for package in packages:
        if (folder / package / "COPYRIGHT").exists():
            continue
        told(package)
        with tempfile.TemporaryDirectory() as temporary:
            command = ["apt-get", "download", "-q", "-o", "APT::Sandbox::User=root", package]
            ended = subprocess.run(command, cwd=temporary, capture_output=True, check=False)
            archive = next(Path(temporary).glob("*.deb"), None)
            if ended.returncode or archive is None:
                missing.append(package)
                continue
            _unpack(archive, folder / package)
    return missing


def _unpack(archive: Path, target: Path) -> None:
    """The copyright comes last: a package without it is fetched again."""
    copyright_text = b"see the package\n"
    with (
        subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(archive)], stdout=subprocess.PIPE) as process,
        tarfile.open(fileobj=process.stdout, mode="r|") as tar,
    ):
        for member in tar:
            name = PurePosixPath(member.name)
            content = tar.extractfile(member) if member.isfile() else None
            if content is None:
                continue
            if name.name == "copyright":
                copyright_text = content.read()
            elif name.suffix.lower() in SUFFIXES and member.size >= SMALLEST:
                write_whole(target / name.name, content.read())
    write_whole(target / "COPYRIGHT", copyright_text)
