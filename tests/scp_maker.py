"""SCP-ECG files of several kinds, for the tests of their reader."""

import binascii
import struct

import numpy as np
from recording_maker import signals

FS = 500
STEP = 2500  # nV
STORED = np.round(signals(FS, 3).T * 1e6 / STEP).astype(np.int64)
"""(3, n_samples) integers of STEP nV: leads II, V1, I."""

LEADS = (2, 3, 1)
CUSTOM = ((1, 1, 1, 0, "0"), (2, 10, 1, 0, "10"), (3, 19, 1, 0, "110"), (3, 3, 0, 2, "111"))
"""Codes of a table of its own: zero, eight bits, sixteen bits, and a change to the second table."""

SECOND = ((1, 17, 1, 0, "0"), (1, 1, 0, 1, "1"))


def differences(x: np.ndarray, order: int) -> np.ndarray:
    if order == 0 or x.size < order:
        return x
    if order == 1:
        return np.concatenate([x[:1], np.diff(x)])
    return np.concatenate([x[:2], np.diff(x, 2)])


def binary(value: int, bits: int) -> str:
    return f"{value & ((1 << bits) - 1):0{bits}b}"


def default_code(value: int) -> str:
    if value == 0:
        return "0"
    if abs(value) <= 8:
        return "1" * abs(value) + "0" + ("1" if value < 0 else "0")
    if -128 <= value < 128:
        return "1111111110" + binary(value, 8)
    return "1111111111" + binary(value, 16)


def custom_code(value: int) -> str:
    """Codes of CUSTOM; every value of 100 goes through the second table and back."""
    if value == 0:
        return "0"
    if value == 100:
        return "111" + "0" + binary(value, 16) + "1"
    return "10" + binary(value, 8) if -128 <= value < 128 else "110" + binary(value, 16)


def coded(x: np.ndarray, order: int, coding: str) -> bytes:
    """The bytes of a lead of integers."""
    values = differences(x, order)
    if coding == "none":
        return values.astype("<i2").tobytes()
    code = default_code if coding == "default" else custom_code
    bits = "".join(code(int(value)) for value in values)
    n_bytes = -(-len(bits) // 16) * 2
    return int(bits.ljust(8 * n_bytes, "1"), 2).to_bytes(n_bytes, "big")


def table_section(coding: str) -> bytes:
    if coding == "default":
        return struct.pack("<H", 19999)
    section = struct.pack("<H", 2)
    for table in (CUSTOM, SECOND):
        section += struct.pack("<H", len(table))
        for prefix, whole, kind, base, bits in table:
            section += struct.pack("<BBBhI", prefix, whole, kind, base, int(bits[::-1], 2))
    return section


def block(leads, order, coding, step=STEP, interval=1_000_000 // FS, flag=0) -> bytes:
    parts = [coded(x, order, coding) for x in leads]
    return (
        struct.pack("<HHBB", step, interval, order, flag)
        + struct.pack(f"<{len(parts)}H", *map(len, parts))
        + b"".join(parts)
    )


def span_section(n_samples: int, flags=0, leads=LEADS) -> bytes:
    spans = b"".join(struct.pack("<IIB", 1, n_samples, lead) for lead in leads)
    return bytes([len(leads), flags]) + spans


def assembled(sections: dict[int, bytes], magic=b"SCPECG", checksums=True) -> bytes:
    """A file of sections, in the order of their numbers."""

    def with_header(number: int, content: bytes, reserved=b"") -> bytes:
        if len(content) % 2:
            content += b"\0"
        head = struct.pack("<HIBB", number, 16 + len(content), 20, 20) + reserved.ljust(6, b"\0")
        return checksum(head + content) + head + content

    def checksum(content: bytes) -> bytes:
        return struct.pack("<H", binascii.crc_hqx(content, 0xFFFF) if checksums else 0)

    blocks = {number: with_header(number, content) for number, content in sections.items()}
    place = 7 + 16 + 10 * 12
    pointers = struct.pack("<HII", 0, place - 7, 7)
    for number in range(1, 12):
        length = len(blocks.get(number, b""))
        pointers += struct.pack("<HII", number, length, place if length else 0)
        place += length
    body = with_header(0, pointers, magic) + b"".join(blocks[n] for n in sorted(blocks))
    whole = struct.pack("<I", 6 + len(body)) + body
    return checksum(whole) + whole


def date_section() -> bytes:
    return b"\x19\4\0" + struct.pack("<HBB", 2024, 1, 2) + b"\x1a\3\0\3\4\5" + b"\xff\0\0"


def simple(coding="default", order=2, leads=STORED, **changed) -> bytes:
    """A file without a reference beat; `changed` replaces sections, by s1 to s6."""
    sections = {1: date_section(), 3: span_section(leads.shape[1]), 6: block(leads, order, coding)}
    if coding != "none":
        sections[2] = table_section(coding)
    options = {key: changed.pop(key) for key in ("magic", "checksums") if key in changed}
    sections |= {int(key[1:]): value for key, value in changed.items()}
    return assembled({k: v for k, v in sections.items() if v}, **options)


def with_reference(ratio=4, bimodal=True, reference_step=1250) -> tuple[bytes, np.ndarray]:
    """A file from which a reference beat was subtracted, and the mask of samples stored exactly.

    Beats are at 0.4 s and every 0.8 s; the zones around them keep the full rate.
    """
    fiducial, length = 101, 200
    centers = 200 + 400 * np.arange(12) + 1  # from 1
    beat = np.round(STORED[:, 100:300] * STEP / reference_step).astype(np.int64)
    rest = STORED.astype(float).copy()
    for center in centers:
        rest[:, center - fiducial : center - fiducial + length] -= beat * reference_step / STEP
    rest = np.round(rest).astype(np.int64)
    beats = b"".join(
        struct.pack("<HIII", 0, c - fiducial + 1, c, c - fiducial + length) for c in centers
    )
    zones = [(c - 24, c + 23) for c in centers] if bimodal else []
    exact = np.zeros(STORED.shape[1], bool)
    parts, at = [], 0
    for a, b in [*zones, (STORED.shape[1] + 1, STORED.shape[1])]:
        between = rest[:, at : a - 1]
        if ratio > 1:
            between = np.round(between.reshape(3, -1, ratio).mean(axis=2)).astype(np.int64)
        parts += [between, rest[:, a - 1 : b]]
        exact[a - 1 : b] = True
        at = b
    places = struct.pack("<HHH", 1000 * length // FS, fiducial, len(centers)) + beats
    places += b"".join(struct.pack("<II", a, b) for a, b in zones)
    interval = 1_000_000 // FS
    content = assembled(
        {
            2: table_section("default"),
            3: span_section(STORED.shape[1], flags=1),
            4: places,
            5: block(beat, 1, "default", reference_step),
            6: block(np.hstack(parts), 2, "default", STEP, interval * ratio, int(bimodal)),
        }
    )
    return content, exact
