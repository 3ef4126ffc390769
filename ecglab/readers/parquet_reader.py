"""Parquet tables: columns of samples, or one recording per row as a list."""

from pathlib import Path
from typing import Any

import numpy as np

from ecglab.readers.columns import Column, leads_of_columns, named
from ecglab.readers.leads import Lead
from ecglab.readers.library import library
from ecglab.readers.named_values import leads_of_values
from ecglab.readers.plain_file import open_plain
from ecglab.readers.recording import Recording
from ecglab.utils.errors import RecordError

FORMAT = "Parquet"
SUFFIXES = (".parquet", ".pq")
LIBRARY = "pyarrow"
RATE, UNIT = "column of times, column fs or --fs", "name of the column, column unit or --units"
SAMPLE = "tests/readers/test_other_readers.py"

_MAGIC = b"PAR1"
_MOST_BYTES = 1 << 29
_MOST_ROWS = 100


def matches(path: Path, head: bytes) -> bool:
    return head.startswith(_MAGIC)


def read(path: Path) -> Recording:
    """Read the columns of a table as those of a CSV, or its rows where cells hold lists of samples.

    Raises RecordError for other files, and where pyarrow is not installed
    (`pip install 'ecglab[formats]'`).
    """
    parquet = library(path, "pyarrow.parquet")
    arrow = library(path, "pyarrow")
    with open_plain(path) as file:
        try:
            opened = parquet.ParquetFile(file)
            facts = opened.metadata
            size = sum(facts.row_group(i).total_byte_size for i in range(facts.num_row_groups))
            # Values that repeat are stored once, so that few bytes may be many rows.
            if max(size, 8 * facts.num_rows * facts.num_columns) > _MOST_BYTES:
                raise RecordError(
                    f"{path}: holds more than {_MOST_BYTES / 1e6:.0f} MB: save a part of it"
                )
            table = opened.read()
        except (OSError, arrow.ArrowException) as error:
            raise RecordError(
                f"{path}: not a Parquet file, or damaged or cut ({str(error).split('.')[0]:.80}): "
                "copy it again"
            ) from None
    lists = [name for name in table.column_names if _is_list(arrow, table.schema.field(name).type)]
    leads = _of_rows(path, table, lists) if lists else _of_columns(path, arrow, table)
    return Recording(path, FORMAT, leads)


def _is_list(arrow: Any, kind: Any) -> bool:
    types = arrow.types
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def _of_columns(path: Path, arrow: Any, table: Any) -> list[Lead]:
    """The leads of a table of samples; missing values are NaN."""
    columns = []
    for head in table.column_names:
        column, kind = table[head], table.schema.field(head).type
        name, unit = named(head)
        if arrow.types.is_integer(kind) or arrow.types.is_floating(kind):
            values = np.asarray(column.to_pandas().to_numpy(dtype=float, na_value=np.nan))
        elif arrow.types.is_timestamp(kind):
            moments = column.cast(arrow.timestamp("ns")).cast(arrow.int64()).to_numpy()
            name, unit, values = "time", "ns", (moments - moments[:1]).astype(float)
        elif arrow.types.is_string(kind) or arrow.types.is_large_string(kind):
            values = np.array(column.to_pylist(), object)
        else:
            continue
        columns.append(Column(name, unit, values))
    if not columns or not columns[0].values.size:
        raise RecordError(f"{path}: empty, it holds no values")
    return leads_of_columns(path, columns)


def _of_rows(path: Path, table: Any, lists: list[str]) -> list[Lead]:
    """The leads of recordings in rows, named by the number of the row where there are several."""
    if not table.num_rows:
        raise RecordError(f"{path}: empty, it holds no rows")
    if table.num_rows > _MOST_ROWS:
        raise RecordError(
            f"{path}: holds {table.num_rows:,} recordings in rows, more than the {_MOST_ROWS} of "
            "one file: save them apart"
        )
    leads = []
    for i, row in enumerate(table.to_pylist()):
        for lead in leads_of_values(path, row):
            name = lead.name if table.num_rows == 1 else f"{i} {lead.name}".strip()
            leads.append(Lead(name, lead.unit, lead.fs, lead.signal))
    return leads
