"""The variables of MATLAB files of versions 4 and 5.

Version 5 is that of "MAT-File Format", MathWorks. It is read here and not by SciPy, whose reader
can crash on damaged files and takes whatever memory a compressed file claims. Both functions raise
ValueError, IndexError, KeyError or zlib.error for a damaged file.
"""

import math
import zlib

import numpy as np

MOST_BYTES = 1 << 28

_MATLAB_4_TYPES = ("f8", "f4", "i4", "i2", "u2", "u1")
_STORED = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8"}
_STORED |= {12: "i8", 13: "u8", 16: "u1", 17: "u2", 18: "u4"}
_CLASSES = dict(enumerate(("f8", "f4", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"), 6))
_MATRIX, _COMPRESSED = 14, 15
_STRUCT, _CHAR = 2, 4
_COMPLEX = 0x0800
_DEEPEST = 3


def variables_4(content: bytes) -> dict[str, np.ndarray]:
    """The matrices of real numbers and texts of a MATLAB 4 file.

    Each is five int32 (the kind in decimal digits, rows, columns, whether an imaginary part
    follows, length of the name), the name, and the values column by column.
    """
    variables, at = {}, 0
    while at < len(content):
        order = "<" if content[at + 2 : at + 4] == b"\0\0" else ">"
        kind, rows, columns, imaginary, name_length = np.frombuffer(content, f"{order}i4", 5, at)
        dtype = np.dtype(order + _MATLAB_4_TYPES[kind // 10 % 10])
        start, size = at + 20 + int(name_length), int(rows) * int(columns)
        if min(rows, columns, name_length) < 0 or kind % 10 > 2:
            raise ValueError("no MATLAB 4 header")
        name = content[at + 20 : start].rstrip(b"\0").decode("latin-1")
        values = np.frombuffer(content, dtype, size, start)
        at = start + values.nbytes * (2 if imaginary else 1)
        if at > len(content):
            raise ValueError("cut")
        if kind % 10 == 0 and not imaginary:  # 2 is a sparse matrix
            variables[name] = values.reshape(columns, rows).T
        elif kind % 10 == 1 and rows == 1:
            variables[name] = text(values)
    return variables


def variables_5(content: bytes) -> dict[str, np.ndarray]:
    """The arrays of real numbers and texts of a MATLAB 5 file, also those in structures."""
    order = {b"IM": "<", b"MI": ">"}[content[126:128]]
    variables: dict[str, np.ndarray] = {}
    at, left = 128, MOST_BYTES
    while at + 8 <= len(content):
        kind, element, at = _element(content, at, order)
        if kind == _COMPRESSED:
            tag = zlib.decompressobj().decompress(element, 8)
            stated = int(np.frombuffer(tag, f"{order}u4", 2)[1]) + 8
            if stated > left:
                raise MemoryError
            unpacker = zlib.decompressobj()
            inside = unpacker.decompress(element, stated + 8)
            if not unpacker.eof:
                raise ValueError("cut")
            left -= len(inside)
            kind, element, _ = _element(inside, 0, order)
        if kind == _MATRIX:
            _add_matrix(variables, element, order, "", _DEEPEST)
    return variables


def _element(content: bytes | memoryview, at: int, order: str) -> tuple[int, memoryview, int]:
    """(type, data, place of the next element) of a data element."""
    first, size = (int(x) for x in np.frombuffer(content, f"{order}u4", 2, at))
    small = first >> 16
    start = at + 4 if small else at + 8
    kind, size = (first & 0xFFFF, small) if small else (first, size)
    end = start + size
    if end > len(content) or (small and size > 4):
        raise ValueError("cut")
    after = at + 8 if small else end if kind == _COMPRESSED else end + -size % 8
    return kind, memoryview(content)[start:end], after


def _add_matrix(
    variables: dict[str, np.ndarray], content: memoryview, order: str, name: str, depth: int
) -> None:
    """Add the array of a matrix element, or those of the fields of a structure."""
    if not len(content):
        return
    _, flags, at = _element(content, 0, order)
    flag = int(np.frombuffer(flags, f"{order}u4", 1)[0])
    _, shape, at = _element(content, at, order)
    dims = [int(n) for n in np.frombuffer(shape, f"{order}i4")]
    _, own, at = _element(content, at, order)
    name = bytes(own).rstrip(b"\0").decode("latin-1") or name
    kind = flag & 0xFF
    if kind == _STRUCT and math.prod(dims) == 1 and depth:
        _, length, at = _element(content, at, order)
        _, names, at = _element(content, at, order)
        width = int(np.frombuffer(length, f"{order}i4", 1)[0])
        if width < 1:
            raise ValueError("no field names")
        for i in range(0, len(names), width):
            field = bytes(names[i : i + width]).partition(b"\0")[0].decode("latin-1")
            _, value, at = _element(content, at, order)
            inside: dict[str, np.ndarray] = {}
            _add_matrix(inside, value, order, field, depth - 1)
            for key, array in inside.items():
                variables.setdefault(key, array)
    elif kind in _CLASSES or kind == _CHAR:
        stored, data, _ = _element(content, at, order)
        values = np.frombuffer(data, order + _STORED[stored])
        if kind == _CHAR:
            variables[name] = text(values)
        elif not flag & _COMPLEX and min(dims) >= 0 and values.size == math.prod(dims):
            variables[name] = values.astype(_CLASSES[kind]).reshape(dims, order="F")
        elif not flag & _COMPLEX:
            raise ValueError("no such shape")


def text(codes: np.ndarray) -> np.ndarray:
    """An array of one text from the codes of its characters."""
    return np.array(["".join(chr(int(code)) for code in codes.ravel()[:1000])])
