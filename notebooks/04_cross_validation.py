# %% [markdown]
# # 4. Evaluation
#
# A score means as much as its protocol. This notebook describes ours, then makes three common
# mistakes on purpose to see how much each inflates a score, then shows the results of the full
# experiments without them.
#
# The protocol: **five folds of records**, kept in a file, with the classes in proportion and
# duplicates together. Each record is predicted once, by a model trained on the other four folds.
# All these out-of-fold predictions are pooled and scored together, with an interval from resampled
# records. Whatever is selected (an epoch, a threshold, a weight) is selected on validation records,
# which are part of the training folds.

# %%
import numpy as np
import pandas as pd
from IPython.display import display

from ecglab import plots
from ecglab.analysis import browser, compare, notebook, probe
from ecglab.datasets import splits
from ecglab.evaluation import metrics
from ecglab.reports import boards, limits, published, results
from ecglab.tracking import tracker
from ecglab.training import experiment, features

setup = notebook.begin()
part, classes = setup.excerpt(1200), setup.data.classes
fold = splits.folds(part)
pd.crosstab(pd.Series(fold, name="fold"), pd.Series(part.labels, name="label"))[list(classes)]

# %% [markdown]
# ## Mistake 1: two halves of one record on both sides of a split
#
# To get more data, cut each record into two halves; then split the halves at random. Now a model
# that merely recognises the *person* (the shape of the beats, the noise) knows the answer.
#
# Two classifiers on the same features of half records: a random forest, and the nearest neighbour,
# which can only memorise. Each is scored on folds of records and on folds of halves.

# %%
x, record_of = probe.halves(part)
labels = part.labels[record_of]
by_record = fold[record_of]
by_half = probe.random_folds(labels, int(fold.max()) + 1)
classifiers = {"nearest neighbour": probe.nearest, "forest": probe.forest}
kinds = {"folds of halves": by_half, "folds of records": by_record}
tables = {
    name: {kind: probe.out_of_fold(x, labels, by, classes, fit) for kind, by in kinds.items()}
    for name, fit in classifiers.items()
}
plots.intervals(
    [
        compare.score(f"{name}, {kind}", table, classes)
        for name, both in tables.items()
        for kind, table in both.items()
    ],
    title=f"Challenge F1 on {len(labels):,} halves of {len(set(record_of)):,} records",
    ranked=False,
    simulated=setup.simulated,
)

# %% [markdown]
# Both splits score the same halves, so the effect of the leak is a paired difference:

# %%
leak = [
    {**compare.paired(both, "folds of records", classes)[0], "name": name}
    for name, both in tables.items()
]
plots.differences(
    leak,
    "folds of records",
    title="Challenge F1 on folds of halves minus that on folds of records",
    simulated=setup.simulated,
)

# %%
bias = {pair["name"]: pair["difference"] for pair in leak}
notebook.show(
    f"The leak adds **{bias['nearest neighbour']:+.3f}** to the score of the nearest neighbour and "
    f"**{bias['forest']:+.3f}** to that of the forest. The better a classifier memorises, the more "
    "it gains, and a network with hundreds of thousands of parameters memorises well. The training "
    "curves would not show it: the validation score rises as it should."
)

# %% [markdown]
# The same leak may exist between records: CinC 2017 has no patient ids, and a patient with several
# records may be in several folds.
#
# ## Mistake 2: selecting on the fold that is scored
#
# Train, keep the epoch with the best score on a fold, and report that score. Or try twenty settings
# and report the best. The maximum of many noisy scores is optimistic. Here the candidates differ by
# chance only: forests that each get a random half of the features.

# %%
n, n_folds = setup.size(4, 16), int(fold.max()) + 1
candidates = probe.candidates(features.stored(part), part.labels, fold, classes, n)
best_scored, best_validation = (candidates[x].argmax(axis=1) for x in ("scored", "validation"))
every, biased, unbiased = (
    [probe.score_of_choice(candidates, part.labels, fold, classes, x) for x in choices]
    for choices in ([[j] * n_folds for j in range(n)], [best_scored], [best_validation])
)
selected = pd.Series(
    {
        "the best on the scored fold, in each fold": biased[0],
        "the best on the validation records, in each fold": unbiased[0],
        "one candidate, on average": np.mean(every),
    },
    name="challenge F1, pooled over the folds",
)
display(selected.to_frame().style.format("{:.3f}"))

# %%
notebook.show(
    f"Among {n} candidates that differ by chance, selecting on the scored fold adds "
    f"**{biased[0] - np.mean(every):+.3f}** that is not real; selecting on validation records adds "
    f"{unbiased[0] - np.mean(every):+.3f}, without that bias. Epochs of a training are such "
    "candidates too: late ones differ by little but chance. So our experiments keep the last "
    "epoch, or select on validation records."
)

# %% [markdown]
# ## Mistake 3: an average that hides the rare classes
#
# Micro-averaged F1 counts all predictions together. With one label per record it equals accuracy,
# and more than half of the records are normal. The out-of-fold predictions below are of the real
# recordings, from the results that come with the project:

# %%
board = boards.boards(results.all_results())[0]
kept = board.full
best = kept[0]
table, of = best.table, best.classes
predicted = metrics.predicted(table, of)
compared = {best.name: predicted, "N for every record": np.full(len(table), "N")}
scored = {name: metrics.f1_scores(table["label"], x, of) for name, x in compared.items()}
averages = pd.DataFrame(
    {
        name: {
            "micro-F1": float((table["label"] == compared[name]).mean()),
            "mean F1 of all classes": f1["mean_f1"],
            "challenge F1": f1["challenge_f1"],
            "F1 of A": f1[of.metric("A")],
        }
        for name, f1 in scored.items()
    }
)
display(averages.style.format("{:.3f}"))

# %%
batches = np.array_split(np.random.default_rng(0).permutation(len(table)), len(table) // 32)
in_batches = np.mean(
    [
        metrics.f1_scores(table["label"].iloc[rows], predicted[rows], of)["challenge_f1"]
        for rows in batches
    ]
)
micro, challenge = averages.loc["micro-F1"], averages.loc["challenge F1"]
notebook.show(
    f"Micro-F1 is {micro.iloc[0]:.3f} where challenge F1 is {challenge.iloc[0]:.3f}, and "
    f"**{micro.iloc[1]:.3f} for a constant prediction**. A mean of F1 over batches of 32, as some "
    f"frameworks compute it, is no F1 either: it gives {in_batches:.3f}, since a batch without a "
    "record of A has an F1 of 0 for A. Pool the predictions, then score."
)

# %% [markdown]
# ## How certain is a score?
#
# Resample the records with replacement and score again, a thousand times: 95 of 100 scores lie in
# the interval. It does not include what another seed would change. The figure shows all experiments
# that were run on all folds, from the tables in `experiments/results`:

# %%
plots.leaderboard({result.name: result.facts["scores"] for result in kept}, of)

# %% [markdown]
# ## Beside published results
#
# Ours are the best result of each kind of model. Scores on the hidden test of the challenge and
# cross-validated ones are of different records, so they stand in different tables. A model that was
# selected on the records that it is scored on looks better than it is.

# %%
for protocol, table_of_protocol in published.tables(board).items():
    notebook.show(published.TITLES[protocol])
    display(table_of_protocol.style.hide(axis="index"))

# %% [markdown]
# ## Which classes are confused?

# %%
plots.confusion(table["label"], predicted, of, f"{best.name} on {len(table):,} records")

# %% [markdown]
# N and O are confused most often: a single premature beat in half a minute makes an O, and if it is
# missed, the prediction is N. Fibrillation is confused with O far more often than with N.
#
# ## Precision and recall
#
# Someone who must not miss fibrillation accepts more false alarms. The curve shows how many.

# %%
probabilities = table[list(of)].to_numpy()
plots.precision_recall(table["label"], probabilities, of)

# %% [markdown]
# ## Does 80 % mean 80 %?
#
# Of all records that get a class with a probability near 0.8, about 80 % should be of that class.
# Then the probability is useful: to withhold a prediction, or to ask a person.

# %%
plots.reliability(table["label"], probabilities, of)

# %% [markdown]
# Withhold the predictions with the lowest probability, and score the others. The curves are of the
# two best experiments and of the best one of each other kind.

# %%
plots.coverage({result.name: result.table for result in compare.few(kept)}, of)

# %% [markdown]
# ## What limits the score?
#
# All kinds of models err on much the same records. Some of these labels may be wrong: the experts
# themselves changed labels between versions, and confident learning
# ([Northcutt et al. 2021](https://doi.org/10.1613/jair.1.12125)) flags labels that a model is
# confident about to be others. The limits at the bottom left know something about the labels, which
# no model does. They are estimates, no bounds: the
# [leaderboard](../experiments/README.md) states what each assumes.

# %%
found = limits.of(board, best)
found.figure()

# %%
changed, wrong = found.relabelled, predicted != table["label"].to_numpy()
estimate = found.label_errors[found.name]
notebook.show(
    f"{found.name} errs on {100 * wrong[changed].mean():.0f} % of the {changed.sum()} records "
    f"whose label differs between versions, and on {100 * wrong[~changed].mean():.0f} % of the "
    "others. "
    f"Confident learning estimates {estimate.wrong.sum():.0f} wrong labels among {len(table):,}. A "
    "classifier that found each true label would have a challenge F1 of "
    f"{estimate.scores['challenge_f1']:.3f}."
)

# %% [markdown]
# ## Training, on CPU or GPU
#
# `ecglab train NAME` trains and scores an experiment fold by fold and logs it to MLflow. After an
# interruption it continues from the last finished epoch. On a GPU node without TensorFlow or
# MLflow, use `KERAS_BACKEND=jax ecglab train NAME --no-track`, then log its run folder with
# `ecglab track FOLDER`. The same from Python, on a small part:

# %%
quick = experiment.load("rr_trees").set(
    [
        f"data={setup.data.name}",
        f"records={min(len(setup.data), setup.size(160, 1000))}",
        f"iterations={setup.size(15, 60)}",
        f"folds={setup.size(2, 0)}",
        "bags=1",
    ]
)
run = tracker.train("rr_trees", quick, fresh=False)
score = compare.score(run.name, run.predictions(), run.classes)
notebook.show(
    f"{run.name}: {run.scope}; challenge F1 {score['value']:.3f} ({score['low']:.3f} to "
    f"{score['high']:.3f}) after {run.training_seconds:.0f} s of training. Called again, it "
    "returns at once: the same settings on the same records have the same run folder."
)

# %% [markdown]
# ## Browse the errors
#
# Scores do not say *why*. Filter by label, prediction, correctness and confidence, and go from
# record to record. (The buttons work in JupyterLab; an exported page shows the first record only.)

# %%
browser.Browser(setup.data, run.predictions(), browser.Filter(correct="wrong", order="confidence"))

# %% [markdown]
# Next: [hyperparameter search](05_tuning.ipynb).
