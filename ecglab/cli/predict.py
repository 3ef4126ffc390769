"""`ecglab predict`: the classes of recordings, by a packaged model."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from ecglab.cli.common import command
from ecglab.utils.errors import RecordError


def add(commands) -> None:
    parser = command(commands, "predict", _predict, "predict the class of recordings")
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument(
        "--model",
        metavar="MODEL",
        help="default or fast, which come with ecglab; models:/ecg-rhythm@champion and the like; "
        "or the folder of a package; without it, the promoted model or else default",
    )
    parser.add_argument(
        "--member", type=int, metavar="FOLD", help="predict with the model of this fold alone"
    )
    parser.add_argument("--lead", help="name or number of the lead, in files with several")
    parser.add_argument("--fs", type=float, help="sampling rate in Hz, for files without one")


def _predict(options: argparse.Namespace) -> int:
    from ecglab import readers
    from ecglab.inference.predictor import Predictor
    from ecglab.tracking import registry

    folder = registry.locate(options.model) if options.model else registry.default()
    predictor = Predictor(folder, None if options.member is None else [options.member])
    if predictor.card["simulated"]:
        print(
            f"ecglab: {predictor.name} was trained on SIMULATED data: "
            "its predictions of real recordings mean nothing",
            file=sys.stderr,
        )
    codes = list(predictor.classes)
    if not options.json:
        print(_row("record", "label", codes, "model", codes))
    failed = False
    for file in options.files:
        try:
            record = readers.read(file, lead=options.lead, fs=options.fs)
            [prediction] = predictor.predict([record])
        except RecordError as error:
            failed = True
            prediction = {"record": Path(file).stem, "error": str(error)}
        if options.json:
            print(json.dumps(prediction, ensure_ascii=False), flush=True)
        else:
            print(_text(prediction, codes), flush=True)
    return int(failed)


def _text(prediction: dict, codes: Sequence[str]) -> str:
    """The row of a prediction, or of an error."""
    if "error" in prediction:
        return _row(prediction["record"], "-", ["-"] * len(codes), prediction["error"], codes)
    cells = [f"{p:.3f}" for p in prediction["probabilities"].values()]
    return _row(prediction["record"], prediction["label"], cells, prediction["model"], codes)


def _row(record: str, label: str, cells: Sequence[str], last: str, codes: Sequence[str]) -> str:
    # Of fixed widths, because the rows are printed as they come.
    widths = [max(len(code), 5) for code in codes]
    columns = [f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)]
    return " ".join([f"{record:<20}", f"{label:<{max(widths)}}", *columns, last])
