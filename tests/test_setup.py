"""Installation: pyproject.toml, lock, conda and hooks agree; the wheel predicts; light imports."""

import functools
import itertools
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from recording_maker import write_cinc

import ecglab
from ecglab.utils import extras

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
PYTHONS = SpecifierSet(PROJECT["requires-python"])
MINORS = [f"3.{minor}" for minor in range(30) if f"3.{minor}.0" in PYTHONS]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
CONDA = (ROOT / "environment.yml").read_text(encoding="utf-8")


def declared() -> dict[str, Requirement]:
    """{name: requirement} of pyproject.toml, with every extra."""
    lines = [*PROJECT["dependencies"], *itertools.chain(*EXTRAS.values())]
    found = {canonicalize_name(r.name): r for r in map(Requirement, lines)}
    del found["ecglab"]  # an extra that includes another
    return found


def entries() -> list[tuple[Requirement, str]]:
    """The lock's requirements, each with its lines of hashes and comments."""
    starts = [match.start() for match in re.finditer(r"^\w", LOCK, re.MULTILINE)]
    texts = [LOCK[a:b] for a, b in zip(starts, [*starts[1:], None], strict=True)]
    assert starts[0] == 0
    return [(Requirement(text.partition("\\\n")[0].strip()), text) for text in texts]


def environments() -> list[dict[str, str]]:
    """Markers of every Python of the range on every system."""
    systems = {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}
    return [
        {
            **default_environment(),
            "python_version": minor,
            "python_full_version": f"{minor}.1",
            "sys_platform": system,
            "platform_system": name,
            "os_name": "nt" if system == "win32" else "posix",
        }
        for minor in MINORS
        for system, name in systems.items()
    ]


@functools.cache
def tracked() -> list[Path]:
    """Files that are, or would be, committed."""
    listing = ["git", "-C", str(ROOT), "ls-files", "-z", "-co", "--exclude-standard"]
    try:
        names = subprocess.run(listing, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is no git checkout")
    return [ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file()]


# The lock


def test_lock_has_what_pyproject_asks_for_on_every_python_and_system():
    locked = [requirement for requirement, _ in entries()]
    for environment in environments():
        applying = [r for r in locked if r.marker is None or r.marker.evaluate(environment)]
        versions = {canonicalize_name(r.name): str(r.specifier) for r in applying}
        assert len(versions) == len(applying), "a package has two versions in one environment"
        for name, asked in declared().items():
            assert name in versions, f"{name} is not in the lock: run make lock"
            assert asked.specifier.contains(versions[name].removeprefix("==")), asked


def test_lock_has_no_direct_dependency_that_pyproject_lost():
    named = "ecglab (pyproject.toml)"
    locked = {
        canonicalize_name(requirement.name) for requirement, text in entries() if named in text
    }
    assert locked == set(declared())


def test_every_line_of_the_lock_is_one_version_with_hashes():
    for requirement, text in entries():
        assert re.fullmatch(r"==[\w.+!]+", str(requirement.specifier)), requirement
        assert requirement.url is None
        lines = [line for line in text.splitlines()[1:] if not line.strip().startswith("#")]
        assert lines, f"{requirement} has no hash"
        assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line) for line in lines)


def test_lock_holds_no_address():
    assert "://" not in LOCK
    options = re.findall(r"(?<!\S)--?[a-z][\w-]*", LOCK)
    assert set(options) == {"--hash"}


# What is installed


def test_light_installation_has_four_libraries():
    names = {Requirement(line).name for line in PROJECT["dependencies"]}
    assert names == {"argcomplete", "numpy", "onnxruntime", "platformdirs"}


def test_extras_include_each_other():
    included = {
        name: lines[0] for name, lines in EXTRAS.items() if Requirement(lines[0]).name == "ecglab"
    }
    assert included == {
        "train": "ecglab[formats,report]",
        "notebooks": "ecglab[train]",
        "dev": "ecglab[notebooks]",
    }
    assert set(EXTRAS) == {"formats", "report", *included}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> zipfile.ZipFile:
    """The wheel of what is, or would be, committed."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for path in tracked():
        name = path.relative_to(ROOT)
        if name.parts[0] in ("ecglab", "experiments", "notebooks") or len(name.parts) == 1:
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, source / name)
    flags = ["--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "wheel", *flags, "--wheel-dir", folder, source]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return zipfile.ZipFile(next(folder.glob("ecglab-*.whl")))


def test_wheel_has_every_file_of_the_package(wheel):
    files = {str(path.relative_to(ROOT)) for path in tracked()}
    assert {name for name in files if name.startswith("ecglab/")} <= set(wheel.namelist())


def test_wheel_has_the_experiments(wheel):
    kept = {path.name for path in tracked() if path.parent == ROOT / "experiments"}
    kept = {name for name in kept if name.endswith(".py")}
    packed = {Path(name).name for name in wheel.namelist() if "/_experiments/" in name}
    assert packed == kept and "resnet1d.py" in packed


def test_wheel_has_the_notebooks_and_their_start_page(wheel):
    packed = {name.partition("/_notebooks/")[2] for name in wheel.namelist()}
    kept = {path.name for path in tracked() if path.parent == ROOT / "notebooks"}
    assert {name for name in kept if name.endswith(".ipynb")} | {"START.md"} <= packed
    assert any(name.startswith("pictures/") for name in packed)


ONLY = """
import importlib.abc, runpy, sys
class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in absent:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
wheel, absent = sys.argv.pop(1), sys.argv.pop(1).split(",")
sys.path.insert(0, wheel)
sys.meta_path.insert(0, Absent())
runpy.run_module("ecglab", run_name="__main__", alter_sys=True)
"""


def installed_lightly(wheel, folder, *arguments) -> subprocess.CompletedProcess:
    """Run a command of the wheel, outside the checkout, where no library of an extra is."""
    unpacked = Path(wheel.filename).with_suffix("")
    if not unpacked.exists():
        wheel.extractall(unpacked)
    absent = ",".join(extras._EXTRA)
    command = [sys.executable, "-I", "-c", ONLY, unpacked, absent, *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder)


def test_wheel_predicts_with_its_base_dependencies_alone(wheel, tmp_path):
    for name, fs in (("at_300", 300), ("at_250", 250)):
        write_cinc(tmp_path, f"{name} 1 {fs} 3000", name)
        ran = installed_lightly(wheel, tmp_path, "predict", f"{name}.hea")
        assert ran.returncode == 0
        assert re.fullmatch(r"model \S+, classes: N normal, .*\n", ran.stderr)
        assert name in ran.stdout
    assert {path.suffix for path in tmp_path.iterdir()} == {".hea", ".mat"}


def test_command_of_an_extra_says_what_to_install(wheel, tmp_path):
    ran = installed_lightly(wheel, tmp_path, "data", "info", "synthetic")
    assert ran.returncode != 0
    assert re.search(r"needs the package \w+: pip install 'ecglab\[train\]'", ran.stderr)
    assert len(ran.stderr.splitlines()) == 1, ran.stderr


# One range of Pythons


def test_makefile_takes_the_pythons_of_pyproject():
    (bounds,) = re.findall(r"\((\d+), (\d+)\) <= v < \((\d+), (\d+)\)", MAKEFILE)
    low, high = ".".join(bounds[:2]), ".".join(bounds[2:])
    assert SpecifierSet(f">={low},<{high}") == PYTHONS
    assert f"needs Python {MINORS[0]} to {MINORS[-1]}," in MAKEFILE
    assert f"--python-version {MINORS[0]} " in MAKEFILE, "the lock is made for the oldest"


def test_conda_takes_the_pythons_of_pyproject_and_all_else_from_the_lock():
    conda = yaml.safe_load(CONDA)
    assert conda["name"] == "ecglab"
    assert conda["channels"] == ["conda-forge", "nodefaults"]
    python, *rest = conda["dependencies"]
    name, _, versions = python.partition(" ")
    assert name == "python"
    assert SpecifierSet(versions) == PYTHONS
    assert rest == ["pip", {"pip": ["-r requirements.lock"]}]


def test_conda_installs_the_package_as_make_does():
    flags = {"--no-deps", "--no-build-isolation"}
    (by_hand,) = re.findall(r"^#   pip install (.*) -e \.$", CONDA, re.MULTILINE)
    (by_make,) = re.findall(r" install (.*) --editable \.$", MAKEFILE, re.MULTILINE)
    assert set(by_hand.split()) == flags < set(by_make.split())


# Addresses


def test_no_tracked_file_names_a_registry_or_an_index():
    hosts = r"pypi\.(?:org|python)|pythonhosted\.|anaconda\.(?:org|com)|download\.pytorch\."
    options = r"--(?:(?:extra-)?index-url|find-links|trusted-host)"
    settings = r"index-url\s*=|tool\.uv\.index|(?:PIP|UV)_\w*INDEX"
    pattern = re.compile(f"{hosts}|{options}|{settings}")
    for path in tracked():
        found = pattern.search(path.read_bytes().decode("utf-8", "ignore"))
        assert not found, f"{path.relative_to(ROOT)} names {found[0]}"


# Hooks


@pytest.fixture(scope="module")
def hooks() -> dict[str, dict]:
    """{id: hook} of .pre-commit-config.yaml."""
    (repo,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))[
        "repos"
    ]
    assert repo["repo"] == "local", "a hook from elsewhere has a version of its own"
    return {hook["id"]: hook for hook in repo["hooks"]}


def run_hook(hook: dict, *files: Path) -> subprocess.CompletedProcess:
    """What the hook says of these files, with the commands of the environment."""
    program, *arguments = shlex.split(hook["entry"])
    here = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    found = shutil.which(program, path=here)
    assert found, f"there is no command {program}"
    command = [found, *arguments, *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, cwd=files[0].parent)


def test_pre_commit_takes_the_configuration(tmp_path):
    command = [sys.executable, "-m", "pre_commit", "validate-config", ".pre-commit-config.yaml"]
    environment = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path)}
    checked = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_hooks_are_what_lint_runs(hooks):
    assert list(hooks) == ["ruff-check", "ruff-format", "large-files"]
    assert {hook["language"] for hook in hooks.values()} == {"system"}
    for name in ("check", "format"):
        assert re.search(rf"^\t\$\(BIN\)/ruff {name}\b", MAKEFILE, re.MULTILINE)
        assert hooks[f"ruff-{name}"]["entry"].startswith(f"ruff {name} ")


def test_ruff_hooks_see_faults(hooks, tmp_path):
    file = tmp_path / "a.py"
    file.write_text("import os\nx = {  'a':1 }\n")
    assert "F401" in run_hook(hooks["ruff-check"], file).stdout
    assert run_hook(hooks["ruff-format"], file).returncode == 0
    assert file.read_text() == 'import os\n\nx = {"a": 1}\n'
    file.write_text("x = 1\n")
    assert run_hook(hooks["ruff-check"], file).returncode == 0


def test_large_file_is_refused(hooks, tmp_path):
    small, large = tmp_path / "small.bin", tmp_path / "large.bin"
    small.write_bytes(bytes(1_500_000))
    large.write_bytes(bytes(1_500_001))
    refused = run_hook(hooks["large-files"], small, large)
    assert refused.returncode == 1
    assert refused.stderr == f"over 1.5 MB: {large}\n"
    assert run_hook(hooks["large-files"], small).returncode == 0


def test_no_tracked_file_is_large(hooks):
    checked = run_hook(hooks["large-files"], *tracked())
    assert checked.returncode == 0, checked.stderr


# What a notebook needs


@pytest.mark.parametrize("name", ecglab._NAMES)
def test_name_is_there(name):
    assert name in dir(ecglab)
    assert name in ecglab.__all__
    assert callable(getattr(ecglab, name))


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        ecglab.nothing  # noqa: B018


def test_version_is_that_of_the_package():
    (cited,) = re.findall(r"^version: (\S+)", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    assert ecglab.__version__ == cited


# A light import

HEAVY = {
    "tensorflow",
    "keras",
    "jax",
    "mlflow",
    "pandas",
    "scipy",
    "sklearn",
    "matplotlib",
    "seaborn",
    "onnxruntime",
    "pyarrow",
}


@pytest.mark.parametrize(
    "code",
    [
        "import ecglab; dir(ecglab); ecglab.__version__; ecglab.Classes",
        "import ecglab.cli.main",
        "import ecglab.cli.main; ecglab.cli.main.main(['--help'])",
        "import ecglab.cli.main; ecglab.cli.main.main(['predict', '--help'])",
        "from ecglab import Record, EcglabError; Record([0, 1] * 1000, 300)",
    ],
)
def test_import_is_light(code):
    report = "import atexit, sys; atexit.register(lambda: print('LOADED', *sys.modules))\n"
    ran = subprocess.run([sys.executable, "-c", report + code], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    loaded = ran.stdout.rpartition("LOADED")[2].split()
    assert "ecglab" in loaded
    assert not HEAVY & set(loaded)
