"""What the tests of figures share: records to draw, and ways to find what a figure shows."""

import numpy as np
import pandas as pd
from matplotlib.text import Text

from ecglab.ecg.classes import Classes
from ecglab.ecg.record import Record

FS = 300

CLASSES = Classes(
    {"N": "normal", "A": "atrial fibrillation", "O": "other", "~": "noise"}, ("N", "A", "O")
)


def record_of(signal, **named):
    return Record(np.asarray(signal, np.float32), FS, **named)


def measured(rng):
    labels = rng.choice(list("NAO"), 50)
    return pd.DataFrame({"label": labels, "rate": rng.normal(70, 9, 50), "noise": rng.random(50)})


def words(figure):
    return " ".join(text.get_text() for text in figure.findobj(Text))


def drawn(figure, gid):
    return figure.findobj(lambda artist: artist.get_gid() == gid)


def mm_on_paper(figure, axes, dx, dy):
    """Printed size in mm of a step (dx, dy) of the data."""
    pixels = axes.transData.transform((dx, dy)) - axes.transData.transform((0, 0))
    return pixels / figure.dpi * 25.4
