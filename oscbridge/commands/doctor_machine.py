"""The machine: system, libraries, folders, clock."""

from __future__ import annotations

import datetime
import importlib
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from .. import resources
from ..errors import BridgeError
from ..sections import Settings
from .finding import OK, PROBLEM, WARN, Finding

LEAST_PYTHON = (3, 10)
IMPORTED = ("torch", "numpy", "pythonosc", "pydantic", "soundfile", "soxr", "safetensors", "yaml", "rich", "typer")
PACKAGES = {"pythonosc": "python-osc", "yaml": "pyyaml"}
TIMETAGS_END = datetime.datetime(2036, 2, 7, tzinfo=datetime.timezone.utc)
FIRST_RELEASE = datetime.datetime(2025, 1, 1, tzinfo=datetime.timezone.utc)
CPUFREQ = Path("/sys/devices/system/cpu/cpu0/cpufreq")
PORTAUDIO_S = 10.0


def system() -> Iterator[Finding]:
    version = platform.python_version()
    is_old = sys.version_info < LEAST_PYTHON
    least = ".".join(map(str, LEAST_PYTHON))
    text = f"{version} {platform.python_implementation()}, {'64' if sys.maxsize > 2**32 else '32'} bit"
    yield Finding(
        PROBLEM if is_old else OK, "Python", text, f"oscbridge needs Python {least} or newer" if is_old else ""
    )
    yield Finding(OK, "system", f"{_system()}, {platform.machine()}")
    yield Finding(OK, "CPU", f"{_cpu()}, {_cores()} cores for this process")


def libraries() -> Iterator[Finding]:
    """Each is imported: a package may be there and not load."""
    versions = []
    for module in IMPORTED:
        package = PACKAGES.get(module, module)
        try:
            importlib.import_module(module)
            versions.append(f"{package} {metadata.version(package)}{_inner(module)}")
        except (ImportError, OSError, metadata.PackageNotFoundError) as error:
            todo = f'install oscbridge again: "{sys.executable}" -m pip install --force-reinstall {package}'
            yield Finding(PROBLEM, "library", f"{package} does not load: {error}", todo)
    yield Finding(OK, "library", ", ".join(versions))


def folders(chosen: Settings) -> Iterator[Finding]:
    missing = []
    for name in ("models", "loops", "config", "patches"):
        try:
            resources.folder(name)
        except BridgeError:
            missing.append(name)
    if missing:
        todo = "install oscbridge again; a checkout has them beside the package"
        yield Finding(PROBLEM, "folders", f"{', '.join(missing)}: not there", todo)
    else:
        yield Finding(OK, "folders", f"models, loops, config, patches in {_shown(resources.folder('models').parent)}")
        yield _loop()
    yield _user_folder(resources.user_folder(chosen.server.folder))


def clock(now: datetime.datetime | None = None) -> Iterator[Finding]:
    """now: stands in for the system's time, in tests."""
    now = now or datetime.datetime.now(datetime.timezone.utc)
    text = f"{now:%Y-%m-%d %H:%M:%S} UTC, monotonic steps of {time.get_clock_info('monotonic').resolution * 1e9:.0f} ns"
    if not FIRST_RELEASE < now < TIMETAGS_END:
        todo = f"set the system's clock: OSC's timetags need it between {FIRST_RELEASE:%Y} and {TIMETAGS_END:%Y-%m-%d}"
        yield Finding(PROBLEM, "clock", text, todo)
    else:
        yield Finding(OK, "clock", text)


def governor() -> Iterator[Finding]:
    """What sets the speed of the CPU on Linux; elsewhere nothing is said."""
    try:
        name, driver = ((CPUFREQ / f).read_text().strip() for f in ("scaling_governor", "scaling_driver"))
    except OSError:
        return
    if name == "powersave" and "pstate" not in driver:  # the pstate drivers call their usual mode so
        todo = "for a show: `sudo cpupower frequency-set -g performance`, and plug in the power supply"
        yield Finding(WARN, "speed", f"the CPU is kept at its lowest clock (governor {name}, driver {driver})", todo)
    else:
        yield Finding(OK, "speed", f"CPU governor {name}, driver {driver}")


def _system() -> str:
    if sys.platform == "linux":
        try:
            name = platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
        except OSError:
            name = "Linux"
        return f"{name}, kernel {platform.release()}"
    if sys.platform == "darwin":
        return f"macOS {platform.mac_ver()[0]}"
    return platform.platform()


def _cpu() -> str:
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found.group(1) if found else platform.processor() or platform.machine()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _inner(module: str) -> str:
    """The version of the library inside a package."""
    if module == "soundfile":
        import soundfile

        return f" ({soundfile.__libsndfile_version__})"
    return ""


def portaudio() -> str:
    """Versions of sounddevice and PortAudio, "" if there is none. In a process of its own: PortAudio may hang."""
    code = "import sounddevice as s; print(s.__version__, s.get_portaudio_version()[1].split(',')[0], sep=', ')"
    try:
        ended = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=PORTAUDIO_S, check=False
        )
    except subprocess.TimeoutExpired:
        return ""
    return f"sounddevice {ended.stdout.strip()}" if ended.returncode == 0 else ""


def _loop() -> Finding:
    import soundfile

    path = resources.loop_file()
    try:
        info = soundfile.info(path)
    except (OSError, soundfile.LibsndfileError) as error:
        return Finding(PROBLEM, "loop", f"{path} cannot be read: {error}", "install oscbridge again")
    return Finding(OK, "loop", f"{path.name}, {info.duration:.1f} s, {info.samplerate:,} Hz, {info.channels} channels")


def _user_folder(folder: Path) -> Finding:
    """Tried in the folder itself, or in the nearest one above that is there: nothing is left behind."""
    there = next(p for p in [folder, *folder.absolute().parents] if p.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        text = f"presets and log cannot be written to {_shown(folder)}: {error.strerror}"
        return Finding(PROBLEM, "folders", text, "take another with --set server.folder=DIR")
    return Finding(
        OK, "folders", f"presets and log in {_shown(folder)}" + ("" if folder.exists() else ", made when needed")
    )


def _shown(path: Path) -> str:
    """With ~ for the home folder: a bug report need not tell the user's name."""
    return f"~/{path.relative_to(Path.home())}" if path.is_relative_to(Path.home()) else str(path)
