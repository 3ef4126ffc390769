"""`ecglab predict`: the classes of recordings, by a packaged model."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from ecglab.cli import names
from ecglab.cli.common import command, complete
from ecglab.utils.errors import RecordError
from ecglab.utils.progress import message


def add(commands) -> None:
    text = (
        "Predict the class of recordings. Each file gives a row with the probability of every "
        "class; a file that cannot be read gives its reason in the column error."
    )
    examples = (
        "ecglab predict recording.csv",
        "ecglab predict --model fast --fs 250 --json one.npy two.npy",
    )
    parser = command(commands, "predict", _predict, text, *examples)
    what = "recording as CSV, NumPy, WFDB or MATLAB"
    parser.add_argument("files", nargs="+", metavar="FILE", help=what)
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    model = parser.add_argument_group("the model")
    what = (
        "default or fast, which come with ecglab; models:/ecg-rhythm@champion and the like; "
        "or the folder of a package; without it, the promoted model or else default"
    )
    complete(model.add_argument("--model", help=what), names.models, files=True)
    what = "predict with the model of this fold alone"
    model.add_argument("--member", type=int, metavar="FOLD", help=what)
    recordings = parser.add_argument_group("the recordings")
    recordings.add_argument("--lead", help="name or number of the lead, in files with several")
    what = "sampling rate of files without one"
    recordings.add_argument("--fs", type=float, metavar="HZ", help=what)
    what = "unit of the samples of files that do not state it: mV, µV or V"
    recordings.add_argument("--units", metavar="UNIT", help=what)


def _predict(options: argparse.Namespace) -> int:
    from ecglab import readers
    from ecglab.inference.predictor import ROW, Predictor
    from ecglab.tracking import registry

    folder = registry.locate(options.model) if options.model else registry.default()
    predictor = Predictor(folder, None if options.member is None else [options.member])
    if predictor.card["simulated"]:
        message(
            f"ecglab: {predictor.name} was trained on SIMULATED data: "
            "its predictions of real recordings mean nothing"
        )
    codes = list(predictor.classes)
    files = _one_per_record(options.files)
    # Of fixed widths, because the rows are printed as they come.
    widths = [max(20, *(len(file) for file in files))]
    widths += [max(5, *map(len, codes)), *(max(5, len(code)) for code in codes)]
    widths += [len(predictor.name)]
    if not options.json:
        meanings = predictor.classes.meanings.items()
        message("classes: " + ", ".join(f"{code} {meaning}" for code, meaning in meanings))
        print(_row(["file", "label", *codes, "model", "error"], widths))
    failed = False
    for file in files:
        try:
            record = readers.read(file, options.lead, options.fs, options.units)
            [prediction] = predictor.rows(record)
            prediction["error"] = None
        except RecordError as error:
            failed = True
            prediction = dict.fromkeys(ROW) | {"record": Path(file).stem, "model": predictor.name}
            prediction["error"] = str(error)
        prediction = {"file": file, **prediction}
        if options.json:
            print(json.dumps(prediction, ensure_ascii=False), flush=True)
        else:
            print(_row(_cells(prediction, codes), widths), flush=True)
    return int(failed)


def _one_per_record(files: Sequence[str]) -> list[str]:
    """The files, but of those that make up one WFDB record only the first."""
    from ecglab.readers.wfdb_reader import header_of

    kept = {str(header_of(Path(file)) or file): file for file in reversed(files)}
    found = [file for file in files if file in set(kept.values())]
    if len(found) < len(files):
        left_out = len(files) - len(found)
        message(f"left out, as parts of WFDB records that are given already: {left_out:,}")
    return found


def _cells(prediction: dict, codes: Sequence[str]) -> list[str]:
    """What the row of a prediction, or of an error, shows."""
    probabilities = (prediction["probabilities"] or {}).get
    shown = [probabilities(code) for code in codes]
    return [
        prediction["file"],
        prediction["label"] or "-",
        *("-" if p is None else f"{p:.3f}" for p in shown),
        prediction["model"],
        prediction["error"] or "",
    ]


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    fixed = (f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=False))
    return " ".join([*fixed, cells[-1]]).rstrip()
