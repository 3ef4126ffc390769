"""Charts of one recording: each value at its place, and described in words."""

import re

import numpy as np
import pytest

from ecglab.datasets.synthetic import simulate
from ecglab.ecg.record import Record
from ecglab.plots import recording_charts as charts
from ecglab.plots.chart_svg import Axis, Chart


def test_a_point_is_where_the_axes_say():
    chart = Chart("", "", Axis(0, 10, "x"), Axis(-1, 1, "y"))
    wide, high = chart.inside
    assert chart.at(0, -1) == (chart.left, chart.top + high)
    assert chart.at(10, 1) == (chart.left + wide, chart.top)
    assert chart.at(5, 0) == (chart.left + wide / 2, chart.top + high / 2)
    assert chart.path([0, 5, 10], [0, np.nan, 0]).count("M") == 2
    assert chart.x.ticks == [0, 2, 4, 6, 8, 10]
    assert Axis(0.45, 1.21, "").ticks == pytest.approx([0.6, 0.8, 1.0, 1.2])


def test_an_interval_over_missing_samples_is_not_known():
    signal = np.zeros(3000)
    signal[1000:1100] = np.nan
    time, rr = charts.intervals(signal, 300, np.array([300, 600, 900, 1200, 1530]))
    np.testing.assert_allclose(time, [2, 3, 4, 5.1])
    np.testing.assert_allclose(rr, [1, 1, np.nan, 1.1])


def test_rr_intervals_and_their_pairs_in_words_and_points():
    time, rr = np.array([1.0, 2, 2.5, 4]), np.array([1.0, 1.0, 0.5, 1.5])
    kinds = np.array(["", "", "V", ""])
    series = charts.rr_series(time, rr, kinds, 10)
    assert series.alt == "4 RR intervals of 0.50 to 1.50 s, median 1.00 s."
    assert [kind for _, _, kind in series.points] == ["", "", "V", ""]
    plot = charts.poincare(rr, kinds)
    assert plot.alt.startswith("3 pairs of RR intervals") and "1.00 s at most" in plot.alt
    assert plot.points[1] == (*plot.at(1.0, 0.5), "")
    assert plot.points[2] == (*plot.at(0.5, 1.5), "V")
    wide, high = plot.inside
    assert wide == high and plot.x.low == plot.y.low and plot.x.high == plot.y.high


def test_a_record_without_beats_has_charts_that_say_so():
    none = np.empty(0)
    assert charts.rr_series(none, none, np.empty(0, "U1"), 10).alt == "No two beats were found."
    assert "no two successive" in charts.poincare(none, np.empty(0, "U1")).alt


def test_the_spectrogram_names_the_highest_power():
    t = np.arange(3000) / 300
    chart = charts.spectrogram(Record(np.sin(2 * np.pi * 10 * t), 300))
    assert "highest at 10 Hz" in chart.alt
    assert chart.image.startswith("data:image/png;base64,")
    left, _, width, _ = chart.image_at
    assert left > chart.left and left + width < chart.left + chart.inside[0]


def test_quality_falls_where_the_noise_is(rng):
    signal = simulate("N", 30, rng)
    signal[4500:6000] += rng.normal(0, 1, 1500).astype(np.float32)
    chart = charts.quality_over_time(signal, 300)
    lowest, highest, at = map(float, re.findall(r"[\d.]+\d", chart.alt.partition(": ")[2]))
    assert 0 <= lowest < highest <= 1 and 14 <= at <= 21


def test_a_window_of_missing_samples_has_no_quality(rng):
    signal = simulate("N", 30, rng)
    signal[:3000] = np.nan
    assert charts.quality_over_time(signal, 300).alt.split(": ")[1].startswith("0.00 to")
