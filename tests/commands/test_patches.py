"""`oscbridge patches DIR`: what is copied, and what is never overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from oscbridge.cli import app
from oscbridge.resources import folder

OURS = folder("patches")
FILES = sorted(p.relative_to(OURS) for p in OURS.rglob("*") if p.is_file() and not p.name.startswith("."))


def copy(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["patches", *map(str, arguments)])


def test_every_patch_arrives_as_it_is(tmp_path: Path) -> None:
    result = copy(tmp_path / "new" / "folder")
    assert result.exit_code == 0, result.output
    for name in FILES:
        assert (tmp_path / "new" / "folder" / name).read_bytes() == (OURS / name).read_bytes()
        assert str(name) in result.output
    assert f"Read {tmp_path / 'new' / 'folder' / 'README.md'} first." in result.output


def test_copying_again_changes_nothing(tmp_path: Path) -> None:
    copy(tmp_path)
    times = [(tmp_path / name).stat().st_mtime_ns for name in FILES]
    result = copy(tmp_path)
    assert result.exit_code == 0 and f"0 copied, {len(FILES)} there already" in result.output
    assert [(tmp_path / name).stat().st_mtime_ns for name in FILES] == times


def test_a_file_that_was_changed_is_kept_and_named_with_2(tmp_path: Path) -> None:
    copy(tmp_path)
    (tmp_path / "ADDRESSES.md").write_text("my own notes")
    (tmp_path / "README.md").unlink()
    result = copy(tmp_path)
    assert result.exit_code == 2
    assert (tmp_path / "ADDRESSES.md").read_text() == "my own notes"
    assert f"kept    {tmp_path / 'ADDRESSES.md'}" in result.output and "--force" in result.output
    assert (tmp_path / "README.md").exists(), "what is missing comes all the same"


def test_force_overwrites_it(tmp_path: Path) -> None:
    copy(tmp_path)
    (tmp_path / "ADDRESSES.md").write_text("my own notes")
    result = copy(tmp_path, "--force")
    assert result.exit_code == 0 and "1 copied" in result.output
    assert (tmp_path / "ADDRESSES.md").read_bytes() == (OURS / "ADDRESSES.md").read_bytes()


def test_other_files_of_the_folder_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "show.pd").write_text("mine")
    assert copy(tmp_path, "--force").exit_code == 0
    assert (tmp_path / "show.pd").read_text() == "mine"


def test_a_file_where_the_folder_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    result = copy(tmp_path / "file")
    assert result.exit_code == 2 and "cannot be written" in result.stderr
    assert (tmp_path / "file").read_text() == "in the way"


@pytest.mark.parametrize("target", [OURS, OURS / "copy"])
def test_they_are_not_copied_into_themselves(target: Path) -> None:
    result = copy(target)
    assert result.exit_code == 2 and "where the patches come from" in result.stderr
    assert not (OURS / "copy").exists()
