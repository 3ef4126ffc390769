"""Child processes: a deadline for them, and their end in words."""

import os
import signal
import subprocess
import sys

import pytest

from ecglab.utils.processes import deadline, end_in_words


def sleeper(seconds: float) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({seconds})"])


def test_a_child_that_takes_longer_is_killed():
    with sleeper(60) as child, deadline(child, 0.1) as passed:
        child.wait()
    assert passed.is_set()


@pytest.mark.parametrize("seconds", [60, None])
def test_a_child_that_ends_in_time_is_left_alone(seconds):
    with sleeper(0) as child, deadline(child, seconds) as passed:
        assert child.wait() == 0
    assert not passed.is_set()


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_the_end_of_a_process_in_words():
    with sleeper(60) as child:
        child.send_signal(signal.SIGKILL)
        status = child.wait()
    assert end_in_words(status) == "was ended by SIGKILL, perhaps because the memory was full"
    assert end_in_words(-1000) == "was ended by signal 1000"
    assert end_in_words(2) == "ended with status 2"
