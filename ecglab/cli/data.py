"""Commands for data sets: data fetch, import, info, split."""

import argparse
from pathlib import Path

from ecglab.cli import limits, names
from ecglab.cli.common import Commands, command, complete, mapping
from ecglab.utils.errors import EcglabError
from ecglab.utils.progress import message


def add(commands: Commands) -> None:
    text = "Fetch, import, describe and split data sets."
    group = command(commands, "data", None, text, "ecglab data info synthetic")
    data = group.add_subparsers(required=True, metavar="WHAT", title="commands")
    _add_fetch(data)
    _add_import(data)

    text = (
        "Describe a data set. It checks the digests first, and shows classes, lengths, groups, "
        "folds and licence."
    )
    info = command(data, "info", _info, text, "ecglab data info synthetic")
    what = "name of the data set; by default cinc2017, or synthetic where that is not there"
    complete(info.add_argument("name", nargs="?", help=what), names.data_sets)
    info.add_argument("--labels", metavar="VERSION", help="label version, such as v1")

    text = (
        "Split a data set into folds. They are written once, to a file to commit with the code. "
        "Records of one group are in one fold."
    )
    split = command(data, "split", _split, text, "ecglab data split clinic --folds 5")
    complete(split.add_argument("name", help="name of the data set"), names.data_sets)
    split.add_argument("--folds", type=int, default=5, metavar="N", help="number of folds")
    split.add_argument("--seed", type=int, default=0, help="seed of the random split")


def _add_fetch(data: Commands) -> None:
    text = "Download the data set cinc2017. It is verified and imported; about 95 MB."
    fetch = command(data, "fetch", _fetch, text, "ecglab data fetch cinc2017")
    what = "the data set"
    fetch.add_argument("name", nargs="?", default="cinc2017", choices=["cinc2017"], help=what)
    fetch.add_argument("--url", help="address of a mirror instead of PhysioNet's")


def _add_import(data: Commands) -> None:
    text = (
        "Import your own recordings, or the archive training2017.zip. Your own recordings need a "
        "table of labels and a name."
    )
    examples = (
        "ecglab data import recordings --labels labels.csv --name clinic",
        "ecglab data import training2017.zip",
    )
    given = command(data, "import", _import, text, *examples)
    what = "folder of recordings; or training2017.zip, or the folder it unpacks to"
    given.add_argument("path", type=Path, metavar="FOLDER", help=what)
    own = given.add_argument_group("your own recordings")
    what = (
        "CSV or Parquet with columns file, label and, if known, group, lead, start, end, fs, units"
    )
    own.add_argument("--labels", type=Path, metavar="TABLE", help=what)
    own.add_argument("--name", help="name of the new data set")
    what = "a label of the table is this class; an empty CLASS leaves it out; may be repeated"
    own.add_argument("--map", action="append", default=[], metavar="LABEL=CLASS", help=what)
    what = "sampling rate of files that do not state it; a file that states another is refused"
    own.add_argument("--fs", type=float, metavar="HZ", help=what)
    what = "unit (mV, µV, V, or such as 1000/mV) of files that do not state it; another is refused"
    own.add_argument("--units", metavar="UNIT", help=what)
    what = "sampling rate of the data set, to which all are resampled"
    own.add_argument("--rate", type=float, default=300.0, metavar="HZ", help=what)
    what = "leave out the recordings that cannot be imported, instead of importing none"
    own.add_argument("--skip-unreadable", action="store_true", help=what)
    what = "replace the data set of this name"
    own.add_argument("--replace", action="store_true", help=what)
    limits.add(own)


def _fetch(options: argparse.Namespace) -> None:
    from ecglab.datasets import cinc2017, download, info

    print(info.describe(download.fetch_cinc2017(options.url or cinc2017.BASE_URL)))


def _import(options: argparse.Namespace) -> None:
    from ecglab.datasets import archive, folder, info

    if options.labels is None and options.name is None:
        if options.path.is_dir() and not archive.is_archive(options.path):
            raise EcglabError(
                f"{options.path} is not the archive of cinc2017: for recordings of your own give "
                "--labels TABLE.csv and --name NAME"
            )
        print(info.describe(archive.import_archive(options.path)))
        return
    if options.labels is None or options.name is None:
        raise EcglabError("give both, --labels TABLE.csv and --name NAME, for your own recordings")
    limits.start(options)
    data = folder.import_folder(
        options.path,
        options.labels,
        options.name,
        mapping=mapping(options.map),
        fs=options.fs,
        units=options.units,
        rate=options.rate,
        skip_unreadable=options.skip_unreadable,
        replace=options.replace,
    )
    print(info.describe(data))


def _info(options: argparse.Namespace) -> None:
    from ecglab.datasets import dataset, info

    data = dataset.open(options.name, options.labels)
    data.check()
    print(info.describe(data))
    print("\nAll digests match: no record and no label has changed since it was imported.")


def _split(options: argparse.Namespace) -> None:
    import numpy as np

    from ecglab.datasets import dataset, info, splits

    data = dataset.open(options.name)
    path = splits.write(data, options.folds, options.seed)
    sizes = np.bincount(splits.folds(data))
    print(f"wrote {path}: {sizes.size} folds of {info.n_records(sizes)}")
    message("keep this file, in git for example: results compare only on the same folds")
