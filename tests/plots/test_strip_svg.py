"""The strip as an SVG drawing: true to scale, with gaps, marks and shades in their places."""

import re

import numpy as np
import pytest

from ecglab.ecg.record import Record
from ecglab.plots import strip_svg


def points(path: str) -> np.ndarray:
    """(n, 2) the points of a path."""
    return np.array(re.findall(r"[ML]([\d.-]+) ([\d.-]+)", path), float)


def record(seconds=25.0, fs=300.0):
    t = np.arange(round(seconds * fs)) / fs
    return Record(0.9 * np.sin(2 * np.pi * t), fs)


def test_the_signal_is_25_mm_a_second_and_10_mm_a_millivolt():
    made = strip_svg.strip(record())
    assert [(row.start, row.end) for row in made.rows] == [(0, 10), (10, 20), (20, 25)]
    assert [row.width for row in made.rows] == [260, 260, 135]
    for row in made.rows:
        drawn = points(row.trace)
        seconds = (drawn[:, 0] - 10) / 25 + row.start
        millivolts = row.height / 20 - drawn[:, 1] / 10  # the rows are from -1 to 1 mV
        np.testing.assert_allclose(seconds, row.start + np.arange(len(drawn)) / 300, atol=3e-4)
        np.testing.assert_allclose(millivolts, 0.9 * np.sin(2 * np.pi * seconds), atol=3e-3)
    assert made.beyond == 0 and made.seconds == 25


def test_the_paper_has_lines_every_1_and_5_mm_and_a_pulse_of_1_mv():
    row = strip_svg.strip(record()).rows[0]
    for path, step in ((row.minor, 1), (row.major, 5)):
        across = [int(x) for x in re.findall(r"M(\d+) 0V", path)]
        assert across == list(range(0, 261, step))
        down = [int(y) for y in re.findall(r"M0 (\d+)H", path)]
        assert down == list(range(0, 21, step))
    foot, top = re.match(r"M0 (\d+)H2.5V(\d+)h5", row.pulse).groups()
    assert int(foot) - int(top) == 10


def test_missing_samples_leave_a_gap():
    signal = record().signal.copy()
    signal[600:900] = np.nan
    path = strip_svg.strip(Record(signal, 300)).rows[0].trace
    assert path.count("M") == 2 and len(points(path)) == 2700


def test_at_a_high_rate_no_peak_is_lost():
    signal = 0.1 * record(fs=5000).signal
    peaks = np.arange(2500, signal.size, 5000)
    signal[peaks] = 1.9
    row = strip_svg.strip(Record(signal, 5000)).rows[0]
    drawn = points(row.trace)
    assert len(drawn) <= 10 * 25 * 20
    at = np.sort(drawn[drawn[:, 1] < drawn[:, 1].min() + 1, 0])
    np.testing.assert_allclose(at, 10 + 25 * peaks[:10] / 5000, atol=0.01)


def test_beats_and_shades_are_in_the_rows_of_their_times():
    beats = [(0.0, ""), (9.99, "V"), (10.0, ""), (24.0, "S")]
    shades = [(0, 8, 0.5), (8, 12, -1), (12, 25, 0)]
    rows = strip_svg.strip(record(), beats, shades).rows
    assert [[(m.x, m.kind) for m in row.marks] for row in rows] == [
        [(10, ""), (259.75, "V")],
        [(10, "")],
        [(110, "S")],
    ]
    assert [[(s.x, s.width, s.strength) for s in row.shades] for row in rows] == [
        [(10, 200, 0.5), (210, 50, -1)],
        [(10, 50, -1), (60, 200, 0)],
        [(10, 125, 0)],
    ]


@pytest.mark.parametrize("seconds", [9.0, 10.0, 10.001])
def test_the_last_row_ends_with_its_second(seconds):
    rows = strip_svg.strip(record(seconds, 1000)).rows
    assert rows[-1].width == {9.0: 235, 10.0: 260, 10.001: 35}[seconds]


def test_of_a_long_record_the_first_300_s_are_drawn():
    made = strip_svg.strip(record(310, 100))
    assert (len(made.rows), made.seconds) == (30, 300)
