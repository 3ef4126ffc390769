"""Files that crash, hang or fill a reader, and garbage: each is one line, and the others go on."""

import json
import os
import sys
from pathlib import Path

import garbage_maker
import hostile_maker
import pytest

from ecglab import readers
from ecglab.inference.verdict import STRANGE, UNCERTAIN, UNREADABLE
from ecglab.utils.errors import RecordError
from ecglab.utils.text import printable

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="pipes, devices, and a limit on memory"
)

OPTIONS = ("--model", "fast", "--json", "--fs", hostile_maker.FS, "--units", "mV")


def folder_of(folder, name):
    (folder / name).mkdir()
    return folder / name


@pytest.fixture
def predict(ecglab, tmp_path):
    """Predict files in one command, each, or each so many, followed by a good one: their rows."""
    good = hostile_maker.good(folder_of(tmp_path, "good"))

    def run(files, every: int = 1) -> list[dict]:
        given = list(files)
        for i in range(len(files), 0, -every):
            os.link(good, copy := good.with_name(f"copy{i}.csv"))
            given.insert(i, copy)
        status, out, _ = ecglab("predict", *OPTIONS, *given)
        rows = [json.loads(line) for line in out.splitlines()]
        assert [row["file"] for row in rows] == [str(path) for path in given]
        copies = [row for row in rows if good.parent == Path(row["file"]).parent]
        assert len(copies) == -(-len(files) // every)
        assert all(row["label"] and not row["error"] for row in copies)
        assert status == 1
        return [row for row in rows if row not in copies]

    return run


def check(row) -> None:
    """The reader refused the file by itself, in one line, or it was read."""
    error = row["error"] or "none"
    assert error.isprintable() and len(error) <= 500
    assert "process that reads" not in error
    assert "allows more" not in error or "more than the 200 MB allowed" in error


def test_what_was_seen_to_hang_or_crash_is_refused(predict, tmp_path):
    makers = hostile_maker.CASES
    files = [make(folder_of(tmp_path, str(i))) for i, make in enumerate(makers.values())]
    for name, row in zip(makers, predict(files), strict=True):
        check(row)
        assert row["error"] and row["label"] is None, name


def test_flipped_bytes_end_no_command(predict, tmp_path):
    rows = predict([hostile_maker.flipped(tmp_path, seed) for seed in range(40)])
    for row in rows:
        check(row)
    assert sum(row["label"] is None for row in rows) > 10


def test_damaged_samples_of_devices(formats, tmp_path):
    files = [path for path in sorted(formats.glob("*/*")) if path.stat().st_size < 1_000_000]
    assert len(files) > 10
    for path in garbage_maker.damaged(tmp_path, files):
        try:
            readers.read(path)
        except RecordError as error:
            check({"error": printable(str(error))})


def test_garbage_has_no_confident_result(predict, tmp_path):
    files = garbage_maker.write(folder_of(tmp_path, "garbage"))
    assert len(files) == 300
    for row in predict(files, every=10):
        check(row)
        assert row["error"] or row["verdict"] in (STRANGE, UNCERTAIN, UNREADABLE), row["file"]
