# %% [markdown]
# # 7. Prediction for your own recording
#
# The promoted model, or else the one that comes with ecglab, predicts a file from any device. This
# notebook shows the prediction, explains it, and measures where the model fails. Prediction needs
# no TensorFlow and takes a fraction of a second.
#
# **Research only: not a medical device. No one should act on its output.**

# %%
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import ecglab
from ecglab import plots
from ecglab.analysis import compare, explain, explore, notebook
from ecglab.datasets import splits
from ecglab.ecg.record import Record
from ecglab.inference.predictor import Predictor
from ecglab.tracking import registry
from ecglab.training import features

setup = notebook.begin()
data = setup.data

# %%
package = registry.default()
model = Predictor(package)
card, classes = model.card, model.classes
values = card["scores"]["values"]
notebook.show(
    f"**{model.name}**: {len(card['members'])} members, trained on {card['scope']}; challenge F1 "
    f"{values['challenge_f1']:.3f} and F1 of A {values[classes.metric('A')]:.3f}, out of fold."
)
if card["simulated"]:
    notebook.show("**It was trained on SYNTHETIC data: its predictions mean nothing.**")
elif setup.simulated:
    notebook.show("It was trained on recordings and predicts SYNTHETIC records: a demonstration.")

# %% [markdown]
# ## Your file
#
# WFDB, CSV, Apple Watch exports, NumPy and MATLAB files can be read, at any rate from 60 Hz. Put
# the path of your file here. Without one, this notebook writes a record of the data set as CSV and
# reads that.

# %%
path = ""  # of your file

# %%
example, unseen = explain.unseen_record(data, package, "A")
own = bool(path)
if not own:
    path = Path(tempfile.mkdtemp()) / f"{example}.csv"
    source = data.record(example)
    samples = {"time_s": np.arange(source.n_samples) / source.fs, "ecg_mV": source.signal}
    pd.DataFrame(samples).to_csv(path, index=False)
record = ecglab.read(path)
print(f"{record.id}: {record.seconds:.1f} s at {record.fs:g} Hz")

# %% [markdown]
# A package averages one member per fold, and all but one of these were trained on any given record
# of their data set. So a record of that data set is predicted by the one member that was not. Your
# own recording is predicted by all members.

# %%
predictor = model if own else unseen
prediction = predictor.predict([record])[0]
label, probabilities = prediction["label"], prediction["probabilities"]
reference = "" if own else str(data.labels[data.ids == example][0])
notebook.show(
    f"Prediction: **{label}, {classes.meanings[label]}**, probability {probabilities[label]:.2f}"
    + (f"; the reference label is {reference}." if reference else ".")
)
plots.prediction(
    record,
    probabilities,
    classes,
    reference,
    title=f"Record {record.id}: {label}, {classes.meanings[label]}",
    simulated=setup.simulated,
)

# %% [markdown]
# ## Why?
#
# Hide two seconds, predict again, and compare. Where the paper is violet, the hidden part supports
# the label (without it the odds fall); where it is orange, the part is evidence against it. The
# darkest part is the largest change of log odds in this record.

# %%
edges, change = explain.occlusion(predictor, record, label)
largest = float(np.abs(change).max())
plots.strip(
    record,
    title=f"Evidence for {classes.meanings[label]} (violet) and against it (orange)",
    shade=(edges, change / max(largest, 1e-9)),
    simulated=setup.simulated,
)

# %%
notebook.show(
    f"Hiding any two seconds changes the log odds by at most {largest:.2f}. A rhythm is present in "
    "the whole record, so a small number is a good sign; one dark part means that the prediction "
    "depends on two seconds, and they deserve a look."
)

# %% [markdown]
# The other explanation uses measured features: in which of them does this record differ most from
# normal ones?

# %%
others = setup.excerpt(600)
explain.unusual(record, others, features.stored(others), "N", "A")

# %%
rr, _ = explore.heartbeats(record)
plots.poincare(
    {f"{label}  record {record.id}": rr},
    classes,
    "Each RR interval against the one before it",
    simulated=setup.simulated,
)

# %% [markdown]
# ## From another program
#
# A registered model is an MLflow pyfunc: a table in, a table out, where ecglab is not installed,
# behind a REST server, or in Spark. After `ecglab promote RUN`:
#
# ```python
# model = mlflow.pyfunc.load_model("models:/ecg-rhythm@champion")
# model.predict(pd.DataFrame({"signal": [signal_in_mv], "fs": [300]}))
# ```
#
# ## What it cannot do
#
# **A recording that cannot be classified is an error with one line**, not a misleading number:

# %%
second = np.sin(np.arange(300) / 10)
for name, signal, fs in [
    ("3 s of signal", np.tile(second, 3), 300),
    ("a lead that fell off", np.zeros(3000), 300),
    ("an infinite sample", np.append(np.tile(second, 10), np.inf), 300),
    ("a rate too low for a QRS", np.tile(second, 10), 25),
]:
    try:
        Record(signal, fs, id=name)
    except ecglab.RecordError as error:
        print(error)

# %% [markdown]
# **Short recordings are harder.** The records of one fold, predicted by the member that was not
# trained on them, in full and cut:

# %%
fold = splits.folds(data)
same_fold = fold == fold[data.ids == example]
rows = np.flatnonzero(same_fold & (data.lengths >= 29 * data.fs))
rows = rows[: setup.size(12, 250)]
ids, labels = data.ids[rows], data.labels[rows]
records = [data.record(int(i)) for i in rows]
cut = {
    seconds: unseen.predict_proba(
        [Record(r.signal[: round(seconds * r.fs)], r.fs) for r in records]
    )
    for seconds in (5, 10, 20, 29)
}
plots.intervals(
    [
        compare.score(f"first {seconds} s", compare.predictions(ids, labels, p, classes), classes)
        for seconds, p in cut.items()
    ],
    title=f"Challenge F1 of {len(rows):,} records, cut to their first seconds",
    ranked=False,
    simulated=setup.simulated,
)

# %% [markdown]
# **Noise lowers the confidence, then the score.** White noise of increasing standard deviation on
# the same records:

# %%
rng = np.random.default_rng(0)
noisy = {
    mv: unseen.predict_proba(
        [Record(r.signal + rng.normal(0, mv, r.n_samples), r.fs) for r in records]
    )
    for mv in (0.0, 0.05, 0.2, 0.5)
}
tables = {mv: compare.predictions(ids, labels, p, classes) for mv, p in noisy.items()}
pd.DataFrame(
    {
        f"{1000 * mv:.0f} µV": {
            "challenge F1": compare.score("", tables[mv], classes)["value"],
            "mean confidence": p.max(axis=1).mean(),
            "share predicted as noise": (classes.predicted(p) == "~").mean(),
        }
        for mv, p in noisy.items()
    }
).style.format("{:.2f}")

# %% [markdown]
# Limits that are not measured here:
#
# - It has **four classes**. Any other condition is predicted as "other" at best; it does not find
#   infarctions, and "normal" means a normal rhythm and nothing else.
# - It learned from **one lead of one device**. Measure it on others with `ecglab evaluate`.
# - A record has **one label**, although a rhythm can change within half a minute. Cut long
#   recordings into parts and predict each.
# - **Patients may be in training and test folds both**, since their ids were never published.
#
# On the command line: `ecglab predict FILE`, or with `--json` for programs.
