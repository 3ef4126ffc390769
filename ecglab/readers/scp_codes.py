"""Huffman codes and differences of SCP-ECG (EN 1064, ISO/IEEE 11073-91064, section 2)."""

from collections.abc import Sequence

import numpy as np

DEFAULT_TABLE = 19999
"""In the place of the number of tables: the default table."""

_WINDOW = 64
_MOST_BITS = _WINDOW - 8


class Table:
    """A table of codes: prefixes, each with what it stands for.

    codes: (bits of the prefix, bits of prefix and value, kind, base, prefix); kind 1 stands for
    base plus the value that follows, kind 0 for a change to the table of number `base` (from 1)
    """

    def __init__(self, codes: Sequence[tuple[int, int, int, int, int]]):
        for prefix, whole, _, _, _ in codes:
            if not 1 <= prefix <= whole <= _MOST_BITS:
                raise ValueError(f"a code of {prefix} of {whole} bits")
        self.lengths = sorted({code[0] for code in codes})
        self.meaning = {(p, prefix): (whole, kind, base) for p, whole, kind, base, prefix in codes}


def _default() -> Table:
    """0 is the bit 0; k from 1 to 8 is k ones, a 0 and the sign; the rest follows 8 or 16 bits."""
    codes = [(1, 1, 1, 0, 0)]
    for k in range(1, 9):
        ones = ((1 << k) - 1) << 2
        codes += [(k + 2, k + 2, 1, k, ones), (k + 2, k + 2, 1, -k, ones | 1)]
    codes += [(10, 18, 1, 0, 0x3FE), (10, 26, 1, 0, 0x3FF)]
    return Table(codes)


def tables(section: bytes) -> list[Table]:
    """The tables of section 2; none where samples are 16-bit integers.

    Raises ValueError for a table that is cut or has impossible codes.
    """
    n_tables = int.from_bytes(section[:2], "little")
    if n_tables == DEFAULT_TABLE:
        return [_default()]
    found, at = [], 2
    for _ in range(n_tables):
        n_codes = int.from_bytes(section[at : at + 2], "little")
        at += 2
        if at + 9 * n_codes > len(section) or not n_codes:
            raise ValueError("a table of codes is cut")
        codes = []
        for place in range(at, at + 9 * n_codes, 9):
            prefix, whole, kind = section[place : place + 3]
            base = int.from_bytes(section[place + 3 : place + 5], "little", signed=True)
            # The first bit of a code is the lowest one.
            bits = f"{int.from_bytes(section[place + 5 : place + 9], 'little'):032b}"[::-1]
            codes.append((prefix, whole, kind, base, int(bits[:prefix] or "0", 2)))
        found.append(Table(codes))
        at += 9 * n_codes
    return found


def decode(content: bytes, n: int, coded: Sequence[Table], difference: int) -> np.ndarray:
    """Up to n samples of a lead, int64; fewer where the content ends.

    difference: order of the differences that are stored, 0 to 2
    Raises ValueError for a code that is in no table.
    """
    if difference not in (0, 1, 2):
        raise ValueError(f"differences of order {difference}")
    if coded:
        values = np.array(_symbols(content, n, coded), np.int64)
    else:
        values = np.frombuffer(content, "<i2", min(n, len(content) // 2)).astype(np.int64)
    if difference == 1:
        return np.cumsum(values)
    if difference == 2 and values.size > 2:
        # The first two are samples, the others second differences.
        steps = np.cumsum([values[1] - values[0], *values[2:]])
        return values[0] + np.concatenate([[0], np.cumsum(steps)])
    return values


def _symbols(content: bytes, n: int, coded: Sequence[Table]) -> list[int]:
    values: list[int] = []
    n_bits, at = 8 * len(content), 0
    padded = content + bytes(8)
    table = coded[0]
    mask = (1 << _WINDOW) - 1
    while len(values) < n and at < n_bits:
        window = (int.from_bytes(padded[at >> 3 : (at >> 3) + 8], "big") << (at & 7)) & mask
        for length in table.lengths:
            found = table.meaning.get((length, window >> (_WINDOW - length)))
            if found:
                break
        else:
            raise ValueError("a code is in no table")
        whole, kind, base = found
        if at + whole > n_bits:
            break
        at += whole
        if kind == 0:
            if not 1 <= base <= len(coded):
                raise ValueError(f"a change to table {base} of {len(coded)}")
            table = coded[base - 1]
            continue
        extra = whole - length
        value = (window >> (_WINDOW - whole)) & ((1 << extra) - 1)
        if extra and value >> (extra - 1):
            value -= 1 << extra
        values.append(base + value)
    return values
