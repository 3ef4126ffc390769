"""Figures of several records, of a prediction, and of what the records of a class share."""

import numpy as np
import pytest
from picture_parts import CLASSES, FS, drawn, measured, mm_on_paper, record_of, words

import ecglab
from ecglab import plots
from ecglab.datasets import synthetic


@pytest.fixture
def record(rng):
    return record_of(synthetic.simulate("N", 23, rng, FS), id="S1", lead="I")


def test_several_records_share_a_sheet_at_true_scale(record):
    short = record_of(record.signal[: 6 * FS], id="S2")
    figure = plots.strips({"N $1$": record, "A, short": short}, "Two records", 15)
    axes = figure.axes[0]
    long_row, short_row = drawn(figure, "signal")
    x, _ = long_row.get_data()
    assert mm_on_paper(figure, axes, x[FS] - x[0], 1) == pytest.approx([25, 1], rel=1e-3)
    assert (long_row.get_ydata().size, short_row.get_ydata().size) == (10 * FS, 6 * FS)
    labels = [text.get_text() for text in axes.texts]
    assert "13 s" in labels and "23 s" in labels  # where the record has no more, its end is shown
    assert {"N $1$", "A, short"} <= set(labels)
    assert len(drawn(figure, "pulse")) == 2
    assert "25 mm/s, 10 mm/mV" in words(figure)


def test_a_shade_lies_behind_the_seconds_it_is_of(record):
    shade = plots.Shade(np.array([0, 8, 12, 23]), np.array([-1, 0, 1]), 2.0, "a change")
    figure = plots.strip(record, shade=shade)
    patches = drawn(figure, "shade")
    widths = sorted(round(patch.get_width() / 25, 3) for patch in patches)
    assert widths == [2, 2, 3, 8, 8]  # each row shows its own part
    x, _ = drawn(figure, "signal")[0].get_data()
    true = mm_on_paper(figure, figure.axes[0], x[FS] - x[0], 10)
    assert true == pytest.approx([25, 10], rel=1e-3)


def test_the_scale_of_a_shade_is_absolute(record):
    edges = np.array([0, 12, 23])
    weak, strong = (plots.Shade(edges, np.array([0, x]), 2.0, "a change") for x in (0.05, 1.9))
    assert weak.color(0.05) == strong.color(0.05) != strong.color(1.9)
    assert strong.color(2) == strong.color(7) and strong.color(-2) == strong.color(-7)
    light = [sum(weak.color(x)[:3]) for x in (0, 0.05, 0.5, 2)]
    assert light == sorted(light, reverse=True) and light[0] > 2.85  # of 3, white
    figure = plots.strip(record, shade=weak)
    (scale,) = drawn(figure, "scale")
    assert scale.get_extent()[:2] == [-2, 2]
    ticks = [text.get_text() for text in scale.axes.get_xticklabels()]
    assert [tick.replace("\N{MINUS SIGN}", "-") for tick in ticks] == [
        "≤ -2",
        "-1",
        "0",
        "+1",
        "≥ +2",
    ]
    assert "a change" in words(figure)
    assert not drawn(plots.strip(record), "scale")


def test_times_without_a_complete_window_are_grey_and_explained(record):
    grey = "no complete window"
    predicted = {"N": 0.1, "A": 0.7, "O": 0.15, "~": 0.05}
    assert grey in words(plots.prediction(record, predicted, CLASSES))  # the first half window
    assert grey not in words(plots.prediction(record, predicted, CLASSES, start=5))
    signal = record.signal.copy()
    signal[8 * FS : 9 * FS] = np.nan
    holed = plots.spectrograms(record_of(signal), {"x": {}}, start=5)
    assert grey in words(holed)
    (panel,) = [axes for axes in holed.axes if axes.images]
    assert panel.get_facecolor()[:3] == pytest.approx((0.85, 0.85, 0.85))


def test_the_colours_of_a_spectrogram_are_those_of_the_seconds_it_shows(record):
    signal = record.signal.copy()
    signal[int(4.2 * FS) : int(4.8 * FS)] *= 50  # before the part that is shown
    panels = [
        next(axes for axes in plots.spectrograms(one, {"x": {}}, start=6).axes if axes.images)
        for one in (record, record_of(signal))
    ]
    (before, after) = (np.asarray(axes.images[0].get_array())[:, -20:] for axes in panels)
    assert after == pytest.approx(before)


def test_spectrograms_stand_under_their_strip_on_one_time_axis(record):
    settings = {"fine": {"hop": 0.02}, "as power": {"hop": 0.08, "linear": True}}
    figure = plots.spectrograms(record, settings, start=5, seconds=10)
    paper = figure.axes[0]
    panels = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title(loc="left") for axes in panels] == list(settings)
    figure.draw_without_rendering()
    x, _ = drawn(figure, "signal")[0].get_data()
    for axes in panels:
        assert axes.get_xlim() == (5, 15)
        for second in 0, 5, 9.99:
            on_paper = paper.transData.transform((x[round(second * FS)], 0))[0]
            under_it = axes.transData.transform((5 + second, 0))[0]
            assert on_paper == pytest.approx(under_it, abs=0.5)
    assert mm_on_paper(figure, paper, x[FS] - x[0], 10) == pytest.approx([25, 10], rel=1e-3)


def test_a_prediction_has_a_bar_for_each_class(record):
    predicted = {"N": 0.1, "A": 0.7, "O": 0.15, "~": 0.05}
    figure = plots.prediction(record, predicted, CLASSES, "A")
    bars = drawn(figure, "probability")
    assert [bar.get_width() for bar in bars] == list(predicted.values())
    assert "reference label A, atrial fibrillation" in words(figure)
    assert not drawn(plots.prediction(record, None, CLASSES), "probability")


def test_each_class_has_a_curve_of_what_was_measured(rng):
    columns = {"rate": "rate", "noise": "noise"}
    figure = plots.by_class(measured(rng), columns, CLASSES, "x", log=("noise",))
    assert [len(axes.lines) for axes in figure.axes] == [3, 3]
    assert [axes.get_xscale() for axes in figure.axes] == ["linear", "log"]


def test_the_poincare_plot_has_a_point_for_each_pair_of_intervals():
    rr = np.array([0.8, 0.9, 0.7, 1.1])
    figure = plots.poincare({"A  record 1": rr, "N  nothing": np.empty(0)}, CLASSES, "RR")
    x, y = figure.axes[0].lines[1].get_data()
    assert list(x) == [0.8, 0.9, 0.7] and list(y) == [0.9, 0.7, 1.1]
    assert figure.axes[0].get_xlim() == figure.axes[0].get_ylim()


def test_mean_spectrograms_show_the_differences_from_the_first_class():
    time, frequency = np.linspace(-0.3, 0.5, 240), np.arange(5.0)
    means = {"N": np.ones((5, 240)), "A": np.zeros((5, 240))}
    figure = plots.mean_spectrograms(means, time, frequency, CLASSES, "x")
    assert "A minus N" in words(figure) and "N minus N" not in words(figure)
    assert "violet: more power than N" in words(figure)
    images = [axes.images[0].get_array() for axes in figure.axes if axes.images]
    assert [float(np.mean(image)) for image in images[:3]] == [1, 0, -1]
    plots.mean_spectrograms({"N": means["N"]}, time, frequency, CLASSES, "x").canvas.draw()


def test_an_explanation_shades_the_parts_and_names_the_label(record):
    predictor = ecglab.load_model("fast")
    predicted = predictor.rows(record)[0]["label"]
    for label in ("", "A"):
        figure = plots.explanation(predictor, record, label)
        meaning = predictor.classes.meanings[label or predicted]
        assert f"Evidence for {meaning} (violet) and against it (orange)" in words(figure)
        _, changes = predictor.explain(record, label or predicted)
        assert len(drawn(figure, "shade")) >= changes.size
