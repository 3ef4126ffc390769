"""The benchmarks run from beginning to end; what they measure is not tested."""

import os
import subprocess
import sys
from pathlib import Path

from ecglab.datasets import dataset

ROOT = Path(__file__).parent.parent


def test_the_quick_form_measures_everything():
    dataset.make_synthetic(60)
    command = [sys.executable, "-m", "benchmarks", "--quick"]
    environment = {**os.environ, "ECGLAB_ARCHIVE": ""}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment)
    assert done.returncode == 0, done.stderr
    for line in ("checking its digests", "epoch of", "cold prediction at 250 Hz", "in bulk, fast"):
        assert f"\n{line}" in done.stdout
