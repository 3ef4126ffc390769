"""`ecglab predict`: the verdict on recordings, by a packaged model."""

import argparse
import contextlib
import math
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ecglab.cli import inputs, limits, names, rows
from ecglab.cli.common import Commands, UsageError, command, complete
from ecglab.utils.errors import RecordError
from ecglab.utils.progress import Line, message
from ecglab.utils.text import printable

if TYPE_CHECKING:
    from ecglab.ecg.record import Record
    from ecglab.inference.predictor import Predictor

FORMATS = {".json": "json", ".jsonl": "json", ".csv": "csv"}
"""{suffix of the file of -o: its format}"""


def add(commands: Commands) -> None:
    text = (
        "Predict the class of recordings. Each file gets a verdict with its reason, the "
        "probability of the class, heart rate and signal quality. A file that cannot be "
        "classified gets the reason for that, and does not stop the others. The exit status is 0 "
        "where all are classified, 1 where some are not, 2 for wrong usage."
    )
    examples = (
        "ecglab predict recording.csv",
        "ecglab predict FOLDER 'more/*.hea' -o predictions.csv",
        "ecglab predict @list.txt --fs 250 --units mV --json",
        "ecglab predict FOLDER --report REPORTS",
    )
    parser = command(commands, "predict", _predict, text, *examples)
    parser.add_argument("files", nargs="+", metavar="FILE", help=inputs.HELP)
    output = parser.add_argument_group("the output")
    kind = output.add_mutually_exclusive_group()
    kind.add_argument("--json", action="store_true", help="print one JSON object per line")
    kind.add_argument("--csv", action="store_true", help="print comma-separated values")
    what = (
        "write to this file instead, when all is done; a name that ends in .csv, .json or .jsonl "
        "gives its format"
    )
    output.add_argument("-o", "--output", type=Path, metavar="FILE", help=what)
    what = "also write a page per recording, and an index of them, to this folder"
    output.add_argument("--report", type=Path, metavar="FOLDER", help=what)
    add_model(parser)
    add_recordings(parser)


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add the options that select a model."""
    model = parser.add_argument_group("the model")
    what = (
        "default or fast, which come with ecglab; models:/ecg-rhythm@champion and the like; "
        "or the folder of a package; without it, the promoted model or else default"
    )
    complete(model.add_argument("--model", help=what), names.models, files=True)
    what = "predict with the model of this fold alone"
    model.add_argument("--member", type=int, metavar="FOLD", help=what)
    rule = model.add_mutually_exclusive_group()
    what = "share of the recordings that get an answer; the others are uncertain (default: 0.95)"
    rule.add_argument("--coverage", type=_share, metavar="SHARE", help=what)
    what = "share of wrong answers at most; what it takes for that is uncertain"
    rule.add_argument("--max-error", type=_share, metavar="SHARE", help=what)
    what = (
        "also give the classes that a recording may be, which have the right one in this share of "
        "the recordings of each class. This and the shares above hold for recordings like those "
        "of the training only"
    )
    model.add_argument("--conformal", type=_share, metavar="SHARE", help=what)


def add_recordings(parser: argparse.ArgumentParser) -> None:
    """Add the options of how recordings are read."""
    recordings = parser.add_argument_group("the recordings")
    what = "name of the lead, or its number from 0, in files with several"
    recordings.add_argument("--lead", help=what)
    what = "sampling rate of files that do not state it; a file that states another is refused"
    recordings.add_argument("--fs", type=_rate, metavar="HZ", help=what)
    what = "unit of the samples (mV, µV or V) of files that do not state it; another is refused"
    recordings.add_argument("--units", metavar="UNIT", help=what)
    limits.add(recordings)


def _rate(text: str) -> float:
    rate = float(text)
    if not (math.isfinite(rate) and rate > 0):
        raise ValueError
    return rate


def _share(text: str) -> float:
    share = float(text)
    if not 0 < share <= 1:
        raise ValueError
    return share


# In the messages of argparse.
_rate.__name__ = "rate in Hz"
_share.__name__ = "share between 0 and 1"


def open_model(options: argparse.Namespace) -> "Predictor":
    """The model of the options, which is named on stderr; what reads starts meanwhile."""
    limits.start(options)
    from ecglab.inference.predictor import Predictor
    from ecglab.tracking import registry

    folder = registry.locate(options.model) if options.model else registry.default()
    predictor = Predictor(
        folder,
        None if options.member is None else [options.member],
        coverage=options.coverage,
        max_error=options.max_error,
        conformal=options.conformal,
    )
    if predictor.card["simulated"]:
        message(
            f"ecglab: {predictor.name} was trained on SIMULATED data: "
            "its predictions of real recordings mean nothing"
        )
    meanings = predictor.classes.meanings.items()
    shown = ", ".join(
        code if code == meaning else f"{code} {meaning}" for code, meaning in meanings
    )
    message(f"model {predictor.name}, classes: {shown}")
    return predictor


def classify(
    files: Sequence[str], predictor: "Predictor", options: argparse.Namespace
) -> Iterator[tuple[dict, "Record | None"]]:
    """(row, record) of each file, whatever happens; the record is None where it is not read."""
    from ecglab import readers

    for file in files:
        record = None
        try:
            record = readers.read(file, options.lead, options.fs, options.units)
            [row] = predictor.rows([record])
            row = {"file": file, **row, "error": None}
        except RecordError as error:
            row = _failed(file, predictor, str(error))
        except Exception as error:  # a fault of a reader or a model must not stop the others
            row = _failed(file, predictor, f"{type(error).__name__}: {error}")
        yield row, record


def is_doubtful(row: Mapping) -> bool:
    """Whether the beats of a row are of a height that no ECG has; its reason gives that."""
    from ecglab.ecg.height import doubt

    return row["height"] is not None and bool(doubt(row["height"]))


def warn(doubtful: Sequence[str]) -> None:
    """Say on stderr that the beats in these files are of a height that no ECG has."""
    if doubtful:
        more = f" and {len(doubtful) - 1:,} more" if doubtful[1:] else ""
        message(
            f"warning: {printable(doubtful[0])}{more}: the beats are too high or too low for an "
            "ECG in mV: check the unit (--units)"
        )


def _failed(file: str, predictor: "Predictor", error: str) -> dict:
    """The row of a file that is not classified; its error does not repeat the name of the file."""
    for name in (str(Path(file)), Path(file).stem):
        error = error.removeprefix(f"{name}: ")
    known = {"file": file, "record": Path(file).stem, "model": predictor.name, "error": error}
    return dict.fromkeys(rows.keys()) | known


def _predict(options: argparse.Namespace) -> int:
    files = inputs.collect(options.files)
    predictor = open_model(options)
    form = _format(options)
    writer = rows.WRITERS[form](files, predictor.classes, predictor.conformal is not None)
    verdicts: Counter[str | None] = Counter()
    doubtful: list[str] = []
    line = Line(len(files))
    with _output(options.output) as out, _reports(options.report, predictor) as report:
        if writer.header:
            print(writer.header, file=out, flush=True)
        line.show(0)
        for row, record in classify(files, predictor, options):
            line.clear()
            print(writer.row(row), file=out, flush=True)
            report(row, record)
            verdicts[row["verdict"]] += 1
            doubtful += [row["file"]] * is_doubtful(row)
            line.show(verdicts.total())
        line.clear()
    warn(doubtful)
    if len(files) > 1:
        message(rows.summary(verdicts, "why" if form == "table" else "error"))
    for path in (options.output, options.report and options.report / "index.html"):
        if path:
            message(f"wrote {path}")
    return int(verdicts[None] > 0)


def _format(options: argparse.Namespace) -> str:
    """The format of the output: that of the options, else that of the name of the file."""
    suffix = options.output.suffix.lower() if options.output else ""
    asked = "json" if options.json else "csv" if options.csv else ""
    implied = FORMATS.get(suffix, "")
    if asked and implied and asked != implied:
        raise UsageError(f"-o {options.output} with --{asked}: the suffix says {implied}")
    return asked or implied or "table"


@contextlib.contextmanager
def _output(path: Path | None) -> Iterator[IO[str]]:
    """Where the rows go: stdout, or a file that is whole or not there."""
    if path is None:
        yield sys.stdout
        return
    from ecglab.utils.files import replacing

    with replacing(path, "w") as file:
        yield file


@contextlib.contextmanager
def _reports(
    folder: Path | None, predictor: "Predictor"
) -> Iterator[Callable[[Mapping, "Record | None"], None]]:
    """A function that writes the page of a row and its record; at the end the index is written."""
    if folder is None:
        yield lambda row, record: None
        return
    from ecglab.reports.report_folder import ReportFolder

    pages = ReportFolder(folder, predictor)
    yield pages.write
    pages.write_index()
