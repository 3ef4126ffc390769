"""`ecglab report`: the prediction of one recording, explained on a page."""

import argparse
from pathlib import Path

from ecglab.cli.common import Commands, UsageError, command
from ecglab.cli.predict import (
    add_model,
    add_recordings,
    classify,
    is_doubtful,
    open_model,
    warn,
)
from ecglab.utils.progress import message
from ecglab.utils.text import printable


def add(commands: Commands) -> None:
    text = (
        "Explain the prediction of one recording on an HTML page. It has the verdict, the strip on "
        "ECG paper, the parts that the prediction rests on, the rhythm, and the limits of the "
        "model. The exit status is 0 if the recording is classified, and 1 if the page says why "
        "it is not."
    )
    examples = (
        "ecglab report recording.csv",
        "ecglab report recording.csv -o report.html --pdf",
    )
    parser = command(commands, "report", _report, text, *examples)
    parser.add_argument("file", metavar="FILE", help="a recording")
    what = "the page; by default NAME_report.html in this folder"
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help=what)
    what = "also print the page to a PDF beside it, with Chromium, Chrome or Edge"
    parser.add_argument("--pdf", action="store_true", help=what)
    add_model(parser)
    add_recordings(parser)


def _report(options: argparse.Namespace) -> int:
    from ecglab.reports import pdf, recording_page

    path = options.output or Path(f"{Path(options.file).stem}_report.html")
    if path.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"-o {path}: the page is HTML: give a name that ends in .html")
    predictor = open_model(options)
    [(row, record)] = classify([options.file], predictor, options)
    recording_page.write(path, row, record, predictor)
    warn([options.file] * is_doubtful(row))
    message(f"wrote {path}")
    if options.pdf:
        pdf.write(path, path.with_suffix(".pdf"))
        message(f"wrote {path.with_suffix('.pdf')}")
    print(printable(row["error"] or f"{row['verdict']}: {row['reason']}"))
    return int(row["error"] is not None)
