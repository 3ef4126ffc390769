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
from ecglab.analysis import compare, explain, explore, noise, notebook
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
prediction = predictor.rows(record)[0]
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
# the label: without it the log odds of the label fall. Where it is orange, the part is evidence
# against it. The scale is the same for every record, so where nothing changes, nothing is dark. A
# change of 1 multiplies the odds by 2.7; a probability of 0.90 would become 0.77 or 0.96.

# %%
plots.explanation(predictor, record, label, simulated=setup.simulated)

# %%
edges, change = predictor.explain(record, label)
at = int(np.abs(change).argmax())
p = probabilities[label]
notebook.show(
    f"The largest change is from {edges[at]:.0f} to {edges[at + 1]:.0f} s: without these two "
    f"seconds the log odds {'fall' if change[at] > 0 else 'rise'} by {abs(change[at]):.2f}, and "
    f"the probability of {label} is {explain.probability_without(p, change[at]):.3f} and not "
    f"{p:.3f}. A rhythm is present in the whole record, so small changes are a good sign; one dark "
    "part means that the prediction depends on two seconds, and they deserve a look."
)

# %% [markdown]
# The other explanation uses measured features: in which of them does this record differ most from
# normal ones? Shares are from 0 to 1; the two last columns are what to compare with.

# %%
others = setup.excerpt(600)
table = explain.unusual(record, others, features.stored(others), "N", "A")
left = [{"selector": ".col0, .col1", "props": "text-align: left"}]
table.style.hide().format(precision=2).set_table_styles(left)

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
# **Noise.** White noise of increasing standard deviation is added to the same records. How certain
# are the predictions, and how many are wrong? To predict "noise" for a record with much noise is
# counted apart: it is a warning and not an error.

# %%
levels = setup.size((0.0, 0.1, 0.5), (0.0, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8))
noisy = noise.predicted(unseen, records, levels)
outcomes = noise.outcomes(noisy, labels, classes, "~")
plots.against_noise(levels, noisy.max(axis=2), outcomes, simulated=setup.simulated)

# %%
measured = noise.table(levels, noisy, labels, classes, "~")
measured.rename(columns={"noise": "predicted as noise"}).style.format("{:.2f}", na_rep="none")

# %%
clean, worst = measured.iloc[0], measured.loc[measured["wrong"].idxmax()]
change = worst["certainty"] - clean["certainty"]
notebook.show(
    f"Without added noise {clean['wrong']:.0%} of the predictions are wrong, and the mean "
    f"certainty is {clean['certainty']:.2f}. The most are wrong at {worst.name}: "
    f"{worst['wrong']:.0%}. The mean certainty there is {worst['certainty']:.2f}, a change of "
    f"{change:+.2f}; of the right predictions it is {worst['certainty if right']:.2f}, of the "
    f"wrong ones {worst['certainty if wrong']:.2f}. At {measured.index[-1]} "
    f"{measured['noise'].iloc[-1]:.0%} are predicted as noise."
)

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
