# %% [markdown]
# # 7. The champion on a recording
#
# The model that `ecglab promote` named, or else the one that comes with ecglab, reads a file from
# whatever device, says what it thinks, shows why, and refuses what it cannot judge. It needs no
# TensorFlow and answers in a fraction of a second.
#
# **For research. It is no medical device, it diagnoses nobody, and no one should act on it.**

# %%
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from IPython.display import display

import ecglab
from ecglab import plots
from ecglab.analysis import explain, explore, notebook, probe
from ecglab.datasets import folds
from ecglab.ecg.record import LABEL_NAMES, LABELS, Record
from ecglab.inference.predictor import Predictor
from ecglab.tracking import registry
from ecglab.training import trees

here = notebook.begin()
data = here.data

# %%
package = notebook.champion(here)
champion = Predictor(package)
card = champion.card
scores = card["scores"]["values"]
notebook.say(
    f"**{champion.name}**: {len(card['members'])} members, trained on {card['scope']}, "
    f"NAO {scores['F1_NAO']:.3f} and F1 of A {scores['F1_A']:.3f} on records that the judging "
    "member never saw."
)
if card["kind"] == "synthetic":
    notebook.say("**It was trained on SYNTHETIC data: what it says of real hearts means nothing.**")
elif here.synthetic:
    notebook.say("It learned from recordings and is asked about SYNTHETIC ones: a demonstration.")

# %% [markdown]
# ## One's own file
#
# WFDB, CSV, Apple Watch's export, NumPy and MATLAB files are read, at any rate from 60 Hz. Put the
# path of yours here. Without one, this notebook writes a record of its own as CSV and reads that.

# %%
mine = ""  # the path of a file of yours

# %%
example, judge = notebook.unseen(here, package, "A")
if not mine:
    mine = Path(tempfile.mkdtemp()) / f"{example}.csv"
    source = data.record(example)
    samples = {"time_s": np.arange(source.n_samples) / source.fs, "ecg_mV": source.signal}
    pd.DataFrame(samples).to_csv(mine, index=False)
record = ecglab.read(mine)
own = record.id != example
print(f"{record.id}: {record.seconds:.1f} s at {record.fs:g} Hz")

# %% [markdown]
# A package averages one member for each fold, and all but one of these saw an example of the data
# set in training. So that the opinion below is no memory, an example is judged by the one member
# that never saw it. Your own recording is judged by all.

# %%
predictor = champion if own else judge
opinion = predictor.judge([record])[0]
reference = "" if own else str(data.labels[data.ids == example][0])
notebook.say(
    f"It says **{opinion['label']}, {LABEL_NAMES[opinion['label']]}**, with probability "
    f"{opinion['probabilities'][opinion['label']]:.2f}"
    + (f"; the reference label is {reference}." if reference else ".")
)
plots.judged(
    record,
    opinion["probabilities"],
    reference,
    title=f"Record {record.id}: {opinion['label']}, {LABEL_NAMES[opinion['label']]}",
    synthetic=here.synthetic,
)

# %% [markdown]
# ## Why?
#
# Hide two seconds, ask again, and see what the answer misses. Where the paper is violet, the hidden
# part spoke *for* the label (without it the odds fall); where it is orange, it spoke against it.
# The darkest is the greatest change of log odds of this record.

# %%
edges, change = explain.occlusion(predictor, record, opinion["label"])
greatest = float(np.abs(change).max())
plots.strip(
    record,
    title=f"What speaks for {LABEL_NAMES[opinion['label']]} (violet) and against it (orange)",
    shade=(edges, change / max(greatest, 1e-9)),
    synthetic=here.synthetic,
)

# %%
notebook.say(
    f"Hiding any two seconds changes the log odds by {greatest:.2f} at most. A rhythm is "
    "everywhere in a record, so a small number is a good sign; one dark patch means that the "
    "opinion hangs on two seconds, and they deserve a look."
)

# %% [markdown]
# The other explanation is in a cardiologist's terms: in which measured features does this record
# differ most from normal ones?

# %%
compared = here.excerpt(600)
explain.unusual(record, trees.stored_features(compared), compared.labels)

# %%
rr, _ = explore.heart(record)
plots.poincare(
    {f"{opinion['label']}  record {record.id}": rr},
    "Each RR interval against the one before it",
    synthetic=here.synthetic,
)

# %% [markdown]
# ## From another program
#
# The registered model is an MLflow pyfunc: a table in, a table out, in a process that need not have
# ecglab installed, behind a REST server, or in Spark.

# %%
try:
    registered = registry.locate(registry.DEFAULT)
except ecglab.EcglabError as error:
    notebook.say(f"Nothing is registered in this store ({error}).")
else:
    from ecglab.tracking.tracker.tracker import mlflow

    model = mlflow().pyfunc.load_model(registry.DEFAULT)
    table = pd.DataFrame({"signal": [record.signal.tolist()], "fs": [record.fs]})
    display(model.predict(table).style.format(precision=3))

# %% [markdown]
# ## What it cannot do
#
# **What cannot be judged is refused, in words**, before any number could mislead:

# %%
second = np.sin(np.arange(300) / 10)
for words, signal, fs in [
    ("3 s of signal", np.tile(second, 3), 300),
    ("an electrode that fell off", np.zeros(3000), 300),
    ("an infinite sample", np.append(np.tile(second, 10), np.inf), 300),
    ("a rate too low for a QRS", np.tile(second, 10), 25),
]:
    try:
        Record(signal, fs, id=words)
    except ecglab.RecordError as error:
        print(error)

# %% [markdown]
# **Short strips carry less rhythm.** The records of one fold, judged by the member that never saw
# them, whole and cut:

# %%
fold = folds.fold_of(data)
same_fold = fold == fold[data.ids == example]
rows = np.flatnonzero(same_fold & (data.lengths >= 29 * data.fs))
rows = rows[: here.of(12, 250)]
records = [data.record(int(i)) for i in rows]
cut = {
    seconds: judge.probabilities([Record(r.signal[: seconds * 300], r.fs) for r in records])
    for seconds in (5, 10, 20, 29)
}
plots.intervals(
    [
        {"name": f"the first {seconds} s", **probe.nao(data.labels[rows], said)}
        for seconds, said in cut.items()
    ],
    "NAO",
    f"NAO of {len(rows):,} records, cut to their first seconds",
    ranked=False,
    synthetic=here.synthetic,
)

# %% [markdown]
# **Noise makes it unsure, then wrong.** White noise of a growing standard deviation on the same
# records:

# %%
rng = np.random.default_rng(0)
noisy = {
    mv: judge.probabilities(
        [Record(r.signal + rng.normal(0, mv, r.n_samples), r.fs) for r in records]
    )
    for mv in (0.0, 0.05, 0.2, 0.5)
}
pd.DataFrame(
    {
        f"{1000 * mv:.0f} µV": {
            "NAO": probe.nao(data.labels[rows], said)["value"],
            "mean confidence": said.max(axis=1).mean(),
            "share called noise": (said.argmax(axis=1) == LABELS.index("~")).mean(),
        }
        for mv, said in noisy.items()
    }
).style.format("{:.2f}")

# %% [markdown]
# And beyond what can be measured here:
#
# - It knows **four labels**. Whatever else a heart can do is called "other" at best; it does not
#   find infarctions, and "normal" means a normal rhythm and nothing more.
# - It learned from **one lead of one device**. On other leads and devices nobody has measured it.
# - A record has **one label**, though a rhythm can change within half a minute. Long recordings
#   must be cut into strips, and each gets an opinion of its own.
# - **Patients may be in training and scoring both**, since their ids were never published.
#
# The command does the same as this notebook: `ecglab predict FILE`, or with `--json` for programs.
