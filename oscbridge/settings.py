"""What is read from the table of parameters (sections.py).

From its classes come the YAML's check, `config/default.yaml`, the addresses `/ear/<section>/<name>` with their
set, query and clamp, the address reference, presets, and the values that the workers read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic.fields import FieldInfo

from .errors import BridgeError
from .sections import Route, Section, Settings, number_is_a_name
from .validation import Mistakes, allowed, bounds, check, did_you_mean, read_yaml, shown

ROUTES = "routes"  # a list in the settings file, and no section of parameters

Wire = int | float | str  # what an OSC argument can be


@dataclass(frozen=True)
class Parameter:
    """One parameter as every reader of the table sees it."""

    section: str
    name: str
    field: FieldInfo

    @property
    def path(self) -> str:
        return f"{self.section}.{self.name}"

    @property
    def address(self) -> str:
        return f"/ear/{self.section}/{self.name}"

    @property
    def doc(self) -> str:
        return self.field.description or ""

    @property
    def unit(self) -> str:
        return str(self._extra["unit"])

    @property
    def live(self) -> bool:
        return bool(self._extra["live"])

    @property
    def scale(self) -> str:
        return str(self._extra["scale"])

    @property
    def on_wire(self) -> bool:
        """Lists live in the YAML only: an OSC address has one type signature."""
        return self.tag != ""

    @property
    def tag(self) -> str:
        """The OSC type of its value, "" if it has none."""
        if self.choices:
            return "s"
        tags: dict[Any, str] = {int: "i", bool: "i", float: "f", str: "s"}
        return tags.get(self.field.annotation, "")

    @property
    def choices(self) -> tuple[str, ...]:
        return tuple(c for c in get_args(self.field.annotation) if isinstance(c, str))

    @property
    def low(self) -> float | None:
        return bounds(self.field)[0]

    @property
    def high(self) -> float | None:
        return bounds(self.field)[1]

    @property
    def allowed(self) -> str:
        return allowed(self.field)

    @property
    def _extra(self) -> dict[str, Any]:
        extra = self.field.json_schema_extra
        assert isinstance(extra, dict)
        return extra

    def of(self, settings: Settings) -> Any:
        return getattr(getattr(settings, self.section), self.name)

    def to_wire(self, settings: Settings) -> Wire:
        value: Wire = self.of(settings)
        return int(value) if isinstance(value, bool) else value

    def from_wire(self, value: Any) -> Any:
        """The value that an OSC argument sets: clamped if it is a number, refused (BridgeError) if of another kind."""
        kind = self.field.annotation
        if isinstance(value, float) and not math.isfinite(value):
            raise BridgeError(f"{self.path} got {value}; expected {self.allowed}")
        if kind is bool and value in (0, 1) and not isinstance(value, str):
            return bool(value)
        if kind is float and isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(self._clamp(value))
        if kind is int and isinstance(value, (int, float)) and not isinstance(value, bool) and value == int(value):
            return int(self._clamp(int(value)))
        if self.choices and value in self.choices:
            return value
        if kind is str and isinstance(value, (int, str)) and not isinstance(value, bool):
            return str(number_is_a_name(value))
        hint = did_you_mean(value, self.choices) if isinstance(value, str) else ""
        raise BridgeError(f"{self.path} got {shown(value)}; expected {self.allowed}.{hint}".rstrip("."))

    def _clamp(self, value: float) -> float:
        low, high = bounds(self.field)
        return min(max(value, low if low is not None else value), high if high is not None else value)


def parameters() -> Iterator[Parameter]:
    """Every parameter, in the order of the table."""
    for section, field in Settings.model_fields.items():
        if not (isinstance(field.annotation, type) and issubclass(field.annotation, Section)):
            continue  # routes: a list is no section
        for name, inner in field.annotation.model_fields.items():
            yield Parameter(section, name, inner)


def live_parameters() -> list[Parameter]:
    """What can be changed while running, and what a preset keeps."""
    return [p for p in parameters() if p.live]


def changed(settings: Settings, values: dict[str, Any]) -> Settings:
    """A copy with `values` ("section.name": value) in place. Raises Mistakes if one is out of domain."""
    return check(Settings, _merged(settings.model_dump(), values), "settings")


def load(path: Path | None, overrides: list[str]) -> Settings:
    """Settings from a YAML file (None: the defaults) and `section.name=value` texts, which win.

    Raises BridgeError with every mistake at once: file, path, what came, what is allowed.
    """
    data: dict[str, Any] = {}
    mistakes: list[str] = []
    if path is not None:
        data = read_yaml(path) or {}
        mistakes += _mistakes(data, str(path))
    values: dict[str, Any] = {}
    for text in overrides:
        try:
            name, value = _override(text)
            _lookup(name, f"--set {text}")
        except BridgeError as error:
            mistakes.append(str(error))
            continue
        section, key = name.split(".")
        mistakes += _mistakes({section: {key: value}}, f"--set {text}")
        values[name] = value
    if mistakes:
        raise Mistakes(mistakes)
    return check(Settings, _merged(data, values), str(path) if path else "settings")


def _mistakes(data: Any, source: str) -> list[str]:
    try:
        check(Settings, data, source)
    except Mistakes as error:
        return error.lines
    return []


def _override(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise BridgeError(f"--set {text}: expected section.name=value, as in listen.gain_db=6")
    parameter = next((p for p in parameters() if p.path == name.strip()), None)
    value = value.strip()
    if parameter is not None and parameter.tag == "s":
        return parameter.path, value
    try:
        parsed = yaml.safe_load(value)
    except yaml.YAMLError:
        parsed = value
    return name.strip(), parsed


def _lookup(name: str, source: str) -> Parameter:
    known = {p.path: p for p in parameters()}
    if name not in known:
        raise BridgeError(f"{source}: no such setting {name!r}.{did_you_mean(name, list(known))}")
    return known[name]


def _merged(data: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    result = {k: dict(v) if isinstance(v, dict) else v for k, v in data.items()}
    for name, value in values.items():
        section, key = name.split(".")
        result.setdefault(section, {})[key] = value
    return result


def default_yaml() -> str:
    """config/default.yaml: every parameter with its sentence, its range and its unit."""
    lines = ["# Every parameter with its default. Copy what you change into a file of your own and start it with"]
    lines += ["#   oscbridge run show.yaml", ""]
    section = ""
    for p in parameters():
        if p.section != section:
            section = p.section
            lines += [f"{section}:"]
        value = yaml.safe_dump(p.of(Settings()), default_flow_style=True, width=10_000).removesuffix("...\n").strip()
        note = "" if p.choices == () and p.tag == "s" else f" ({p.allowed})"
        lines += [f"  # {p.doc}{note}", f"  {p.name}: {value}"]
    lines += [f"{ROUTES}: []", "  # Levels on their way to any OSC address of any host. Each is a map of:"]
    for name, field in Route.model_fields.items():
        lines += [f"  #   {field.alias or name}: {field.description}"]
    return "\n".join(lines) + "\n"
