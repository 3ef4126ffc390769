"""The names that the shell completes, looked up in the file system without loading a library."""

from ecglab.utils import paths


def experiments() -> list[str]:
    return list(paths.experiments())


def data_sets() -> list[str]:
    """Those that are there, and those that can always be had."""
    packed = {path.stem for path in paths.data_dir().glob("*.arrow")}
    return sorted(packed | {"cinc2017", "synthetic"})


def runs() -> list[str]:
    return sorted(path.parent.name for path in paths.runs_dir().glob("*/run.json"))


def results() -> list[str]:
    """Kept results, and runs."""
    kept = sorted(path.stem for path in (paths.EXPERIMENTS / "results").glob("*.csv"))
    return [*kept, *runs()]


def searches() -> list[str]:
    return sorted(path.parent.name for path in paths.searches_dir().glob("*/search.json"))


def models() -> list[str]:
    """Those that come with ecglab, and the promoted one."""
    shipped = sorted(path.parent.name for path in paths.PRETRAINED.glob("*/card.json"))
    return [*shipped, "models:/ecg-rhythm@champion"]
