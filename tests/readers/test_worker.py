"""The process that reads: what a file does to it ends there, and the next file is read."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from processes import is_gone, needs_proc
from recording_maker import signals

from ecglab import readers
from ecglab.readers import worker
from ecglab.readers.worker import Worker
from ecglab.utils.errors import EcglabError, RecordError
from ecglab.utils.processes import Limits

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a limit that Linux has")


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """A file with two leads at 250 Hz."""
    path = tmp_path_factory.mktemp("recording") / "rec.csv"
    columns = np.column_stack([np.arange(2500) / 250, signals(250, 2)[:2500]])
    np.savetxt(path, columns, delimiter=",", header="time_s,I_mV,II_mV", comments="")
    return path


@pytest.fixture
def hostile(monkeypatch, tmp_path):
    """A worker whose reader does what the name of its file says."""
    monkeypatch.setattr(worker, "_MODULE", "hostile_reader")
    monkeypatch.chdir(tmp_path)
    with Worker(Limits(seconds=2, memory=300)) as found:
        yield found


def refusal(hostile: Worker, name: str) -> str:
    with pytest.raises(RecordError) as caught:
        hostile.read(name)
    message = str(caught.value)
    assert "\n" not in message and len(message) <= 500
    assert hostile.read("good").id == "good"
    return message


def test_a_record_arrives_as_it_is_read(recording):
    options = {"lead": "II", "fs": 250}
    record, other = readers.read(recording, **options), readers.read_here(recording, **options)
    np.testing.assert_array_equal(record.signal, other.signal)
    assert record.signal.dtype == np.float32 and record.signal.flags.writeable
    for name in worker._FIELDS:
        assert getattr(record, name) == getattr(other, name)


def test_a_refusal_arrives_as_it_is(recording):
    for path in (recording.with_name("nothing.csv"), recording.parent, recording):
        with pytest.raises(RecordError) as far:
            readers.read(path, lead="7")
        with pytest.raises(RecordError) as near:
            readers.read_here(path, lead="7")
        assert str(far.value) == str(near.value)


def test_paths_are_relative_to_the_working_directory(recording, monkeypatch, tmp_path):
    readers.read(recording)
    monkeypatch.chdir(recording.parent)
    assert readers.read("rec.csv", fs=np.float32(250)).id == "rec"
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RecordError, match=r"^rec\.csv: there is no such file$"):
        readers.read("rec.csv")


@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes")
def test_a_name_may_be_any_bytes(recording, tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff\n.csv")
    Path(path).write_bytes(recording.read_bytes())
    assert readers.read(path).id == "\udcff\n"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("exit", "the process that reads it ended with status 7: is it damaged?"),
        ("fault", "cannot be read (KeyError: 'xxx"),
        ("large", "cannot be read"),
        ("long", "cannot be read"),
        ("nested", "cannot be read"),
        ("hang", "takes more than 2 s: is it damaged? (--max-seconds allows more)"),
    ],
)
def test_what_ends_the_process_is_refused_in_one_line(hostile, name, words):
    message = refusal(hostile, name)
    assert message.startswith(f"{name}: ") and words in message


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_crash_is_refused_in_one_line(hostile):
    assert "was ended by SIGSEGV: is it damaged?" in refusal(hostile, "crash")


@linux
def test_memory_is_limited(hostile):
    assert "more than 300 MB of memory: is it damaged? (--max-memory" in refusal(hostile, "memory")


def test_what_libraries_print_goes_nowhere(hostile, capfd):
    assert hostile.read("print").id == "print"
    assert hostile.read("good").id == "good"
    assert capfd.readouterr() == ("", "")


def test_a_file_is_not_refused_for_the_damage_of_another(hostile):
    hostile.read("good")
    assert hostile.read("worn").id == "worn"


def test_the_size_of_files_is_limited(recording):
    with Worker(Limits(size=0.01)) as small, pytest.raises(RecordError, match="--max-size"):
        small.read(recording)


def test_a_process_that_does_not_start_is_one_line(monkeypatch):
    monkeypatch.setattr(worker, "_MODULE", "no_such_module")
    with pytest.raises(EcglabError, match=r"does not start: .* -m no_such_module shows why"):
        Worker().read("rec.csv")


def test_threads_share_it(recording):
    found = []

    def read(lead):
        for _ in range(5):
            record = readers.read(recording, lead=lead)
            found.append(np.array_equal(record.signal, expected[lead]))

    expected = {lead: readers.read_here(recording, lead).signal for lead in ("I", "II")}
    threads = [threading.Thread(target=read, args=[lead]) for lead in [*expected] * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 20


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_reads_by_a_process_of_its_own(recording):
    code = f"""
import os, sys
from ecglab import readers
from ecglab.readers import worker
def read():
    readers.read({str(recording)!r})
    return worker.shared()._child.pid
first = read()
if not os.fork():
    other = read()
    worker.shared().close()
    os._exit(other == first)
assert os.waitstatus_to_exitcode(os.wait()[1]) == 0
assert read() == first
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@needs_proc
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, None])
def test_it_ends_with_its_parent(recording, end):
    code = f"""
import sys
from ecglab import readers
from ecglab.readers import worker
readers.read({str(recording)!r})
print(worker.shared()._child.pid, flush=True)
sys.stdin.read()
"""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe) as parent:
        pid = int(parent.stdout.readline())
        assert not is_gone(pid, 0.1)
        if end:
            parent.send_signal(end)
    assert is_gone(pid)


def test_it_imports_no_module_of_the_working_directory(recording, tmp_path):
    (tmp_path / "numpy.py").write_text("raise SystemExit('imported what lies there')")
    code = f"from ecglab import readers; readers.read({str(recording)!r})"
    subprocess.run([sys.executable, "-P", "-c", code], cwd=tmp_path, check=True)


def test_other_limits_start_another_process(recording, monkeypatch):
    monkeypatch.setattr(worker, "_shared", None)
    worker.start()
    first = worker.shared()._child
    worker.start(Limits())
    assert worker.shared()._child is first
    worker.start(Limits(size=0.01))
    assert is_gone(first.pid)
    with pytest.raises(RecordError, match="--max-size"):
        readers.read(recording)
    worker.shared().close()
