"""A missing library names the extra that installs it, which is what pyproject.toml says."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from ecglab.utils import extras

ROOT = Path(__file__).resolve().parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DISTRIBUTIONS = {"sklearn": "scikit-learn"}
OF_OTHERS = {  # installed by what an extra names
    "IPython": "jupyterlab",
    "ipykernel": "jupyterlab",
    "nbclient": "jupyterlab",
    "nbconvert": "jupyterlab",
    "nbformat": "jupyterlab",
}


def names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(re.split(r"[<>=\[; ]", line)[0]) for line in requirements}


def test_missing_library_names_the_package_and_the_extra():
    with pytest.raises(ModuleNotFoundError) as caught:
        raise ModuleNotFoundError("No module named 'h5py.h5'", name="h5py.h5")
    message = extras.missing(caught.value)
    assert message == "this needs the package h5py: pip install 'ecglab[formats]'"


@pytest.mark.parametrize("name", [None, "ecglab.nothing", "no_such_library", "numpy"])
def test_other_modules_have_no_extra(name):
    assert extras.missing(ModuleNotFoundError(name=name)) is None


@pytest.mark.parametrize("library", sorted(extras._EXTRA))
def test_extra_installs_the_library(library):
    package = DISTRIBUTIONS.get(library, OF_OTHERS.get(library, library))
    declared = names(PROJECT["optional-dependencies"][extras._EXTRA[library]])
    assert canonicalize_name(package) in declared


def test_every_library_of_an_extra_is_known():
    known = {canonicalize_name(DISTRIBUTIONS.get(name, name)) for name in extras._EXTRA}
    for extra in ("formats", "report", "train", "notebooks"):
        declared = names(PROJECT["optional-dependencies"][extra]) - {"ecglab"}
        assert declared <= known, f"{extra}: add them to ecglab/utils/extras.py"
