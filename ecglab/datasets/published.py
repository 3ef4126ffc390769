"""What others published about a data set: results of their models, and versions of its labels.

Both are files beside the data set's own: NAME_published.csv and NAME_relabelled.csv.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

HIDDEN, CROSS_VALIDATED, ONE_SPLIT = PROTOCOLS = ("hidden test", "cross-validation", "one split")
"""How results are scored: on records that were never published, each record once by a model that
did not see it, or on one part of the published records."""

_PACKAGED = Path(__file__).parent


def results(name: str) -> "pd.DataFrame":
    """The published results of a data set, a row each; no rows where none are known.

    Columns: protocol (one of `PROTOCOLS`), year, authors, system, selection (on which records the
    scored model was selected), F1 of each class and challenge_f1, source (URL). All are texts, with
    the digits that were published, "" where nothing was. Results of different protocols are of
    different records: they cannot be compared.
    """
    return _read(f"{name}_published.csv", "protocol")


def relabelled(name: str) -> "pd.DataFrame":
    """The records whose label is not the same in all versions; no rows where none are known.

    Columns: record, and its label in each version. For cinc2017, of the 7,500 records of the kept
    results, from the files REFERENCE-v1.csv to REFERENCE-v3.csv that were published.
    """
    return _read(f"{name}_relabelled.csv", "record")


def _read(file: str, first: str) -> "pd.DataFrame":
    """The table of a file; without it, one that has only the first column, and no rows."""
    import pandas as pd

    path = _PACKAGED / file
    if not path.exists():
        return pd.DataFrame({first: []}, dtype=str)
    return pd.read_csv(path, dtype=str, keep_default_na=False)
