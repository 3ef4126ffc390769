"""The figure that explains one prediction."""

from matplotlib.figure import Figure

from ecglab.ecg.record import Record
from ecglab.inference.predictor import Predictor
from ecglab.plots.ecg import Shade, strip

LIMIT = 2.0
"""Log odds of the darkest colours; the probability 0.50 would become 0.12 or 0.88."""


def explanation(
    predictor: Predictor, record: Record, label: str = "", *, simulated: bool = False
) -> Figure:
    """The record on ECG paper, with the parts in colour that support a label or speak against it.

    label: a class; by default the predicted one. `Predictor.explain` computes the parts.
    """
    label = label or predictor.rows(record)[0]["label"]
    edges, changes = predictor.explain(record, label)
    words = f"fall of the log odds of {label} when these seconds are hidden"
    return strip(
        record,
        title=f"Evidence for {predictor.classes.meanings[label]} (violet) and against it (orange)",
        shade=Shade(edges, changes, LIMIT, words),
        simulated=simulated,
    )
