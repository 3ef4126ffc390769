# %% [markdown]
# # 6. Which run is better, and is it?
#
# Every training is a run in MLflow: its configuration, its data, its curves, its out-of-fold
# predictions, its pictures and its model. This notebook reads them back, puts them side by side,
# and asks the two questions that a table of scores does not answer: is the difference more than
# luck, and which one should judge from now on?

# %%
import pandas as pd
from IPython.display import display

from ecglab import plots
from ecglab.analysis import compare, notebook
from ecglab.evaluation import metrics
from ecglab.reports import leaderboard as ladder
from ecglab.reports import results
from ecglab.tracking import registry
from ecglab.tracking import tracker as tracking
from ecglab.training import experiment

here = notebook.begin()

# %% [markdown]
# ## Something to compare
#
# Three quick experiments on the same records and the same folds: boosted trees on features, the
# same without weights for the rare classes, and with a tenth of the rounds. What was trained
# before is found again, not trained again.

# %%
shared = [
    f"data={here.data.name}",
    f"records={min(len(here.data), here.of(160, 1000))}",
    f"folds={here.of(2, 5)}",
    "bags=1",
]
rounds = here.of(20, 60)
variants = {
    "trees": [f"iterations={rounds}"],
    "no class weights": [f"iterations={rounds}", "class_weight=0"],
    "a tenth of the rounds": [f"iterations={rounds // 10}"],
}
trees = experiment.load("rr_trees")
trained = {
    words: tracking.train("rr_trees", trees.set([*shared, *changes]), fresh=False)
    for words, changes in variants.items()
}

# %% [markdown]
# ## All runs of the store
#
# `ecglab runs` prints this table, and `ecglab ui` opens MLflow's own. Scores of runs on different
# records cannot be compared with each other, so each row says its scope.

# %%
runs = compare.runs()
runs.drop(columns=["id", "folder"]).style.format(precision=3)

# %% [markdown]
# ## Side by side
#
# Here are the three from above. The scores are recomputed from their out-of-fold predictions; the
# bars are 95 % intervals by bootstrap over records.

# %%
tables = {words: run.predictions() for words, run in trained.items()}
plots.ladder(
    {words: metrics.scores(table) for words, table in tables.items()}, synthetic=here.synthetic
)

# %% [markdown]
# The intervals overlap, and that says little: the three judged *the same* records, and most records
# are easy for all of them or hard for all of them. The paired bootstrap scores both runs on each
# resample and keeps the difference, in which what is common cancels out. A hollow dot is a
# difference that may be luck.

# %%
pairs = compare.paired(tables, "trees")
plots.differences(pairs, "trees", synthetic=here.synthetic)

# %% [markdown]
# ## Where they differ
#
# Of the records on which two runs disagree, which one is right more often, and in which class?

# %%
disagree = compare.disagreement(tables["trees"], tables["no class weights"])
disagree

# %% [markdown]
# Without weights a model calls a rare class only when it is nearly sure. That is not worse
# everywhere: it is another balance of precision and recall, and NAO has an opinion on it because it
# counts A as much as N.
#
# ## The experiments that were run in full
#
# What finished runs found on all real recordings is committed as tables, so that anyone can score
# them again, on any machine, without recordings.

# %%
kept = {result.name: result for result in ladder.full(results.all_results())}
plots.ladder({name: result.facts["scores"] for name, result in kept.items()})

# %%
best_name, best = next(iter(kept.items()))
against = compare.paired({name: result.table for name, result in kept.items()}, best_name)
if against:
    display(plots.differences(against, best_name))
else:
    notebook.say(f"{best_name} is the only one so far, so there is nothing to pair it with.")

# %%
facts = best.facts["scores"]["values"]
notebook.say(
    f"**{best_name}** stands first: NAO {facts['F1_NAO']:.3f}, calibration error "
    f"{facts['calibration_error']:.3f}. It was found to be the best on the very records that "
    "scored it, so its own score is a little too good (notebook 4, trap 2), the more so the more "
    "experiments were tried."
)

# %% [markdown]
# ## Which one to promote
#
# The one that judges from now on is the registry's `ecg-rhythm@champion`. Not simply the one with
# the highest score: one whose lead is more than luck, whose probabilities are honest, and that
# costs what one can pay. A model that was trained on synthetic data never takes the place of one
# that saw recordings.

# %%
candidates = pd.DataFrame(
    {
        words: {
            **metrics.scores(table)["values"],
            "training (s)": trained[words].training_seconds,
        }
        for words, table in tables.items()
    }
).T[["F1_NAO", "F1_A", "calibration_error", "training (s)"]]
display(candidates.style.format("{:.3f}"))
choice = compare.promotable(tables, pairs, "trees")
notebook.say(
    f"Of these three it would be **{choice}**: `ecglab promote {trained[choice].name}`. This "
    "notebook does not do it, since it would replace the model that judges on your machine."
)

# %%
card = compare.champion()
notebook.say(
    f"What judges here now: {card['name']}, trained on {card['scope']}, NAO "
    f"{card['scores']['values']['F1_NAO']:.3f} out of fold."
    if card
    else "Nothing judges here yet: `ecglab promote RUN` names a champion "
    f"(`{registry.MODEL}@{registry.CHAMPION}`)."
)

# %% [markdown]
# Next: [the champion on your own recording](07_predict.ipynb).
