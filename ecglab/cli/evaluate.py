"""`ecglab evaluate`: a packaged model on records that it has never seen."""

import argparse
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ecglab.cli import names, text
from ecglab.cli.common import Commands, command, complete, mapping
from ecglab.utils.progress import message

if TYPE_CHECKING:
    from ecglab.evaluation.external import Evaluation


def add(commands: Commands) -> None:
    text = (
        "Score a packaged model on a data set that it was not trained on. Records that it was "
        "trained on are left out."
    )
    examples = (
        "ecglab evaluate default --data clinic",
        "ecglab evaluate fast --data clinic --map SR=N --map AFIB=A --map PACED= --html page.html",
    )
    evaluate = command(commands, "evaluate", _evaluate, text, *examples)
    what = "default, fast, models:/NAME@ALIAS, models:/NAME/VERSION, or the folder of a package"
    given = evaluate.add_argument("model", metavar="MODEL", help=what)
    complete(given, names.models, files=True)
    data = evaluate.add_argument_group("the data set")
    what = "the data set, as 'ecglab data import' named it"
    given = data.add_argument("--data", required=True, metavar="NAME", help=what)
    complete(given, names.data_sets)
    data.add_argument("--labels", metavar="VERSION", help="version of its labels, such as v1")
    what = (
        "count a label of the data set as a class of the model; 'LABEL=' leaves it out; "
        "may be repeated. Labels that are equal to a class need none."
    )
    data.add_argument("--map", action="append", default=[], metavar="LABEL=CLASS", help=what)
    what = "also score records that the model was trained on, which gives too high scores"
    data.add_argument("--include-training-records", action="store_true", help=what)
    result = evaluate.add_argument_group("the result")
    what = "also write the result as JSON; without FILE, or with '-', print it and nothing else"
    result.add_argument("--json", nargs="?", const="-", metavar="FILE", help=what)
    what = "also write a page with all tables and figures, in one file"
    result.add_argument("--html", type=Path, metavar="FILE", help=what)
    result.add_argument("--track", action="store_true", help="also log the result to MLflow")


def _evaluate(options: argparse.Namespace) -> None:
    given = mapping(options.map)
    from ecglab.datasets import dataset
    from ecglab.evaluation import external
    from ecglab.tracking import registry
    from ecglab.training import provenance
    from ecglab.utils.files import write_text

    predictor = registry.load_model(options.model)
    data = dataset.open(options.data, options.labels)
    data.check()
    found = external.evaluate(
        predictor,
        data,
        given,
        include_training_records=options.include_training_records,
        uri=options.model,
    )
    found.facts["code"] = provenance.code_version()
    _warn(found.facts)
    if options.json == "-":
        print(_json(found.facts), end="", flush=True)
    else:
        print(_table(found.facts), flush=True)
    if options.json not in (None, "-"):
        write_text(Path(options.json), _json(found.facts))
        message(f"wrote {options.json}")
    if options.html:
        from ecglab.reports import evaluation_page

        evaluation_page.write(found, options.html)
        message(f"wrote {options.html}")
    if options.track:
        message(f"logged to MLflow as run {_track(found, options.html)}")


def _json(facts: dict) -> str:
    return json.dumps(facts, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _track(found: "Evaluation", page: Path | None) -> str:
    """Log an evaluation with its page, which is made where it was not asked for; the run's id."""
    from ecglab.reports import evaluation_page
    from ecglab.tracking import evaluations

    if page:
        return evaluations.log(found, page)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "evaluation.html"
        evaluation_page.write(found, page)
        return evaluations.log(found, page)


def _warn(facts: dict) -> None:
    if n := facts["training_records_scored"]:
        message(
            f"ecglab: NOT AN EXTERNAL EVALUATION: {facts['model']['uri']} was trained on {n:,} of "
            f"the {facts['scored']:,} scored records, so the scores are too high"
        )
    for key in ("model", "data"):
        if facts[key]["simulated"]:
            message(f"ecglab: the {key} is SIMULATED: the scores say nothing about recordings")


def _table(facts: dict) -> str:
    """The result as text."""
    data, left_out = facts["data"], facts["left_out"]
    units = facts["resampled"]["units"]
    by = f"{units:,} {facts['resampled']['by']}{'s' * (units != 1)}"
    lines = [
        f"{facts['model']['uri']} on {data['name']}: {facts['scored']:,} of "
        f"{data['records']:,} records scored, 95 % intervals by bootstrap over {by}",
        "",
        text.columns(["score", "value", "95 % interval"], _overall(facts)),
        "",
        text.columns(["class", "records", "metric", "value", "95 % interval"], _classes(facts)),
        "",
        text.columns(["label \\ predicted", *facts["counts"]], _confusion(facts)),
    ]
    mapped = [f"{label}={code}" for label, code in facts["mapping"].items() if label != code]
    lines += ["", f"mapped: {', '.join(mapped)}"] if mapped else [""]
    if facts["not_ranked"]:
        without = ", ".join(facts["not_ranked"])
        among = ", ".join(facts["ranked"]) or "no class"
        lines.append(f"challenge F1 is the mean F1 of {among}: no record is {without}")
    for label, count in left_out["labels"].items():
        lines.append(f"left out: {count:,} records with label {label}, not mapped to a class")
    if left_out["training_records"]:
        lines.append(f"left out: {left_out['training_records']:,} records the model was trained on")
    for entry in left_out["unclassified"]:
        lines.append(
            f"not classified: {entry['records']:,} records, such as {entry['example']}: "
            f"{entry['reason']}"
        )
    return "\n".join(lines).rstrip()


def _overall(facts: dict) -> list[list[str]]:
    from ecglab.evaluation.class_metrics import OVERALL

    return [[name, *_shown(facts, name)] for name in OVERALL]


def _classes(facts: dict) -> list[list[str]]:
    from ecglab.ecg.classes import Classes
    from ecglab.evaluation.class_metrics import OF_CLASS, name_of

    classes, rows = Classes.from_dict(facts["model"]["classes"]), []
    for code, count in facts["counts"].items():
        if not count:
            rows.append([code, "0", "", "n/a", ""])
            continue
        for i, measure in enumerate(OF_CLASS):
            first = [code, f"{count:,}"] if i == 0 else ["", ""]
            words = {"recall": "recall (sensitivity)"}.get(measure, measure.replace("_", " "))
            rows.append([*first, words, *_shown(facts, name_of(measure, code, classes))])
    return rows


def _confusion(facts: dict) -> list[list[str]]:
    return [
        [code, *(f"{count:,}" for count in row)]
        for code, row in zip(facts["counts"], facts["confusion"], strict=True)
    ]


def _shown(facts: dict, name: str) -> list[str]:
    value, interval = facts["values"][name], facts["intervals"][name]
    shown = "n/a" if value is None else f"{value:.3f}"
    return [shown, f"{interval[0]:.3f} to {interval[1]:.3f}" if interval else ""]
