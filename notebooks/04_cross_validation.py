# %% [markdown]
# # 4. Measuring without fooling oneself
#
# A number in a paper is worth what its protocol is worth. Here is ours, then three traps, each
# walked into on purpose to see how much it flatters, and what the full experiments say when none
# of them is open.
#
# The protocol: **five folds made of records**, a committed list, the classes in proportion, the
# duplicates kept together. Each record is judged once, by a model that saw the other four folds.
# All these judgements are pooled and scored together, with an interval from resampled records.
# What chooses anything (an epoch, a threshold, a weight) chooses on inner records of the training
# folds.

# %%
import numpy as np
import pandas as pd
from IPython.display import display

from ecglab import plots
from ecglab.analysis import browser, notebook, probe
from ecglab.datasets import folds
from ecglab.ecg.record import LABELS
from ecglab.evaluation import metrics
from ecglab.reports import leaderboard as ladder
from ecglab.reports import results
from ecglab.tracking import tracker as tracking
from ecglab.training import experiment, trees

here = notebook.begin()
part = here.excerpt(1200)
fold = folds.fold_of(part)
pd.crosstab(pd.Series(fold, name="fold"), pd.Series(part.labels, name="label"))[list(LABELS)]

# %% [markdown]
# ## Trap 1: two halves of one record
#
# More data is better, so one cuts each record into two. Then one splits, and the halves of a record
# fall on both sides. A model that merely recognises the *person* (the shape of their beats, the
# noise of their hand) now knows the answer.
#
# Two learners on the same features of half records: a random forest, and the nearest neighbour,
# which can do nothing but remember. Each is scored on folds of records and on folds of halves.

# %%
x, record_of = probe.halves(part)
labels = part.labels[record_of]
by_record = fold[record_of]
by_half = folds.deal([f"half {i}" for i in range(len(labels))], labels, seed=0)
learners = {"nearest neighbour": probe.nearest, "forest": probe.forest}
splits = {"halves split": by_half, "records split": by_record}
said = {
    name: {words: probe.out_of_fold(x, labels, by, learn) for words, by in splits.items()}
    for name, learn in learners.items()
}
plots.intervals(
    [
        {"name": f"{name}, {words}", **probe.nao(labels, p)}
        for name, both in said.items()
        for words, p in both.items()
    ],
    "NAO",
    f"Leaking halves: NAO on {len(labels):,} halves of {len(set(record_of)):,} records",
    ranked=False,
    synthetic=here.synthetic,
)

# %% [markdown]
# Both splits score the same halves, so the leak can be told as a paired difference:

# %%
leak = [
    {**probe.paired(labels, both, "records split")[0], "name": name} for name, both in said.items()
]
plots.differences(
    leak,
    "records split",
    title="What it adds to NAO that halves of a record are on both sides",
    synthetic=here.synthetic,
)

# %%
flatters = {pair["name"]: pair["difference"] for pair in leak}
notebook.say(
    "The leak flatters the nearest neighbour by "
    f"**{flatters['nearest neighbour']:+.3f}** and the forest by **{flatters['forest']:+.3f}**. "
    "The more a learner can remember, the more it gains, and a network with its hundreds of "
    "thousands of parameters remembers well. Nothing in the training curves would show it: the "
    "validation score rises, and all looks well."
)

# %% [markdown]
# The same trap is open one level up and cannot be closed: the data set has no patient ids, and a
# patient with several records may be in several folds. We say so.
#
# ## Trap 2: choosing on the fold that is scored
#
# Train a while, keep the epoch that scored best on the validation fold, report that fold's score.
# Or try twenty settings and report the best. The maximum of many noisy numbers lies above what any
# of them is worth. Here are candidates that differ in nothing but luck: forests that were each
# given a random half of the features.

# %%
features = trees.stored_features(part)
candidates = probe.candidates(features, part.labels, fold, n=here.of(4, 16))
n = candidates["said"].shape[1]
best_scored, best_inner = (candidates[w].argmax(axis=1) for w in ("scored", "inner"))
every = [probe.of_choice(candidates, part.labels, fold, [j] * folds.N_FOLDS) for j in range(n)]
peeked = probe.of_choice(candidates, part.labels, fold, best_scored)
honest = probe.of_choice(candidates, part.labels, fold, best_inner)
chosen = pd.DataFrame(
    {
        "NAO, pooled over the folds": {
            "the best on the scored fold, in each fold": peeked,
            "the best on the inner records, in each fold": honest,
            "one candidate, on average": np.mean(every),
        }
    }
)
display(chosen.style.format("{:.3f}"))

# %%
notebook.say(
    f"Among {n} candidates that differ by luck alone, choosing on the scored fold shows "
    f"**{peeked - np.mean(every):+.3f}** that is not there; choosing on inner records shows "
    f"{honest - np.mean(every):+.3f}, which is honest, whatever it is. The epochs of "
    "a training are such candidates too, late ones differ from each other by little but luck. "
    "Therefore our experiments keep the last epoch, or choose on inner records."
)

# %% [markdown]
# ## Trap 3: the average that hides the rare classes
#
# Micro-averaged F1 counts all decisions together. With one label a record it *is* the share of
# right answers, and more than half the records are normal. These are out-of-fold predictions on
# the real recordings, from the table that is committed with the project:

# %%
kept = {result.name: result for result in ladder.full(results.all_results())}
name, best = next(iter(kept.items()))
table = best.table
said = metrics.chosen(table)
always_n = np.full(len(table), "N")
averages = pd.DataFrame(
    {
        words: {
            "micro-F1": float((table["label"] == s).mean()),
            "mean F1 of all four": metrics.f1_scores(table["label"], s)["F1_mean"],
            "NAO": metrics.f1_scores(table["label"], s)["F1_NAO"],
            "F1 of A": metrics.f1_scores(table["label"], s)["F1_A"],
        }
        for words, s in {name: said, "always says N": always_n}.items()
    }
)
display(averages.style.format("{:.3f}"))

# %%
batches = np.array_split(np.random.default_rng(0).permutation(len(table)), len(table) // 32)
per_batch = np.mean([metrics.f1_scores(table["label"].iloc[b], said[b])["F1_NAO"] for b in batches])
micro = averages.loc["micro-F1"]
notebook.say(
    f"Micro-F1 gives {micro.iloc[0]:.3f} where NAO is {averages.loc['NAO'].iloc[0]:.3f}, and "
    f"**{micro.iloc[1]:.3f} to a model that knows nothing**. Nor is the F1 that a framework "
    f"averages over batches of 32 an F1: it gives {per_batch:.3f}, since a batch without a record "
    f"of A "
    "counts as a failure on A. Pool the predictions, then score."
)

# %% [markdown]
# ## How sure is a score?
#
# Resample the records with replacement and score again, a thousand times: 95 of 100 scores lie in
# the interval. What another seed would do is not in it. The ladder below is of all experiments
# that were run in full, from the tables in `experiments/results`, real recordings wherever this
# notebook runs:

# %%
plots.ladder({result.name: result.facts["scores"] for result in kept.values()})

# %% [markdown]
# ## What is mistaken for what

# %%
plots.confusion(table["label"], said, f"{name}: what it said of {len(table):,} records")

# %% [markdown]
# N and O are each other's neighbours: a single premature beat in half a minute makes an O, and one
# that is overlooked an N. Fibrillation is mistaken for "other" far more often than for normal.
#
# ## Precision and recall
#
# Whoever looks for fibrillation may want to miss none, and pay with false alarms. The curve says
# what it costs.

# %%
probabilities = table[list(LABELS)].to_numpy()
plots.precision_recall(table["label"], probabilities)

# %% [markdown]
# ## Does 80 % mean 80 %?
#
# Of all records to which a class was given with a probability near 0.8, about 80 % should be of
# that class. Then the probability can be used: to withhold an opinion, or to ask a person.

# %%
plots.reliability(table["label"], probabilities)

# %%
plots.coverage({result.name: result.table for result in kept.values()})

# %% [markdown]
# ## Training, on CPU or GPU
#
# `ecglab train NAME` does all of the above for an experiment, fold by fold, and logs it to MLflow.
# It goes on after any interruption from its last finished epoch. On a GPU node without TensorFlow
# or MLflow, `KERAS_BACKEND=jax ecglab train NAME --no-track` does the same, and
# `ecglab track FOLDER` logs the folder that it leaves behind. Here is the call from Python, on a
# small part:

# %%
quick = experiment.load("rr_trees").set(
    [
        f"data={here.data.name}",
        f"records={min(len(here.data), here.of(160, 1000))}",
        f"iterations={here.of(15, 60)}",
        f"folds={here.of(2, 5)}",
        "bags=1",
    ]
)
run = tracking.train("rr_trees", quick, fresh=False)
scores = metrics.scores(run.predictions())
low, high = scores["intervals"]["F1_NAO"]
notebook.say(
    f"{run.name}: {run.scope}; NAO {scores['values']['F1_NAO']:.3f} ({low:.3f} to {high:.3f}) "
    f"after {run.training_seconds:.0f} s of training. Called again, it is finished already: the "
    f"same "
    "configuration on the same records has the same run folder."
)

# %% [markdown]
# ## Leaf through what it got wrong
#
# Scores do not say *why*. Set the class, what the model said, whether it was right, how sure it
# was, and go from record to record. (The buttons work in JupyterLab; in a printed page only the
# first picture is seen.)

# %%
panel = browser.Browser(
    here.data, run.predictions(), browser.Choice(right="wrong", order="confidence")
)
panel.panel

# %%
browser.picture(here.data, panel.rows.iloc[-1] if len(panel.rows) else panel.found.iloc[0])

# %% [markdown]
# Next: [searching for settings](05_tuning.ipynb).
