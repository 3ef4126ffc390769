"""`ecglab robustness`: what disturbances of the signal do to the predictions of a model."""

import argparse
import json
from pathlib import Path

from ecglab.cli import names, text
from ecglab.cli.common import Commands, command, complete
from ecglab.utils.progress import message


def add(commands: Commands) -> None:
    text = (
        "Measure what disturbances by devices do to predictions: mains hum, baseline drift, "
        "missing samples, clipping, other rates, gains and lengths. Records that the model was "
        "trained on are predicted by the member that did not see them."
    )
    examples = (
        "ecglab robustness --html page.html",
        "ecglab robustness fast --records 100 --long RECORDINGS",
    )
    robustness = command(commands, "robustness", _robustness, text, *examples)
    what = "default, fast, models:/NAME@ALIAS, models:/NAME/VERSION, or the folder of a package"
    given = robustness.add_argument(
        "model", nargs="?", default="default", metavar="MODEL", help=what
    )
    complete(given, names.models, files=True)
    what = "the data set whose records are disturbed (default: cinc2017, else synthetic)"
    given = robustness.add_argument("--data", metavar="NAME", help=what)
    complete(given, names.data_sets)
    what = "number of records, drawn at random with the classes in their proportions"
    robustness.add_argument("--records", type=int, default=500, metavar="N", help=what)
    what = "class whose records are to be found"
    robustness.add_argument("--label", default="A", metavar="CLASS", help=what)
    robustness.add_argument("--seed", type=int, default=0, help="seed of all random draws")
    what = (
        "also predict windows of 30 s of the WFDB recordings in FOLDER, and compare with their "
        "rhythm annotations"
    )
    robustness.add_argument("--long", type=Path, metavar="FOLDER", help=what)
    what = "also write the result as JSON; without FILE, or with '-', print it and nothing else"
    robustness.add_argument("--json", nargs="?", const="-", metavar="FILE", help=what)
    what = "also write a page with the tables and the figure, in one file"
    robustness.add_argument("--html", type=Path, metavar="FILE", help=what)


def _robustness(options: argparse.Namespace) -> None:
    from ecglab.datasets import dataset
    from ecglab.evaluation import rhythms, robustness
    from ecglab.evaluation.out_of_fold import OutOfFold
    from ecglab.reports import robustness_page
    from ecglab.tracking import registry
    from ecglab.training import provenance
    from ecglab.utils.files import write_text

    folder = registry.locate(options.model)
    data = dataset.open(options.data)
    model = OutOfFold(folder, data.excerpt(min(options.records, len(data)), options.seed))
    facts = robustness.measure(model, options.label, seed=options.seed, uri=options.model)
    if options.long:
        windows = rhythms.windows(options.long)
        facts["recordings"] = rhythms.measure(model.model, windows, options.label)
    facts["code"] = provenance.code_version()
    found = json.dumps(facts, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    if options.json == "-":
        print(found, end="", flush=True)
    else:
        tables = robustness_page.tables(facts)
        print("\n\n".join(text.columns(*table) for table in tables if table.rows), flush=True)
    if options.json not in (None, "-"):
        write_text(Path(options.json), found)
        message(f"wrote {options.json}")
    if options.html:
        robustness_page.write(facts, options.html)
        message(f"wrote {options.html}")
