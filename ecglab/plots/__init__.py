"""Figures of records and results: ECG paper, spectrograms, confusion, curves and intervals.

Each function returns a matplotlib Figure of its own. pyplot is never imported, so that figures can
be drawn in any thread and without a display. Figures of several classes take the `Classes`.
"""

from ecglab.plots.ecg import (
    MAX_SECONDS,
    MAX_SPAN_MV,
    MIN_SPAN_MV,
    MM_PER_MV,
    MM_PER_SECOND,
    SQUARE_MM,
    Shade,
    strip,
    strips,
)
from ecglab.plots.experiments import (
    against_setting,
    differences,
    intervals,
    leaderboard,
    learning_curves,
)
from ecglab.plots.explanation import explanation
from ecglab.plots.limits import limits
from ecglab.plots.rhythm import beats, by_class, mean_spectrograms, poincare
from ecglab.plots.robustness import against_hum
from ecglab.plots.scores import (
    against_noise,
    confusion,
    coverage,
    precision_recall,
    reliability,
    risk_coverage,
)
from ecglab.plots.searches import course, held_out, importance, parallel_coordinates
from ecglab.plots.spectrograms import prediction, spectrogram, spectrograms
from ecglab.plots.style import CURVES, MM, looks, save

plot_record = strip

__all__ = [
    "CURVES",
    "MAX_SECONDS",
    "MAX_SPAN_MV",
    "MIN_SPAN_MV",
    "MM",
    "MM_PER_MV",
    "MM_PER_SECOND",
    "SQUARE_MM",
    "Shade",
    "against_hum",
    "against_noise",
    "against_setting",
    "beats",
    "by_class",
    "confusion",
    "course",
    "coverage",
    "differences",
    "explanation",
    "held_out",
    "importance",
    "intervals",
    "leaderboard",
    "learning_curves",
    "limits",
    "looks",
    "mean_spectrograms",
    "parallel_coordinates",
    "plot_record",
    "poincare",
    "precision_recall",
    "prediction",
    "reliability",
    "risk_coverage",
    "save",
    "spectrogram",
    "spectrograms",
    "strip",
    "strips",
]
