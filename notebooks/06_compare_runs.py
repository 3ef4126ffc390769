# %% [markdown]
# # 6. Comparing runs
#
# Every training is a run in MLflow: its settings, data, curves, out-of-fold predictions, figures
# and model. This notebook puts runs side by side and answers two questions that a table of scores
# does not: is a difference more than chance, and which model should predict from now on?

# %%
import pandas as pd
from IPython.display import display

from ecglab import plots
from ecglab.analysis import compare, notebook
from ecglab.evaluation import metrics
from ecglab.inference.predictor import Predictor
from ecglab.reports import boards, results
from ecglab.tracking import registry, tracker
from ecglab.training import experiment

setup = notebook.begin()
classes = setup.data.classes

# %% [markdown]
# ## Three runs to compare
#
# Three quick experiments on the same records and the same folds: boosted trees on features, the
# same without class weights, and with a tenth of the iterations. A run that exists already is not
# trained again.

# %%
shared = [
    f"data={setup.data.name}",
    f"records={min(len(setup.data), setup.size(160, 1000))}",
    f"folds={setup.size(2, 0)}",
    "bags=1",
]
iterations = setup.size(20, 60)
variants = {
    "trees": [f"iterations={iterations}"],
    "no class weights": [f"iterations={iterations}", "class_weight=0"],
    "a tenth of the iterations": [f"iterations={iterations // 10}"],
}
trees = experiment.load("rr_trees")
trained = {
    name: tracker.train("rr_trees", trees.set([*shared, *changes]), fresh=False)
    for name, changes in variants.items()
}

# %% [markdown]
# ## All runs of the store
#
# `ecglab runs` prints this table, and `ecglab ui` opens MLflow's own. Scores on different records
# cannot be compared, so each row says its scope.

# %%
f1 = [classes.metric(code) for code in classes]
compare.runs()[["run", "scope", *f1, "challenge_f1", "ece"]].style.format(precision=3)

# %% [markdown]
# ## Side by side
#
# The three runs from above. The scores are recomputed from their out-of-fold predictions; the bars
# are 95 % intervals by bootstrap over records.

# %%
tables = {name: run.predictions() for name, run in trained.items()}
scores = {name: metrics.scores(table, classes) for name, table in tables.items()}
plots.leaderboard(scores, classes, simulated=setup.simulated)

# %% [markdown]
# Overlapping intervals say little here: the three runs predict *the same* records, and most records
# are easy for all of them or hard for all of them. The paired bootstrap scores both runs on each
# resample and keeps the difference, in which the common part cancels. A hollow dot is a difference
# that may be chance.

# %%
pairs = compare.paired(tables, "trees", classes)
plots.differences(pairs, "trees", simulated=setup.simulated)

# %% [markdown]
# ## Where they differ
#
# Of the records on which two runs disagree, which one is right more often, and in which class?

# %%
compare.disagreement(tables["trees"], tables["no class weights"], classes)

# %% [markdown]
# Without weights a model predicts a rare class only when it is nearly certain. That is a different
# balance of precision and recall, and challenge F1 prefers one of them because it counts A as much
# as N.
#
# ## The experiments on all recordings
#
# The predictions of finished runs on all recordings come with the project as tables, so anyone can
# score them again, on any machine, without the recordings.

# %%
board = boards.boards(results.all_results())[0]
kept = {result.name: result for result in board.full}
plots.leaderboard({name: x.facts["scores"] for name, x in kept.items()}, board.classes)

# %%
best = board.full[0]
against = compare.paired({name: x.table for name, x in kept.items()}, best.name, board.classes)
plots.differences(against, best.name)

# %%
values = best.facts["scores"]["values"]
notebook.show(
    f"**{best.name}** is first: challenge F1 {values['challenge_f1']:.3f}, expected calibration "
    f"error {values['ece']:.3f}. It is the best of many on the same records that score it, so its "
    "own score is slightly optimistic (notebook 4, mistake 2), the more so the more experiments "
    "were tried."
)

# %% [markdown]
# ## Which one to promote
#
# The promoted model is the registry's `ecg-rhythm@champion`, and it predicts from then on. It
# should be clearly better, have calibrated probabilities, and cost what you can afford; the highest
# score alone is not enough. `ecglab promote` refuses a model that scores lower than the present
# one, or that was trained on simulated data, on an excerpt or on some folds only.

# %%
candidates = pd.DataFrame(
    {
        name: {**found["values"], "training (s)": trained[name].training_seconds}
        for name, found in scores.items()
    }
).T[["challenge_f1", classes.metric("A"), "ece", "training (s)"]]
display(candidates.style.format("{:.3f}"))
choice = compare.clearly_best(tables, pairs, "trees", classes)
notebook.show(
    f"Of these three it would be **{choice}**: `ecglab promote {trained[choice].name}`. This "
    "notebook does not run it, since it would change the model that predicts on your machine."
)

# %%
card = Predictor(registry.default()).card
notebook.show(
    f"The model that predicts now: {card['name']}, trained on {card['scope']}, challenge F1 "
    f"{card['scores']['values']['challenge_f1']:.3f} out of fold."
)

# %% [markdown]
# Next: [prediction for your own recording](07_predict.ipynb).
