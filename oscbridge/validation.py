"""From YAML to a checked pydantic model; every mistake in it told at once, in words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from .errors import BridgeError

Model = TypeVar("Model", bound=BaseModel)


class Mistakes(BridgeError):
    """All mistakes of one file. `lines` holds one sentence for each."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = list(lines)


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """' Did you mean X?' with the nearest of `known`, or '' if none is near."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f" Did you mean {near[0]}?" if near else ""


def read_yaml(path: Path) -> Any:
    """The parsed file. Raises BridgeError: 404 if it is not there, 422 if it is not YAML."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BridgeError(f"{path} cannot be read: {error.strerror}.", 404) from error
    except UnicodeDecodeError as error:
        raise BridgeError(f"{path} is not UTF-8 text: {error.reason}.") from error
    try:
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise BridgeError(f"{where}: not YAML: {error.problem}.") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise BridgeError(f"{path}: not YAML: {error}.") from error


def check(model: type[Model], data: Any, source: str) -> Model:
    """`data` as `model`. source: the file or option it came from, for the messages. Raises Mistakes."""
    if not isinstance(data, dict):
        raise Mistakes([f"{source}: expected 'section:' lines, got {shown(data)}."])
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise Mistakes([_sentence(model, item, source) for item in error.errors()]) from error


def allowed(field: FieldInfo) -> str:
    """What a field takes, in words: 'a number from 0.1 to 10', 'one of neuron, layer, none'."""
    choices = [str(choice) for choice in get_args(field.annotation) if isinstance(choice, str)]
    if choices:
        return "one of " + ", ".join(choices)
    kinds: dict[Any, str] = {
        int: "a whole number",
        float: "a number",
        bool: "true or false",
        str: "text",
        dict: "a section",
    }
    kind = kinds.get(field.annotation) or ("a list" if re.search("list|tuple", str(field.annotation)) else "a section")
    low, high = bounds(field)
    unit = (field.json_schema_extra or {}).get("unit", "") if isinstance(field.json_schema_extra, dict) else ""
    span = f" from {low:g} to {high:g}" if low is not None and high is not None else ""
    return f"{kind}{span}{f' {unit}' if unit else ''}"


def bounds(field: FieldInfo) -> tuple[float | None, float | None]:
    """The lowest and highest value a field takes, None where it has no bound."""
    low = next((m.ge for m in field.metadata if hasattr(m, "ge")), None)
    high = next((m.le for m in field.metadata if hasattr(m, "le")), None)
    return low, high


def shown(value: Any) -> str:
    """A value as it came, cut to what a message has room for."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _sentence(model: type[BaseModel], item: Any, source: str) -> str:
    path = [str(part) for part in item["loc"]]
    fields: dict[str, FieldInfo] = dict(model.model_fields)
    field: FieldInfo | None = None
    for part in path:
        field = fields.get(part)
        inner = field.annotation if field else None
        inner = next((a for a in get_args(inner) if _is_model(a)), inner)
        if _is_model(inner):
            fields = dict(inner.model_fields)  # type: ignore[union-attr]
    name = ".".join(path)
    if item["type"] == "extra_forbidden":
        known = list(fields)
        return f"{source}: {name}: no such setting. It takes {', '.join(known)}.{did_you_mean(path[-1], known)}"
    if item["type"] == "missing":
        return f"{source}: {name} is missing."
    came = shown(item["input"])
    if item["type"] == "value_error":
        # a whole section is too long to be shown, and what is wrong with it says which part
        what = f"{name} is {came}; " if not isinstance(item["input"], dict) else f"{name}: " if name else ""
        return f"{source}: {what}{item['ctx']['error']}."
    if field is None:
        return f"{source}: {name} is {came}; {item['msg'].lower()}."
    hint = did_you_mean(str(item["input"]), [str(choice) for choice in get_args(field.annotation)])
    return f"{source}: {name} is {came}; expected {allowed(field)}.{hint}"


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
