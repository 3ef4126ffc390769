"""The one thing that pyproject.toml cannot express: a wheel holds the experiments."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithExperiments(build_py):
    """Copies `experiments/*.py` to `ecglab/_experiments`; an editable installation reads them."""

    def run(self):
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib) / "ecglab" / "_experiments"
        target.mkdir(parents=True, exist_ok=True)
        for path in sorted(Path(__file__).resolve().parent.glob("experiments/[!_]*.py")):
            shutil.copyfile(path, target / path.name)


setup(cmdclass={"build_py": BuildWithExperiments})
