"""Figures: ECG paper at true scale, the numbers that are drawn, the banner of simulated data."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread
from picture_parts import CLASSES, FS, drawn, measured, mm_on_paper, record_of, words

from ecglab import plots
from ecglab.datasets import synthetic
from ecglab.ecg.classes import Classes
from ecglab.ecg.record import Record
from ecglab.evaluation import metrics
from ecglab.utils.errors import EcglabError

LABELS = list(CLASSES)


@pytest.fixture
def record(rng):
    return record_of(synthetic.simulate("N", 23, rng, FS), id="S1", lead="I")


@pytest.fixture
def table(rng):
    """Labels (1000,) and probabilities (1000, 4) that are often right."""
    labels = rng.choice(LABELS, 1000, p=[0.6, 0.1, 0.25, 0.05])
    logit = rng.normal(0, 1, (1000, 4)) + 2 * (labels[:, None] == np.array(LABELS))
    return labels, np.exp(logit) / np.exp(logit).sum(axis=1, keepdims=True)


def history(epochs, validation=True):
    entries = [{"epoch": e, "seconds": 1.0, "loss": 1 / e, "accuracy": 0.5} for e in epochs]
    if validation:
        for entry in entries:
            entry |= {"val/loss": entry["loss"], "val/challenge_f1": entry["epoch"] / 20}
    return entries


@pytest.mark.parametrize("seconds_per_row", [5, 7.5, 10])
def test_a_second_is_25_mm_and_a_millivolt_10_mm(seconds_per_row):
    ramp = record_of(np.linspace(0, 1, 20 * FS + 1))
    figure = plots.strip(ramp, seconds_per_row)
    axes = figure.axes[0]
    x, y = drawn(figure, "signal")[0].get_data()
    second = mm_on_paper(figure, axes, x[FS] - x[0], y[FS] - y[0])
    assert second == pytest.approx([25, 10 / 20], rel=1e-3)
    assert len(drawn(figure, "signal")) == np.ceil(20.003 / seconds_per_row)
    assert figure.get_figwidth() * 25.4 == pytest.approx(25 * seconds_per_row + 15 + 12)


def test_the_grid_has_squares_of_1_and_5_mm(record):
    figure = plots.strip(record)
    for gid, mm in ("minor", 1), ("major", 5):
        vertical, horizontal = (lines.get_segments() for lines in drawn(figure, gid))
        x = np.array([line[0][0] for line in vertical])
        y = np.array([line[0][1] for line in horizontal])
        assert np.allclose(np.diff(x), mm) and np.allclose(np.diff(y), mm)
        assert mm_on_paper(figure, figure.axes[0], mm, mm) == pytest.approx([mm, mm])


def test_each_row_begins_with_a_pulse_of_1_mv(record):
    figure = plots.strip(record)
    pulses = drawn(figure, "pulse")
    assert len(pulses) == len(drawn(figure, "signal")) == 3
    for pulse in pulses:
        x, y = pulse.get_data()
        assert np.ptp(y) == pytest.approx(10)
        assert x[4] - x[1] == pytest.approx(5)
    assert "25 mm/s, 10 mm/mV" in words(figure)
    assert "lead I" in words(figure) and "S1" in words(figure)


def test_gaps_are_left_blank(record):
    signal = record.signal.copy()
    signal[4 * FS : 6 * FS] = np.nan
    figure = plots.strip(record_of(signal))
    assert np.isnan(drawn(figure, "signal")[0].get_ydata()).sum() == 2 * FS
    below = plots.spectrogram(record_of(signal)).axes[2].images[0]
    seconds = np.ma.getmaskarray(below.get_array()).all(axis=0).sum() * 0.08
    assert seconds == pytest.approx(2 + 0.32, abs=0.17)


@pytest.mark.parametrize(
    "lowest, highest, expected",
    [
        (-0.1, 0.1, (-1, 1)),
        (-0.4, 1.7, (-0.5, 2)),
        (-0.4, 2.7, (-0.5, 3)),
        (3.1, 3.2, (2.0, 4.0)),
    ],
)
def test_a_row_is_as_high_as_the_signal_needs_in_whole_squares(lowest, highest, expected):
    assert plots.ecg._amplitude_range(np.linspace(lowest, highest, 100)) == expected


def test_a_high_signal_is_clipped_where_the_fewest_samples_are_and_says_so():
    signal = np.sin(np.arange(20 * FS) / 50)
    assert "CLIPPED" not in words(plots.strip(record_of(signal)))
    signal[::1000] = 40
    figure = plots.strip(record_of(signal))
    assert "CLIPPED: <1 %" in words(figure)
    assert figure.get_figheight() * 25.4 < 2 * 55 + 40


def test_a_long_record_is_drawn_in_part_and_says_so():
    signal = np.sin(np.arange(400 * FS) / 50)
    signal[: 350 * FS] = np.nan
    figure = plots.strip(record_of(signal), 60)
    assert len(drawn(figure, "signal")) == 5
    assert "ONLY THE FIRST 300 s" in words(figure)


def test_a_row_of_no_sensible_length_is_refused(record):
    for seconds in 0, 4, 3600, float("nan"):
        with pytest.raises(EcglabError, match="5 to 60 s"):
            plots.strip(record, seconds)


def test_every_full_second_has_its_label_at_an_odd_rate():
    odd = Record(np.sin(np.arange(7000) / 50), 257.3)
    labels = [text.get_text() for text in plots.strip(odd).axes[0].texts]
    assert labels == [f"{s} s" for row in (0, 10, 20) for s in range(row, row + 11)]


def test_the_spectrogram_shows_a_tone_at_its_frequency():
    tone = record_of(np.sin(2 * np.pi * 20 * np.arange(10 * FS) / FS))
    figure = plots.spectrogram(tone)
    above, _, below, _ = figure.axes
    assert above.get_xlim() == below.get_xlim() == (0, 10)
    image = below.images[0]
    bottom, top = image.get_extent()[2:]
    power = np.asarray(image.get_array()).mean(axis=1)
    assert bottom + (power.argmax() + 0.5) / power.size * (top - bottom) == pytest.approx(20, abs=1)


def test_a_band_that_the_rate_cannot_show_is_refused(record):
    with pytest.raises(EcglabError, match="no power"):
        plots.spectrogram(record, band=(200, 300))


def test_a_difference_that_may_be_luck_is_hollow():
    rows = [
        {"name": "sure", "difference": 0.02, "low": 0.01, "high": 0.03},
        {"name": "luck", "difference": -0.01, "low": -0.03, "high": 0.01},
    ]
    figure = plots.differences(rows, "base")
    sure, luck = drawn(figure, "difference")
    assert luck.get_markerfacecolor() == "white" != sure.get_markerfacecolor()
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == ["sure", "luck"]


def test_a_difference_that_rounds_to_nothing_has_no_minus():
    rows = [{"name": "x", "difference": -0.0002, "low": -0.004, "high": 0.004}]
    texts = [text.get_text() for text in plots.differences(rows, "base").axes[0].texts]
    assert texts[0].startswith("+0.000  [\N{MINUS SIGN}0.004, +0.004]")


def test_the_confusion_shows_the_counts(table):
    labels, probabilities = table
    predicted = CLASSES.predicted(probabilities)
    axes = plots.confusion(labels, predicted, CLASSES).axes[0]
    cells = {text.get_position(): text.get_text() for text in axes.texts}
    matrix = metrics.confusion(labels, predicted, CLASSES)
    assert {place: int(cell.split("\n")[0]) for place, cell in cells.items()} == {
        (j, i): matrix[i, j] for i in range(4) for j in range(4)
    }
    assert cells[0, 0].endswith(f"{100 * matrix[0, 0] / matrix[0].sum():.0f} %")
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted", "reference label")


def test_a_label_without_records_is_no_obstacle(table):
    labels, probabilities = np.full(3, "N"), table[1][:3]
    assert "0 %" in words(plots.confusion(labels, ["N", "A", "N"], CLASSES))
    assert len(plots.precision_recall(labels, probabilities, CLASSES).axes[0].lines) == 1
    plots.reliability(labels, probabilities, CLASSES)


def test_a_perfect_model_has_average_precision_1(table):
    labels, _ = table
    certain = (labels[:, None] == np.array(LABELS)).astype(float)
    (legend,) = plots.precision_recall(labels, certain, CLASSES).legends
    assert [text.get_text()[-5:] for text in legend.get_texts()] == ["1.000"] * 4
    assert "calibration error 0.000" in words(plots.reliability(labels, certain, CLASSES))


def test_reliability_counts_every_record_once_a_class(table):
    figure = plots.reliability(*table, CLASSES, bins=8)
    for below in figure.axes[4:]:
        assert sum(bar.get_height() for bar in below.patches) == 1000
    assert f"{metrics.ece(*table, CLASSES):.3f}" in words(figure)


def test_learning_curves_have_a_line_a_fold_and_need_no_validation_scores():
    both = plots.learning_curves(
        {1: history(range(1, 20)), 0: history(range(1, 4), validation=False)}
    )
    assert [len(axes.lines) for axes in both.axes[:2]] == [2, 1]
    (star,) = drawn(both, "best")
    assert star.get_xdata() == [19]
    without = plots.learning_curves({0: history([1], validation=False), 1: []})
    assert len(without.axes) == 1 and "no validation scores" in words(without)
    plots.learning_curves({}).canvas.draw()


def test_learning_curves_have_named_axes_that_do_not_exaggerate():
    figure = plots.learning_curves({0: history(range(1, 5)), 1: history(range(1, 5))})
    names = [axes.get_ylabel() for axes in figure.axes]
    assert names == ["training loss", "validation loss", "challenge F1"]
    assert [axes.get_ylim()[0] for axes in figure.axes] == [0, 0, 0]
    assert figure.axes[0].get_ylim() == figure.axes[1].get_ylim()
    assert figure.axes[2].get_ylim()[1] == pytest.approx(1, abs=0.05)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["fold 0", "fold 1"]


def test_the_best_experiment_stands_on_top():
    scores = [
        {"name": "a $1$ b", "value": 0.7, "low": 0.6, "high": 0.8},
        {"name": "best", "value": 0.9, "low": 0.8, "high": 0.95},
        {"name": "unsure", "value": 0.8, "low": np.nan, "high": np.nan},
    ]
    for given in scores, pd.DataFrame(scores):
        axes = plots.intervals(given).axes[0]
        assert [t.get_text() for t in axes.get_yticklabels()] == ["best", "unsure", "a $1$ b"]
        texts = [text.get_text() for text in axes.texts]
        assert texts == ["0.900  [0.800, 0.950]", "0.800", "0.700  [0.600, 0.800]"]
        assert axes.yaxis_inverted()
    kept = plots.intervals(scores, ranked=False).axes[0]
    assert [t.get_text() for t in kept.get_yticklabels()] == ["a $1$ b", "best", "unsure"]


def frame(table):
    labels, probabilities = table
    return pd.DataFrame({"label": labels, **dict(zip(LABELS, probabilities.T, strict=True))})


def test_reliability_has_a_curve_a_class_with_the_error_of_the_class(table):
    errors = metrics.class_eces(*table, CLASSES)
    panels = plots.reliability(*table, CLASSES).axes[:4]
    for panel, label in zip(panels, LABELS, strict=True):
        assert len(panel.lines) == 2  # the diagonal and the curve
        assert panel.get_title().startswith(label)
        assert f"{errors[label]:.3f}" in panel.get_title()


def test_coverage_has_a_curve_an_experiment_that_ends_at_the_score_of_all_records(table):
    good = frame(table)
    results = {f"a $1$ {i}": good.assign(label=np.roll(good["label"], i)) for i in range(3)}
    axes = plots.coverage(results, CLASSES).axes[0]
    for line, (name, one) in zip(axes.lines, results.items(), strict=True):
        x, y = line.get_data()
        score = metrics.scores(one, CLASSES)["values"]["challenge_f1"]
        assert (x[0], x[-1], y[-1]) == pytest.approx((30, 100, score))
        assert line.get_label() == f"{name}: {score:.3f}"
    looks = {(line.get_color(), line.get_linestyle(), line.get_marker()) for line in axes.lines}
    assert len(looks) == 3


def test_risk_and_coverage_end_at_the_share_of_wrong_predictions(table):
    (line,) = plots.risk_coverage(*table, CLASSES).axes[0].lines
    x, y = line.get_data()
    labels, probabilities = table
    wrong = (CLASSES.predicted(probabilities) != labels).mean()
    assert (x[-1], y[-1]) == pytest.approx((100, 100 * wrong))
    assert y[0] < y[-1]


def test_reliability_has_no_panel_of_a_class_without_records(table):
    labels, probabilities = table
    rows = labels != "O"
    figure = plots.reliability(labels[rows], probabilities[rows], CLASSES)
    titles = [axes.get_title()[0] for axes in figure.axes[:3]]
    assert titles == ["N", "A", "~"] and len(figure.axes) == 6


def test_the_leaderboard_has_the_best_on_top_and_a_dot_a_class(table):
    good = frame(table)
    worse = good.assign(label=np.roll(good["label"], 1))
    results = {"worse_$x$": metrics.scores(worse, CLASSES), "good": metrics.scores(good, CLASSES)}
    figure = plots.leaderboard(results, CLASSES)
    left, right = figure.axes
    assert [t.get_text() for t in left.get_yticklabels()] == ["good", "worse_$x$"]
    assert left.yaxis_inverted() and right.yaxis_inverted()
    for name in ["challenge_f1", *map(CLASSES.metric, CLASSES)]:
        (dots,) = drawn(figure, name)
        expected = [results[x]["values"][name] for x in ("good", "worse_$x$")]
        assert list(dots.get_xdata()) == expected
    values = {results[x]["values"]["challenge_f1"]: y for y, x in enumerate(("good", "worse_$x$"))}
    assert {text.xy: text.get_text() for text in left.texts} == {
        (value, y): f"{value:.3f}" for value, y in values.items()
    }


def figures(record, table, **named):
    labels, probabilities = table
    scores = [{"name": "x", "value": 0.7, "low": 0.6, "high": 0.8}]
    yield plots.strip(record, **named)
    yield plots.spectrogram(record, **named)
    yield plots.strips({"N": record}, "x", **named)
    yield plots.spectrograms(record, {"x": {}}, **named)
    yield plots.prediction(record, None, CLASSES, **named)
    yield plots.poincare({"N": np.array([0.8, 0.9, 0.8])}, CLASSES, "x", **named)
    yield plots.by_class(
        measured(np.random.default_rng(0)), {"rate": "rate"}, CLASSES, "x", **named
    )
    time = np.linspace(-0.3, 0.5, 240)
    yield plots.beats({"N": np.ones((3, 240))}, time, CLASSES, "x", **named)
    mean = {"N": np.ones((5, 240)), "A": np.zeros((5, 240))}
    yield plots.mean_spectrograms(mean, time, np.arange(5.0), CLASSES, "x", **named)
    differences = [{"name": "x", "difference": 0.1, "low": 0.0, "high": 0.2}]
    yield plots.differences(differences, "y", **named)
    yield plots.confusion(labels, labels, CLASSES, **named)
    yield plots.precision_recall(labels, probabilities, CLASSES, **named)
    yield plots.reliability(labels, probabilities, CLASSES, **named)
    yield plots.learning_curves({0: history([1, 2])}, **named)
    yield plots.intervals(scores, **named)
    yield plots.risk_coverage(labels, probabilities, CLASSES, **named)
    yield plots.coverage({"x": frame(table)}, CLASSES, **named)
    yield plots.leaderboard({"x": metrics.scores(frame(table), CLASSES)}, CLASSES, **named)


def test_simulated_data_is_marked_on_every_figure_and_no_other(record, table):
    for figure in figures(record, table, simulated=True):
        assert "SIMULATED DATA" in words(figure)
    for figure in figures(record, table):
        assert "SIMULATED" not in words(figure)


def test_no_legend_covers_what_is_drawn(table):
    for figure in (
        plots.precision_recall(*table, CLASSES),
        plots.coverage({"x": frame(table)}, CLASSES),
        plots.learning_curves({0: history([1, 2]), 1: history([1, 2])}),
    ):
        figure.draw_without_rendering()
        (legend,) = figure.legends
        for axes in figure.axes:
            assert axes.get_legend() is None
            assert not axes.bbox.overlaps(legend.get_window_extent())


def test_added_noise_has_the_certainty_and_the_outcomes_at_each_level():
    levels = [0, 0.1, 0.5]
    certainty = np.array([[0.9, 0.8, 0.7], [0.8, 0.6, 0.5], [0.9, 0.9, 0.1]])
    outcomes = {"right": [1, 0.5, 0], "noise": [0, 0.25, 0.5], "wrong": [0, 0.25, 0.5]}
    outcomes = {name: np.array(x) for name, x in outcomes.items()}
    figure = plots.against_noise(levels, certainty, outcomes)
    (median,) = drawn(figure.axes[0], "median")
    assert list(median.get_ydata()) == [0.8, 0.6, 0.9]
    tops = [bar.get_y() + bar.get_height() for bar in drawn(figure, "wrong")]
    assert tops == pytest.approx([100, 100, 100])
    assert [t.get_text() for t in figure.axes[0].get_xticklabels()] == ["0", "100", "500"]
    without = plots.against_noise(levels, certainty, {"right": outcomes["right"]}, simulated=True)
    assert not drawn(without, "noise") and "SIMULATED" in words(without)


def test_hum_has_a_panel_a_frequency_and_a_curve_a_rate():
    points = [
        {"hz": hz, "fs": fs, "mv": mv, "challenge_f1": 0.8 - mv / 10}
        for hz in (50, 60)
        for fs in (100, 300, 1000)
        for mv in (0, 0.5, 1)
    ]
    figure = plots.against_hum(points, 500)
    assert [axes.get_title() for axes in figure.axes] == ["50 Hz", "60 Hz"]
    for axes in figure.axes:
        assert len(axes.lines) == 3
        for line in axes.lines:
            np.testing.assert_allclose(line.get_xydata(), [[0, 0.8], [0.5, 0.75], [1, 0.7]])
        assert axes.get_ylim() == (0, 1)
    assert "SIMULATED" in words(plots.against_hum(points, 5, simulated=True))


def test_a_title_that_nearly_fits_is_smaller_and_not_wrapped(table):
    labels, _ = table
    sizes = []
    for title in (
        "Short",
        "A small network after sixteen epochs on 800 recordings, out of fold 0",
        "word " * 40,
    ):
        figure = plots.confusion(labels, labels, CLASSES, title)
        (heading,) = [t for t in figure.texts if t.get_text().startswith(title[:5])]
        figure.draw_without_rendering()
        assert heading.get_window_extent().x1 <= figure.bbox.x1
        sizes.append((heading.get_size(), heading.get_text().count("\n")))
    assert sizes[0] == (12, 0) and sizes[1][1] == 0 and 10 <= sizes[1][0] < 12
    assert sizes[2][1] > 0


def test_a_saved_figure_is_whole_at_150_dpi(record, table, tmp_path):
    for figure in plots.strip(record), plots.precision_recall(*table, CLASSES):
        path = tmp_path / "figures" / "figure.png"
        plots.save(figure, path)
        height, width, _ = imread(path).shape
        assert (width, height) == pytest.approx(tuple(figure.get_size_inches() * 150), abs=1)
    assert [path.name for path in tmp_path.rglob("*.*")] == ["figure.png"]


def test_a_figure_that_cannot_be_drawn_leaves_the_old_one(record, tmp_path, monkeypatch):
    path, figure = tmp_path / "strip.png", plots.strip(record)
    path.write_bytes(b"old")

    def half(file, **named):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(figure, "savefig", half)
    with pytest.raises(EcglabError, match="No space left"):
        plots.save(figure, path)
    assert [p.read_bytes() for p in tmp_path.iterdir() if p.is_file()] == [b"old"]


def test_a_long_title_stays_on_the_figure(table):
    labels, _ = table
    title = "Confusion of the network with attention on records it never saw, " * 2
    figure = plots.confusion(labels, labels, CLASSES, title, simulated=True)
    figure.draw_without_rendering()
    (heading,) = [t for t in figure.texts if t.get_text().startswith("Confusion")]
    box = heading.get_window_extent()
    assert box.x1 < figure.bbox.x1 and box.y1 < figure.bbox.y1
    assert box.y0 > figure.axes[0].get_window_extent().y1


def test_pyplot_is_never_imported():
    code = (
        "import sys, numpy as np; from ecglab import plots; from ecglab.ecg.record import Record;"
        "plots.strip(Record(np.sin(np.arange(3000)), 300.0)).draw_without_rendering();"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# Any classes


def test_known_codes_keep_their_looks_and_others_take_theirs_in_order():
    known = plots.looks(CLASSES)
    assert [look.color for look in known.values()] == ["#004488", "#BB5566", "#DDAA33", "#000000"]
    other = plots.looks(Classes({"SR": "sinus rhythm", "N": "normal", "AF": "fibrillation"}))
    assert other["N"] == known["N"]
    again = plots.looks(Classes({"SR": "sinus rhythm", "AF": "fibrillation"}))
    assert (again["SR"], again["AF"]) == (other["SR"], other["AF"])
    many = plots.looks(Classes({str(i): str(i) for i in range(7)}))
    for looks in known, other, many:
        for part in "color", "line", "marker":
            assert len({getattr(look, part) for look in looks.values()}) == len(looks)


@pytest.mark.parametrize("n", [2, 3, 7])
def test_figures_of_other_classes(n, record, rng):
    meanings = {"AF": "atrial fibrillation", "no$AF$": "no fibrillation"}
    meanings |= {f"C{i}": f"class {i}" for i in range(2, n)}
    classes = Classes(meanings, ("AF",))
    labels = rng.choice(list(classes), 200)
    probabilities = rng.dirichlet(np.ones(n), 200)
    table = pd.DataFrame(dict(zip(classes, probabilities.T, strict=True))).assign(label=labels)
    confusion = plots.confusion(labels, classes.predicted(probabilities), classes)
    assert len(confusion.axes[0].texts) == n * n
    leaderboard = plots.leaderboard({"x": metrics.scores(table, classes)}, classes)
    assert "challenge F1, F1 of AF" in words(leaderboard)
    for figure in (
        confusion,
        leaderboard,
        plots.precision_recall(labels, probabilities, classes),
        plots.reliability(labels, probabilities, classes),
        plots.coverage({"x": table}, classes),
        plots.prediction(record, dict(table.iloc[0]), classes, "AF"),
        plots.poincare({"AF: 1": np.array([0.8, 0.9, 0.8])}, classes, "x"),
    ):
        figure.canvas.draw()
