"""A folder of reports: a page for each recording, and an index of them."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ecglab.ecg.record import Record
from ecglab.reports import pages, recording_page
from ecglab.utils.files import write_text
from ecglab.utils.text import printable

if TYPE_CHECKING:
    from ecglab.inference.predictor import Predictor

INDEX = "index.html"


class ReportFolder:
    """Writes the pages of recordings one by one, and at the end their index."""

    def __init__(self, folder: Path, predictor: "Predictor"):
        self._folder, self._predictor = Path(folder), predictor
        self._rows: list[dict] = []
        self._taken = {INDEX}

    def write(self, row: Mapping, record: Record | None) -> None:
        """Write the page of a row of `ecglab predict`; record: None where it could not be read."""
        name = self._name(row["record"])
        recording_page.write(self._folder / name, row, record, self._predictor)
        shown = {key: printable(x) if isinstance(x, str) else x for key, x in row.items()}
        self._rows.append({**shown, "page": name})

    def write_index(self) -> None:
        """Write the index. It needs no network; without scripts it is a plain table."""
        values = {
            "rows": self._rows,
            "verdicts": sorted({row["verdict"] for row in self._rows if row["verdict"]}),
            "card": self._predictor.card,
        }
        write_text(self._folder / INDEX, pages.render("index.html", **values))

    def _name(self, record: str) -> str:
        """A name for the page of a record that no other page has, on any file system."""
        stem = re.sub(r"[^\w.-]+", "_", record, flags=re.ASCII).strip(".")[:80] or "record"
        names = (f"{stem}{end}.html" for end in ["", *(f"-{i}" for i in range(2, 10**6))])
        name = next(name for name in names if name.lower() not in self._taken)
        self._taken.add(name.lower())
        return name
