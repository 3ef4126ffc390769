"""Pictures of records and results: ECG paper, spectrograms, confusions, curves and intervals.

Each function returns a matplotlib Figure of its own. pyplot is never touched, so that pictures
can be drawn in any thread and without a display.
"""

from ecglab.plots.ecg import (
    MAX_SECONDS,
    MAX_SPAN_MV,
    MIN_SPAN_MV,
    MM_PER_MV,
    MM_PER_SECOND,
    SQUARE_MM,
    strip,
    strips,
)
from ecglab.plots.experiments import differences, intervals, ladder, learning_curves
from ecglab.plots.rhythm import beats, by_class, mean_spectrograms, poincare
from ecglab.plots.scores import confusion, coverage, precision_recall, reliability
from ecglab.plots.searches import course, importance, parallel_coordinates, unseen
from ecglab.plots.spectrograms import judged, spectrogram, spectrograms
from ecglab.plots.style import COLORS, CURVES, MARKERS, MM, STYLES, save

__all__ = [
    "COLORS",
    "CURVES",
    "MARKERS",
    "MAX_SECONDS",
    "MAX_SPAN_MV",
    "MIN_SPAN_MV",
    "MM",
    "MM_PER_MV",
    "MM_PER_SECOND",
    "SQUARE_MM",
    "STYLES",
    "beats",
    "by_class",
    "confusion",
    "course",
    "coverage",
    "differences",
    "importance",
    "intervals",
    "judged",
    "ladder",
    "learning_curves",
    "mean_spectrograms",
    "parallel_coordinates",
    "poincare",
    "precision_recall",
    "reliability",
    "save",
    "spectrogram",
    "spectrograms",
    "strip",
    "strips",
    "unseen",
]
