"""A model on annotated recordings:  python -m benchmarks.external FOLDER [MODEL] -o RESULT

FOLDER holds folders of WFDB recordings with annotations (`.atr`), one for each database, such as
`mitdb` and `cpsc2021`. Writes to the folder RESULT the table `windows.csv` of their windows of
30 s, which it imports as the data set `rhythms` and evaluates, and the page `evaluation.html`. Then
prints for each database, patient and lead the windows with and without atrial fibrillation, and
its sensitivity and specificity: of the most probable class, and of the verdict, which leaves out
what is uncertain or unreadable.

A window is labelled AFIB (atrial fibrillation or flutter in at least half of it), PREMATURE (free
of both, with premature beats) or SR. Other windows are left out, and recordings shorter than 30 s.
"""

import argparse
import csv
import io
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from ecglab.evaluation import rhythms
from ecglab.evaluation.rhythms import Window
from ecglab.tracking import registry
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import write_text

NAME = "rhythms"
MAPPING = {"AFIB": "A", "PREMATURE": "O", "SR": "N"}
"""Label of a window: class of a model trained on cinc2017."""


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.external",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("model", nargs="?", default="default", metavar="MODEL")
    parser.add_argument("-o", "--output", type=Path, default=Path(), metavar="RESULT")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    try:
        windows = list(rhythms.windows(options.folder))
    except EcglabError as error:
        sys.exit(str(error))
    table = options.output / "windows.csv"
    write_text(table, _table(windows, options.folder))
    _ecglab("data", "import", options.folder, "--labels", table, "--name", NAME, "--replace")
    maps = [word for pair in MAPPING.items() for word in ("--map", "=".join(pair))]
    page = options.output / "evaluation.html"
    _ecglab("evaluate", options.model, "--data", NAME, *maps, "--html", page)
    model = registry.load_model(options.model)
    print("\n| database | patient | lead | with | sensitivity | by verdict ", end="")
    print("| without | specificity | by verdict |")
    print("| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for database in sorted({window.path.parent for window in windows}):
        part = (window for window in windows if database in window.path.parents)
        rows = rhythms.measure(model, part)
        for row in rows:
            _show(database.name, row["patient"], row["lead"], [row])
        for lead in sorted({row["lead"] for row in rows}):
            _show(database.name, "all", lead, [row for row in rows if row["lead"] == lead])


def _table(windows: Iterable[Window], folder: Path) -> str:
    """Windows of the recordings in a folder, as a table for `ecglab data import`."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["file", "label", "group", "lead", "start", "end"])
    for window in windows:
        if window.mixed:
            continue
        label = "AFIB" if window.share else "PREMATURE" if window.premature else "SR"
        group = f"{window.path.parent.name} {window.patient}"
        end = window.start + window.record.seconds
        file = window.path.relative_to(folder).as_posix()
        table.writerow([file, label, group, window.lead, f"{window.start:g}", f"{end:g}"])
    return text.getvalue()


def _ecglab(*arguments: object) -> None:
    """Run a command of ecglab, whose output is shown; end where it ends with an error."""
    done = subprocess.run([sys.executable, "-m", "ecglab", *map(str, arguments)])
    if done.returncode:
        sys.exit(done.returncode)


def _show(database: str, patient: str, lead: str, rows: Sequence[dict]) -> None:
    """Print a row: numbers of windows, sensitivity, specificity."""
    n = {name: sum(row[name] for row in rows) for name in rhythms.COUNTS}
    cells = [str(n["fibrillation"])]
    cells += [_share(n[k], n["fibrillation"]) for k in ("found", "found_by_verdict")]
    cells += [str(n["other"])]
    cells += [_share(n["other"] - n[k], n["other"]) for k in ("wrong", "wrong_by_verdict")]
    print(f"| {database} | {patient} | {lead} | {' | '.join(cells)} |", flush=True)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else ""


if __name__ == "__main__":
    main()
