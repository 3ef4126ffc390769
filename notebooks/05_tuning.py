# %% [markdown]
# # 5. Hyperparameter search
#
# A network has a dozen hyperparameters that somebody chose by experience, and so have boosted
# trees. A search tries other values: each **trial** is the experiment with some settings changed,
# trained, and scored on records that it was not trained on. How does a search work here, what does
# it find, and how optimistic is the score of its best trial?

# %%
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from ecglab import plots
from ecglab.analysis import compare, notebook, trials
from ecglab.reports import boards, results
from ecglab.training import experiment
from ecglab.training.experiment import as_text
from ecglab.tuning import best, driver
from ecglab.tuning.search import rows
from ecglab.utils.paths import experiments

setup = notebook.begin()
classes = setup.data.classes

# %% [markdown]
# ## The space
#
# What a search may vary is declared beside the experiment, in its file. `log` is a number drawn
# uniformly over its logarithm, `real` and `integer` are drawn uniformly, `choice` is one of several
# values. The space contains the experiment's own settings, and the first trial uses them.

# %%
text = experiments()["rr_trees"].read_text(encoding="utf-8")
print(text[text.index("experiment =") :])

# %%
spaces = {
    name: pd.DataFrame(
        {
            key: {
                "from": entry.edges[0],
                "to": entry.edges[-1],
                "experiment": as_text(experiment.load(name).flat()[key]),
            }
            for key, entry in experiment.space(name).items()
        }
    ).T
    for name in ("rr_trees", "spectrogram_resnet")
}
spaces["rr_trees"]

# %% [markdown]
# Hyperparameters interact, so varying one after the other is not enough, and there are too many for
# a grid. There are three ways to draw the next trial. `random` is a good baseline
# ([Bergstra and Bengio 2012](https://jmlr.org/papers/v13/bergstra12a.html)). `bayesian`, the
# default, fits a Gaussian process to the scores so far and draws where it expects most. `hyperband`
# trains many settings for few epochs and the better third of them for more
# ([Li et al. 2018](https://jmlr.org/papers/v18/16-558.html)); it is for networks.
#
# ## A search
#
# This is what `ecglab tune rr_trees --trials ...` runs. A trial is a run like any other, but it
# never sees fold 0: the other records are split anew, and a trial is trained on four fifths of them
# and scored by challenge F1 on the rest, its **validation records**. Trees on features are searched
# here because a trial takes seconds. A key that is set is not searched, which leaves five.

# %%
n_trials = setup.size(4, 20)
arguments = {
    "keys": [
        f"data={setup.data.name}",
        f"iterations={setup.size(10, 80)}",
        "min_leaf=20",
        "bags=1",
    ],
    "records": min(setup.n_records, setup.size(300, 2000)),
}
search, why = driver.tune("rr_trees", trials=n_trials, limit=setup.size(None, 30), **arguments)
print(why)

# %% [markdown]
# In the full setting there is a time limit. Nothing is lost: the same call continues with the
# missing trials, and returns at once when all have ended.

# %%
before = sum(trial.score is not None for trial in search.trials)
search, why = driver.tune("rr_trees", trials=n_trials, **arguments)
after = sum(trial.score is not None for trial in search.trials)
notebook.show(
    f"After the first call {before} of {n_trials} trials had a score, after the second {after} "
    f"({why}). The search is `{search.name}`: {search.scope}."
)

# %% [markdown]
# ## What it found
#
# The trials, the best first. In MLflow (`ecglab ui`) a search is a run with a child run for each
# trial, in an experiment `searches` of its own, apart from the other runs.

# %%
found = rows(search)
trials.table(search).head(8).style.hide().format(precision=3)

# %% [markdown]
# ### Score by trial
#
# The first trial is the experiment with its own settings. If the dots scatter about one level while
# the line rises, the line is only the growing maximum of chance; if the search finds better
# settings, later dots are higher than early ones.

# %%
plots.course(found, simulated=setup.simulated)

# %% [markdown]
# ### Settings and score
#
# Each line is a trial. Where dark lines meet on an axis, that setting matters; where they cross it
# anywhere, it does not.

# %%
plots.parallel_coordinates(found, search.space, simulated=setup.simulated)

# %% [markdown]
# ### Importance of the settings
#
# A forest is fitted to the trials; the importance of a setting is how much worse the forest
# predicts the scores when that setting is shuffled. The title gives how much of the variance the
# forest explains in unseen trials. Near 0 %, the importances mean nothing.

# %%
plots.importance(found, search.space, simulated=setup.simulated)

# %% [markdown]
# ## Mistake 1: to believe the score of the best of many
#
# The best trial was selected *because* of its high score, and a score is the quality of a setting
# plus chance. So on average the score of the best trial is optimistic. By how much? Every trial is
# trained once more as it was, and predicts two sets of records: its validation records, and those
# of fold 0, which no trial has seen. (Only to look at: a selection by fold 0 would leave no unseen
# records.)

# %%
best_id = search.best.id
validation, unseen = trials.retrained(search, trials.trained(search), whole=setup.size(False, True))
selected_by = pd.Series({row["trial"]: row["score"] for row in found}).dropna()
held_out = pd.Series(
    {trial: compare.score("", table, classes)["value"] for trial, table in unseen.items()}
)
n_validation, n_unseen = len(validation[best_id]), len(unseen[best_id])
plots.held_out(found, held_out, f"the {n_unseen:,} records of fold 0", simulated=setup.simulated)

# %%
lead, kept = (x[best_id] - x.mean() for x in (selected_by, held_out))
notebook.show(
    f"On the {n_validation:,} validation records the best trial, {best_id}, scores "
    f"{selected_by[best_id]:.3f}, **{lead:+.3f}** above the mean of all trials. On the "
    f"{n_unseen:,} unseen records it scores {held_out[best_id]:.3f}, **{kept:+.3f}** above the "
    f"mean there. The difference of the leads, {lead - kept:+.3f}, is the optimism. On the unseen "
    f"records it is number {int(held_out.rank(ascending=False)[best_id])} of {len(held_out)}; the "
    f"rank correlation of the two scores over the trials is "
    f"{selected_by.corr(held_out, method='spearman'):.2f}."
)

# %% [markdown]
# The means are subtracted because two sets of records are never equally hard. Selecting on fold 0
# itself would hide the effect: the best trial there is a maximum again
# ([notebook 4](04_cross_validation.ipynb), mistake 2).
#
# ## Mistake 2: to believe differences smaller than the noise
#
# How far apart are the trials, and how far apart would they be with equal settings? Other seeds of
# the same settings give one part of the answer, resampling the validation records the other.

# %%
own_id = search.trials[0].id
seeds = {
    f"seed {seed}": search.trained(search.trials[0]).set([f"seed={seed}"])
    for seed in range(2, setup.size(4, 7))
}
reseeded, _ = trials.retrained(search, seeds)
of_seeds = [compare.score("", table, classes)["value"] for table in reseeded.values()]
interval = compare.score("", validation[best_id], classes)
pd.Series(
    {
        "SD between trials": selected_by.std(),
        f"SD between {len(seeds)} seeds of the same settings": np.std(of_seeds, ddof=1),
        f"SD of one score, from resampling {n_validation:,} records": (
            interval["high"] - interval["low"]
        )
        / 3.92,
        "best trial minus the experiment's own settings": selected_by[best_id]
        - selected_by[own_id],
    },
    name="challenge F1",
).to_frame().style.format("{:.4f}")

# %% [markdown]
# The third part is shared: all trials are scored on the *same* records, so much of it cancels in a
# difference. The paired bootstrap ([notebook 6](06_compare_runs.ipynb)) measures the rest, here for
# the best trial minus the experiment's own settings: on the validation records, and on fold 0,
# which no trial has seen. A hollow dot may be chance.

# %%
pairs = [
    {**compare.paired({"own": t[own_id], name: t[best_id]}, "own", classes)[0], "name": name}
    for name, t in (("validation records", validation), ("fold 0, unseen", unseen))
]
plots.differences(
    pairs,
    "the experiment's own settings",
    title="Challenge F1 of the best trial minus that of the own settings",
    simulated=setup.simulated,
)

# %% [markdown]
# The fewer the validation records and the more the trials, the more of a lead is chance. What
# helps: more records for a trial; `folds=5`, which scores a trial on all records but fold 0 at five
# times the cost; a space of few settings, which you have reason to doubt; and a measurement of the
# best trial on other records than those that selected it.
#
# ## The best trial as an experiment
#
# `ecglab tune --best SEARCH` writes the best trial as a file of `experiments/`, with its origin in
# the docstring. This notebook writes it to a temporary folder.

# %%
path = best.write(search, folder=Path(tempfile.mkdtemp()))
print(path.read_text(encoding="utf-8"))

# %% [markdown]
# ## Was the search worth its cost?

# %%
pair = pairs[1]
spent = sum(row["seconds"] for row in found)
conclusion = (
    "The search **found a better setting**: on records that no trial saw, the gain is clear."
    if pair["low"] > 0
    else "The search **made it worse**: on records that no trial saw, the loss is clear."
    if pair["high"] < 0
    else "**No clear gain**: keep the experiment's own settings."
)
itself = "The best trial *is* the experiment's own settings. " if best_id == own_id else ""
notebook.show(
    f"{len(selected_by)} trials and {spent:.0f} s of training changed challenge F1 by "
    f"{pair['difference']:+.3f} ({pair['low']:+.3f} to {pair['high']:+.3f}) on unseen records. "
    f"{itself}{conclusion}"
)

# %% [markdown]
# These trials were small: an excerpt, few iterations, one bag. The best one there need not be the
# best in full, so train it like any experiment, on all records and folds, and compare:
# `ecglab train rr_trees_tuned`. That was done once with thirty trials over all seven settings, on
# all recordings. The figure is drawn from the results that come with the project:

# %%
board = boards.boards(results.all_results())[0]
full = {result.name: result for result in board.full}
own, winner = (full[name].table for name in ("rr_trees", "rr_trees_tuned"))
in_full = [
    {
        **compare.paired(
            {
                "rr_trees": own[own["fold"].isin(scored)],
                name: winner[winner["fold"].isin(scored)],
            },
            "rr_trees",
            board.classes,
        )[0],
        "name": name,
    }
    for name, scored in (("all five folds", range(5)), ("fold 0, unseen", [0]))
]
plots.differences(in_full, "rr_trees", title="Challenge F1 of rr_trees_tuned minus rr_trees")

# %%
all_folds, fold_0 = (pair["difference"] for pair in in_full)
scores = {name: x.facts["scores"]["values"]["challenge_f1"] for name, x in full.items()}
single = max(scores["spectrogram_resnet"], scores["rr_trees"])
notebook.show(
    f"Over all folds the difference is {all_folds:+.3f}. But the search has seen records of four "
    f"of them; on fold 0, which it has not, it is **{fold_0:+.3f}**. The settings chosen by "
    "experience were good enough. There was more to gain elsewhere: the ensemble of a network on "
    f"spectrograms and trees on features gains {scores['network_and_trees'] - single:+.3f} over "
    "the better of the two (`ecglab leaderboard`)."
)

# %% [markdown]
# ## Searching for a network
#
# A trial of a network takes minutes, so a search takes a night. Train the trials for a few epochs
# on an excerpt:
#
# ```
# ecglab tune spectrogram_resnet --trials 30 --epochs 8 --records 2000 --limit 8
# ```
#
# In Python, with two trials at a time:
#
# ```python
# driver.tune("spectrogram_resnet", trials=60, epochs=8, records=2000, workers=2)
# ```
#
# It is the same search: the thirty trials of the first command are kept and thirty more are added.
# After an interruption the same call continues from the last finished epoch of each trial. Its
# space:

# %%
spaces["spectrogram_resnet"]

# %% [markdown]
# Next: [comparing runs](06_compare_runs.ipynb).
