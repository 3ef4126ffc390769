"""`ecglab formats`: the table is complete, current, and true."""

import importlib.util
import json
from pathlib import Path

import pytest
from reader_maker import sample

from ecglab import readers
from ecglab.cli import formats
from ecglab.cli.main import main

ROOT = Path(__file__).resolve().parents[2]


def test_every_reader_is_listed(capsys):
    assert main(["formats"]) == 0
    lines = capsys.readouterr().out.splitlines()
    modules = {path.stem for path in (ROOT / "ecglab/readers").glob("*_reader.py")}
    assert len(lines) == len(modules) + 1
    assert {reader.__name__.rpartition(".")[2] for reader in readers.READERS} == modules
    assert any(line.startswith("SCP-ECG") and "NumPy" in line for line in lines)


def test_json(capsys):
    assert main(["formats", "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["format"] for row in found] == [reader.FORMAT for reader in readers.READERS]
    for row in found:
        assert set(row) == {*formats.COLUMNS, "installed"}
        assert all(row[key] for key in formats.COLUMNS)


def test_what_is_not_installed(capsys, monkeypatch):
    found = importlib.util.find_spec

    def without(name, *args):
        return None if name == "edfio" else found(name, *args)

    monkeypatch.setattr(importlib.util, "find_spec", without)
    main(["formats"])
    printed = capsys.readouterr()
    assert "edfio (not installed)" in printed.out and "pydicom (" not in printed.out
    assert "pip install 'ecglab[formats]'" in printed.err


@pytest.mark.parametrize("reader", readers.READERS, ids=lambda reader: reader.FORMAT)
def test_samples_are_there_and_read(reader):
    if reader.SAMPLE.startswith("tests/"):
        assert (ROOT / reader.SAMPLE).is_file()
        return
    record = readers.read(sample(reader.SAMPLE))
    assert record.seconds >= 10 and record.lead_reason
