# %% [markdown]
# # 5. Searching for settings
#
# A network has a dozen settings that somebody once guessed, and so have boosted trees. A search
# tries others: each **trial** is the experiment with some of its settings changed, trained, and
# judged on records that it did not learn from. What is a search here, what does it find, and what
# is the score of its winner worth?

# %%
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from ecglab import plots
from ecglab.analysis import compare, notebook, searched
from ecglab.evaluation import metrics
from ecglab.reports import leaderboard as ladder
from ecglab.reports import results
from ecglab.training import experiment
from ecglab.training.experiment import as_text
from ecglab.tuning import launch, tuned
from ecglab.utils.paths import EXPERIMENTS

here = notebook.begin()

# %% [markdown]
# ## A space
#
# What may be tried stands beside the experiment, in its file. `log` is a number drawn evenly over
# its logarithm, `real` and `integer` are drawn evenly, `choice` is one of several values. The space
# holds the experiment's own settings, so that the first trial is what is there to be beaten.

# %%
text = (EXPERIMENTS / "rr_trees.py").read_text(encoding="utf-8")
print(text[text.index("experiment =") :])

# %%
spaces = {
    name: pd.DataFrame(
        {
            key: {
                "from": entry.edges[0],
                "to": entry.edges[-1],
                "its own": as_text(experiment.load(name).flat()[key]),
            }
            for key, entry in experiment.space(name).items()
        }
    ).T
    for name in ("rr_trees", "spectrogram_resnet")
}
spaces["rr_trees"]

# %% [markdown]
# Widths, depths and rates interact, so one does not turn one knob after the other; and there are
# too many for a grid. Three ways of drawing the next trial are offered. `random` draws blindly,
# which is a good yardstick
# ([Bergstra and Bengio 2012](https://jmlr.org/papers/v13/bergstra12a.html)). `bayesian`, the
# default, fits a Gaussian process to the scores so far and goes where it expects most. `hyperband`
# gives many settings few epochs and the better third of them more
# ([Li et al. 2018](https://jmlr.org/papers/v18/16-558.html)); it is for networks.
#
# ## A search
#
# This is what `ecglab tune rr_trees --trials ...` runs: each trial in a process of its own, on the
# training records of fold 0, judged by NAO on a fifth of them, its **inner records**. Fold 0 is not
# in the data that a trial opens. Trees on features are searched here because a trial takes
# seconds. A key that is set is not searched, which leaves five.

# %%
n_trials = here.of(4, 20)
what = {
    "keys": [
        f"data={here.data.name}",
        f"iterations={here.of(10, 80)}",
        "min_leaf=20",
        "bags=1",
    ],
    "records": min(len(here.data), here.of(160, 2000)),
}
search, why = launch.tune("rr_trees", trials=n_trials, limit=here.of(None, 30), **what)
print(why)

# %% [markdown]
# On the full setting there is a time limit, which ends it as a power cut would. Nothing is lost:
# the same call goes on with the trials that are missing. Once all have ended, it starts nothing and
# only tells what was found.

# %%
before = sum(trial.result is not None for trial in search.trials)
search, why = launch.tune("rr_trees", trials=n_trials, **what)
notebook.say(
    f"The first call left {before} of {n_trials} trials behind; after the second there are "
    f"{sum(trial.result is not None for trial in search.trials)} ({why}). The search is "
    f"`{search.name}`: {search.scope}."
)

# %% [markdown]
# ## Read back from MLflow
#
# A search is a parent run with a child for each trial, in an MLflow experiment `searches` of its
# own, so that what was chosen does not stand among the runs as if it had been measured. Whatever
# follows, up to the pictures, is read from the store alone, as it would be on another machine.
# First the parent, then the best of its children.

# %%
logged = searched.read(search.name)
print(f"{logged.name}, run {logged.parent.info.run_id}, {logged.parent.info.status}")
told = pd.Series(logged.parent.data.metrics, name="the parent's metrics")
told.to_frame().style.format("{:.3f}")

# %%
logged.table.head(8).style.hide().format(precision=3)

# %% [markdown]
# ### Its course
#
# The first trial is the experiment as it is. Where the dots only scatter about a level while the
# line creeps up, the line is the growing maximum of chance; where a search finds something, the
# later dots lie higher than the early ones.

# %%
plots.course(logged.rows, synthetic=here.synthetic)

# %% [markdown]
# ### From settings to score
#
# Each line is a trial. Where dark lines meet on an axis, that setting matters; where they cross it
# anywhere, it does not.

# %%
plots.parallel_coordinates(logged.rows, logged.space, synthetic=here.synthetic)

# %% [markdown]
# ### What mattered
#
# A forest is fitted to the trials; a setting's share is how much worse the forest does when that
# setting is shuffled. The title says how much of the differences it foresees in trials that it has
# not seen. Near nothing, the shares are names for noise.

# %%
plots.importance(logged.rows, logged.space, synthetic=here.synthetic)

# %% [markdown]
# ## Trap 1: the winner's score is the maximum of many
#
# The winner was chosen *because* its score was high, and a score is a setting's worth plus luck. So
# the winner has, on average, more luck than the others, and its own inner score promises too much.
# How much? Here every trial is trained once more just as it was, and judges two sets of records:
# its inner ones, and those of fold 0, which no trial has seen. (This is for looking only. Whoever
# chose by it would have one set of unseen records fewer.)

# %%
best = search.best.id
inner, unseen = searched.judged(search, searched.settings(search), whole=here.of(False, True))
promised = pd.Series({row["trial"]: row["score"] for row in logged.rows}).dropna()
held = pd.Series(
    {
        trial: metrics.f1_scores(table["label"], metrics.chosen(table))["F1_NAO"]
        for trial, table in unseen.items()
    }
)
n_inner, n_unseen = len(inner[best]), len(unseen[best])
plots.unseen(logged.rows, held, f"the {n_unseen:,} records of fold 0", synthetic=here.synthetic)

# %%
lead, kept = promised[best] - promised.mean(), held[best] - held.mean()
notebook.say(
    f"On the {n_inner:,} inner records the winner, trial {best}, has {promised[best]:.3f}, "
    f"**{lead:+.3f}** above the mean of all trials. On the {n_unseen:,} unseen records it has "
    f"{held[best]:.3f}, **{kept:+.3f}** above the mean of the same trials there. Of its lead, "
    f"{lead - kept:+.3f} did not hold. There it is number "
    f"{int(held.rank(ascending=False)[best])} of {len(held)}; the rank correlation of the two "
    f"scores over the trials is {promised.corr(held, method='spearman'):.2f}."
)

# %% [markdown]
# Means are taken off because two sets of records are never equally hard; only leads can be
# compared. Choosing on fold 0 itself would have made this invisible: the winner there is the
# maximum again ([notebook 4](04_cross_validation.ipynb), trap 2).
#
# ## Trap 2: differences smaller than the noise
#
# How far apart are the trials, and how far apart would they be if their settings were all the same?
# The experiment's own settings with other seeds give one part of the answer, and resampling the
# inner records gives the other.

# %%
as_it_is = search.trials[0].id
seeds = {
    f"seed {seed}": search.trained(search.trials[0]).set([f"seed={seed}"])
    for seed in range(2, here.of(4, 7))
}
reseeded, _ = searched.judged(search, seeds)
of_seeds = [metrics.f1_scores(t["label"], metrics.chosen(t))["F1_NAO"] for t in reseeded.values()]
low, high = metrics.scores(inner[best])["intervals"]["F1_NAO"]
pd.Series(
    {
        "between trials: SD of their inner NAO": promised.std(),
        f"between {len(seeds)} seeds of the same settings: SD": np.std(of_seeds, ddof=1),
        f"chance of {n_inner:,} inner records: SD of one score": (high - low) / 3.92,
        "the winner's lead over the experiment as it is": promised[best] - promised[as_it_is],
    },
    name="NAO",
).to_frame().style.format("{:.4f}")

# %% [markdown]
# The third is shared: all trials are judged on the *same* records, so much of it cancels in a
# difference. What is left is told by the paired bootstrap
# ([notebook 6](06_compare_runs.ipynb)), here of the winner against the experiment as it is: on the
# inner records, where it was chosen, and on those that no trial saw. A hollow dot may be luck.

# %%
pairs = [
    {**compare.paired({"own": t[as_it_is], words: t[best]}, "own")[0], "name": words}
    for words, t in (("inner, by which it won", inner), ("fold 0, unseen", unseen))
]
plots.differences(
    pairs,
    "the experiment as it is",
    title="The winner's NAO less that of the experiment as it is",
    synthetic=here.synthetic,
)

# %% [markdown]
# The fewer the inner records and the more the trials, the more of a lead is luck. What helps:
# more records for a trial, or `inner_folds=5`, by which every training record judges once and a
# trial costs five times as much; a space of few settings that one has reason to doubt; and a
# measurement of the winner on other records than those by which it won.
#
# ## The winner as an experiment
#
# `ecglab tune --best SEARCH` writes the winner as a file of `experiments/`, which says of itself
# where it comes from. This notebook writes it into a folder of its own, to be looked at.

# %%
path = tuned.write(search, folder=Path(tempfile.mkdtemp()))
print(path.read_text(encoding="utf-8"))

# %% [markdown]
# ## Did it pay?

# %%
(pair,) = [pair for pair in pairs if pair["name"].endswith("unseen")]
spent = logged.parent.data.metrics["training_seconds"]
verdict = (
    "It **won**: on records that no trial saw, the winner is better by more than luck explains."
    if pair["low"] > 0
    else "It **lost**: on records that no trial saw, the winner is worse than what was there."
    if pair["high"] < 0
    else "**No gain can be told from luck.** The experiment as it is stays."
)
itself = "The winner *is* the experiment as it was. " if best == as_it_is else ""
notebook.say(
    f"{len(promised)} trials, {spent:.0f} s of training, bought {pair['difference']:+.3f} NAO "
    f"({pair['low']:+.3f} to {pair['high']:+.3f}) where it counts. {itself}{verdict}"
)

# %% [markdown]
# The trials were small: an excerpt, few rounds, one bag. What wins there need not win in full, so a
# winner is trained like any experiment, on all records and folds, and compared with the one that it
# would replace: `ecglab train rr_trees_tuned`. That has been done once with thirty trials over all
# seven settings, on all records that were at hand. From the tables that are committed with the
# project, of real recordings wherever this notebook runs:

# %%
full = {result.name: result for result in ladder.full(results.all_results())}
plain, winner = (full[name].table for name in ("rr_trees", "rr_trees_tuned"))
in_full = [
    {
        **compare.paired(
            {
                "rr_trees": plain[plain["fold"].isin(scored)],
                words: winner[winner["fold"].isin(scored)],
            },
            "rr_trees",
        )[0],
        "name": words,
    }
    for words, scored in (("all five folds", range(5)), ("fold 0, unseen", [0]))
]
plots.differences(in_full, "rr_trees", title="The winner of a search in full, less rr_trees")

# %%
all_folds, fold_0 = (pair["difference"] for pair in in_full)
nao = {name: result.scores["values"]["F1_NAO"] for name, result in full.items()}
single = max(nao["spectrogram_resnet"], nao["rr_trees"])
notebook.say(
    f"Over all folds the difference is {all_folds:+.3f}. But the search has seen records of four "
    f"of them, and on fold 0, which it has not, it is **{fold_0:+.3f}**. The settings that "
    "somebody guessed were good enough. Elsewhere there was more to gain: pooling a network on "
    f"spectrograms with trees on features gave {nao['network_and_trees'] - single:+.3f} over the "
    "better of the two ([experiments/README.md](../experiments/README.md))."
)

# %% [markdown]
# ## The same for a network
#
# A trial of a network takes minutes, so a search takes a night. Trials are trained for a few epochs
# on an excerpt, and one that is worse than the median of the others at its epoch is stopped early:
#
# ```
# ecglab tune spectrogram_resnet --trials 30 --epochs 8 --records 2000 --limit 8
# ```
#
# In Python, two trials at a time, each worker in a process of its own:
#
# ```python
# launch.tune("spectrogram_resnet", trials=60, epochs=8, records=2000, workers=2)
# ```
#
# It is the same search: the thirty trials of the first command are kept and thirty more are added.
# Whatever is killed, by hand or by a lack of memory, goes on with the same call, from the last
# finished epoch of each trial. With `address`, workers of other machines join. This is its space:

# %%
spaces["spectrogram_resnet"]

# %% [markdown]
# Next: [comparing runs](06_compare_runs.ipynb).
