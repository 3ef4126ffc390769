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
    spectrogram,
    strip,
)
from ecglab.plots.experiments import intervals, ladder, learning_curves
from ecglab.plots.scores import confusion, coverage, precision_recall, reliability
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
    "confusion",
    "coverage",
    "intervals",
    "ladder",
    "learning_curves",
    "precision_recall",
    "reliability",
    "save",
    "spectrogram",
    "strip",
]
