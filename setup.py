"""What pyproject.toml cannot express: a wheel holds the experiments and the notebooks."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent

COPIES = {
    "_experiments": ("experiments", ["[!_]*.py"]),
    "_notebooks": ("notebooks", ["START.md", "[0-9]*.ipynb", "pictures/*"]),
}
"""{folder of the package: (folder of the repository, patterns of the files it holds)}"""


class BuildWithCopies(build_py):
    """Copies them into the package; an editable installation reads them where they are."""

    def run(self):
        super().run()
        if self.editable_mode:
            return
        for name, (source, patterns) in COPIES.items():
            for path in (path for pattern in patterns for path in (ROOT / source).glob(pattern)):
                target = Path(self.build_lib, "ecglab", name, path.relative_to(ROOT / source))
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)


setup(cmdclass={"build_py": BuildWithCopies})
