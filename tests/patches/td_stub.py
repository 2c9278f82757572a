"""As much of TouchDesigner's Python as the patch uses, and nothing that is not in `td_operators`.

An operator has only the parameters of the table, and its menus only their entries. A text DAT's `module` is not in
`sys.modules`, a Script TOP cooks its callbacks, and an array that it could not take is refused.
"""

from __future__ import annotations

import types
from pathlib import Path
from typing import Any

import numpy as np

from .td_operators import INPUTS, PARAMETERS


class Par:
    def __init__(self, owner: Op, name: str, menu: tuple[object, ...] | None = None, value: Any = 0) -> None:
        self.owner, self.name, self._menu, self._value, self.expr = owner, name, menu, value, ""
        self.default: Any = value
        self.pulses = 0
        self.readOnly = self.clampMin = self.clampMax = False
        self.min = self.max = self.normMin = self.normMax = 0.0
        self.menuLabels: list[str] = []

    @property
    def menuNames(self) -> list[str]:
        return [str(name) for name in self._menu or ()]

    @menuNames.setter
    def menuNames(self, names: list[str]) -> None:
        self._menu = tuple(names)

    @property
    def val(self) -> Any:
        return self._value

    @val.setter
    def val(self, value: Any) -> None:
        if self._menu is not None and value not in self._menu:
            raise ValueError(f"{self.owner.type}.{self.name} has no {value!r}, only {self._menu}")
        self._value = value

    def eval(self) -> Any:
        if not self.expr:
            return self._value
        me = self.owner
        value = eval(self.expr, {"me": me, "parent": me.parent, "op": me.sibling})
        return value.eval() if isinstance(value, Par) else value

    def pulse(self) -> None:
        self.pulses += 1


class ParCollection:
    def __init__(self, owner: Op, table: dict[str, tuple[object, ...] | None]) -> None:
        object.__setattr__(self, "pars", {name: Par(owner, name, menu) for name, menu in table.items()})

    def __getattr__(self, name: str) -> Par:
        if name not in self.pars:
            raise AttributeError(f"no parameter {name}")
        return self.pars[name]

    def __setattr__(self, name: str, value: Any) -> None:
        getattr(self, name).val = value

    def __getitem__(self, name: str) -> Par | None:
        return self.pars.get(name)


class Connector:
    def __init__(self, owner: Op) -> None:
        self.owner = owner
        self.source: Op | None = None

    def connect(self, source: Op) -> None:
        assert isinstance(source, Op), f"{self.owner.path} is connected to {source!r}"
        assert source.family == self.owner.family, f"{source.path} into {self.owner.path}"
        self.source = source


class Op:
    def __init__(self, kind: str, name: str, parent: Op | None) -> None:
        self.type, self.name, self._parent = kind, name, parent
        self.family = kind.lstrip("abcdefghijklmnopqrstuvwxyz")
        self.children: list[Op] = []
        self.docked: list[Op] = []
        self.par = ParCollection(self, PARAMETERS.get(kind, {}))
        self.inputConnectors = [Connector(self) for _ in range(INPUTS.get(kind, 0))]
        self.nodeX = self.nodeY = 0
        self.viewer = self.render = self.display = False
        self.text = ""
        self.rows: list[list[str]] = []
        self.array: np.ndarray | None = None
        self.cooks = 0
        self._module: tuple[str, types.ModuleType] | None = None
        self.customPages: list[str] = []

    @property
    def path(self) -> str:
        return (self._parent.path.rstrip("/") if self._parent else "") + "/" + self.name

    def parent(self, steps: int = 1) -> Op:
        up: Op | None = self
        for _ in range(steps):
            assert up is not None
            up = up._parent
        assert up is not None, f"{self.path} has no parent {steps} steps up"
        return up

    def op(self, name: str) -> Op | None:
        return next((child for child in self.children if child.name == name), None)

    def sibling(self, name: str) -> Op | None:
        return self.parent().op(name)

    def create(self, kind: Kind, name: str) -> Op:
        assert isinstance(kind, Kind), f"{kind!r} is no operator type"
        assert self.op(name) is None, f"{self.path} has a {name} already"
        made = Op(kind.name, name, self)
        self.children.append(made)
        if kind.name in ("scriptTOP", "udpinDAT"):
            made.docked.append(self.create(Kind("textDAT"), name + "_callbacks"))
        if kind.name == "geometryCOMP":
            made.children.append(Op("torusSOP", "torus1", made))
        return made

    def destroy(self) -> None:
        self.parent().children.remove(self)

    # DATs

    @property
    def module(self) -> types.ModuleType:
        if self._module is None or self._module[0] != self.text:
            module = types.ModuleType(self.path)
            module.__dict__.update(me=self, op=self.sibling, parent=self.parent)
            exec(compile(self.text, self.path, "exec"), module.__dict__)
            self._module = self.text, module
        return self._module[1]

    def clear(self) -> None:
        self.rows.clear()

    def appendRow(self, row: list[Any]) -> None:
        self.rows.append([str(cell) for cell in row])

    # CHOPs and TOPs

    @property
    def numChans(self) -> int:
        return int(self.type == "audiofileinCHOP" and Path(str(self.par.file.eval())).is_file())

    def errors(self) -> str:
        file = str(self.par.file.eval() or "") if self.type == "audiofileinCHOP" else ""
        return "" if not file or file.startswith("http") or Path(file).is_file() else f"cannot read {file}"

    def cook(self, force: bool = False) -> None:
        assert self.type == "scriptTOP" and force
        self.cooks += 1
        callbacks = self.sibling(self.par.callbacks.eval())
        assert callbacks is not None
        callbacks.module.onCook(self)

    def copyNumpyArray(self, array: np.ndarray) -> None:
        assert array.ndim == 3 and array.shape[2] in (3, 4), f"{self.name}: {array.shape}"
        assert array.dtype in (np.uint8, np.uint16, np.float32) and array.flags.c_contiguous, array.dtype
        self.array = array.copy()

    # COMPs

    def appendCustomPage(self, name: str) -> Page:
        self.customPages.append(name)
        return Page(self)


class Page:
    def __init__(self, comp: Op) -> None:
        self.comp = comp

    def _append(self, name: str, value: Any, menu: tuple[object, ...] | None = None) -> list[Par]:
        assert name.isalnum() and name == name.capitalize(), f"{name}: one capital, then lower case and digits"
        assert name not in self.comp.par.pars, f"{name} is there already"
        par = self.comp.par.pars[name] = Par(self.comp, name, menu, value)
        return [par]

    def appendStr(self, name: str, label: str = "") -> list[Par]:
        return self._append(name, "")

    def appendInt(self, name: str, label: str = "") -> list[Par]:
        return self._append(name, 0)

    def appendFloat(self, name: str, label: str = "") -> list[Par]:
        return self._append(name, 0.0)

    def appendToggle(self, name: str, label: str = "") -> list[Par]:
        return self._append(name, False)

    def appendPulse(self, name: str, label: str = "") -> list[Par]:
        return self._append(name, 0)

    def appendMenu(self, name: str, label: str = "") -> list[Par]:
        return self._append(name, "", ())


class Kind:
    """An operator type, as `td.baseCOMP` is."""

    def __init__(self, name: str) -> None:
        assert name in PARAMETERS, f"{name} is not in the table of operators"
        self.name = name


class Td(types.ModuleType):
    """The module `td`, with a project of its own."""

    def __init__(self, chosen: str = "", project_folder: str = "") -> None:
        super().__init__("td")
        self.root = Op("baseCOMP", "", None)
        self.project1 = self.root.create(Kind("baseCOMP"), "project1")
        self.ui = types.SimpleNamespace(chooseFolder=lambda title="": chosen)
        self.project = types.SimpleNamespace(folder=project_folder)

    def op(self, path: str) -> Op | None:
        return {"/": self.root, "/project1": self.project1}.get(path)

    def __getattr__(self, name: str) -> Kind:
        if name.startswith("__"):
            raise AttributeError(name)
        return Kind(name)
