# %% [markdown]
# # 1. What is in the recordings
#
# A watch or a hand-held device records one lead for half a minute. From that alone we want to tell
# **N** normal rhythm, **A** atrial fibrillation, **O** another rhythm and **~** noise, as the
# PhysioNet/CinC Challenge of 2017 asked (Clifford et al.,
# [doi:10.22489/CinC.2017.065-469](https://doi.org/10.22489/CinC.2017.065-469)). Before any model we
# look: how many records are there, how long, how fast, how large, which way up, how noisy? What
# would a cardiologist see, and how sure were those who labelled them?
#
# Every section ends with what follows from it for the design.

# %%
import pandas as pd
from IPython.display import display

from ecglab import plots
from ecglab.analysis import explore, notebook
from ecglab.datasets import cinc2017
from ecglab.ecg.record import LABEL_NAMES, LABELS

here = notebook.begin()
data = here.data

# %% [markdown]
# ## How much of what
#
# Four classes, and very unevenly filled.

# %%
classes = (
    data.table()
    .groupby("label")
    .agg(
        records=("seconds", "size"),
        shortest=("seconds", "min"),
        median=("seconds", "median"),
        longest=("seconds", "max"),
        hours=("seconds", lambda s: s.sum() / 3600),
    )
    .loc[list(LABELS)]
)
classes.insert(0, "class", [LABEL_NAMES[label] for label in classes.index])
classes.insert(2, "share", classes["records"] / len(data))
classes.style.format(precision=1).format("{:.1%}", subset="share")

# %%
share = classes["share"]
notebook.say(
    f"Whoever calls every record normal is right in **{share['N']:.0%}** of them. So the share of "
    f"right answers says little, and the challenge scored by F1 of each class instead; "
    f"notebook 4 shows what micro-averaging hides. Atrial fibrillation is {share['A']:.0%} of the "
    f"records, noise {share['~']:.0%}: a network that is not told so learns to ignore them. "
    f"Lengths run from {classes['shortest'].min():.0f} to {classes['longest'].max():.0f} s."
)

# %% [markdown]
# **What follows.** Classes are weighted in training, by the square root of their inverse frequency.
# A model takes records of any length, and padding must not tell it the length, since the length is
# not the heart's.
#
# ## Ten seconds of each class
#
# On paper as in the clinic: 25 mm are a second and 10 mm are a millivolt, so a major square is
# 0.2 s wide and 0.5 mV high. The step at the left is the pulse of 1 mV. Of each class we take the
# record nearest to the middle of its class in rate, rhythm, P wave, height and noise.

# %%
measures = explore.measures(data)
typical = {label: explore.typical(measures, label)[0] for label in LABELS}
drawn = {f"{x}  {LABEL_NAMES[x]}, record {typical[x]}": data.record(typical[x]) for x in LABELS}
plots.strips(drawn, "The most typical record of each class", 5, synthetic=here.synthetic)

# %% [markdown]
# A normal beat is a small **P** wave (the atria), the sharp **QRS** complex (the ventricles) and a
# broad **T** wave (their recovery), again and again at nearly even distances. In fibrillation the
# atria quiver: there is no P wave, only a restless line, and the ventricles are driven at random,
# so the distances between R peaks have no pattern. "Other rhythm" is everything else, from a
# slow heart to premature beats and flutter, which makes it the class without a face. Noise is
# what nobody would judge.
#
# Few records are typical. Drawn by lot, the classes are harder to tell apart:

# %%
lot = {
    f"{x}  {LABEL_NAMES[x]}, record {i}": data.record(i)
    for x in ("N", "A", "O")
    for i in explore.by_lot(data, x, 2)
}
plots.strips(lot, "Two records of each rhythm, drawn by lot", 5, synthetic=here.synthetic)

# %% [markdown]
# ## What makes atrial fibrillation what it is: time
#
# Plot each RR interval against the one before it (a Poincaré plot). A steady heart is a spot on the
# diagonal, a slowly varying one a cigar along it, premature beats are islands beside it. A heart
# in fibrillation has no memory: a cloud.

# %%
rr = {f"{x}  record {typical[x]}": explore.heart(data.record(typical[x]))[0] for x in LABELS}
plots.poincare(rr, "Each RR interval against the one before it", synthetic=here.synthetic)

# %% [markdown]
# ## ... and the missing P wave
#
# Put all beats of a record over each other at R and take their median: whatever belongs to every
# beat stays, noise and quivering cancel. A thin line is a record, the thick one is the median of
# the records; the grey band is where the P wave belongs.

# %%
templates, time = explore.templates(data, per_class=here.of(20, 400))
plots.beats(templates, time, "The average beat of records of each class", synthetic=here.synthetic)

# %% [markdown]
# The bump before the QRS is there in N, gone in A, and half there in O, which mixes hearts with and
# without it. It is a small fraction of an R wave high and often below the noise of a single beat:
# rhythm is the louder sign, the P wave the decisive one where the rhythm is regular.
#
# **What follows.** The time between beats must reach the network with little loss (a spectrogram's
# hop!, notebook 2), and it must look at the stretch before the QRS finely enough.
#
# ## Rates, irregularity, size and noise, of all records
#
# Each curve rises where records of its class lie: the share of records below a value.

# %%
shown = ("rate", "irregularity", "p_wave", "amplitude", "noise")
plots.by_class(
    measures,
    {name: explore.MEASURES[name] for name in shown},
    "Heart rate, rhythm, P wave, size and noise of the records of each class",
    log=("irregularity", "amplitude", "noise"),
    synthetic=here.synthetic,
)

# %%
median = measures.groupby("label").median(numeric_only=True).loc[list(LABELS)]
low, high = measures["amplitude"].quantile([0.01, 0.99])
notebook.say(
    f"From one beat to the next a normal heart changes its RR interval by "
    f"{median.loc['N', 'irregularity']:.1%} (median), one in fibrillation by "
    f"{median.loc['A', 'irregularity']:.0%}. Where the two curves cross there is no threshold "
    "that divides them, and O spreads over both. R waves are "
    f"{median.loc['N', 'amplitude']:.1f} mV high in the middle, and from {low:.2f} to "
    f"{high:.1f} mV in 98 of 100 records. R points down in {1 - measures['upright'].mean():.0%} of "
    f"them: often "
    "the device was held the other way round."
)
median.style.format(precision=3)

# %% [markdown]
# **What follows.** Each record is scaled by its own standard deviation: amplitude is the
# electrode's, not the rhythm's. Polarity is the holder's hand, so training turns records upside
# down at random, or uses a power spectrum, which does not see polarity at all.
#
# ## How sure were the labels?
#
# Experts labelled the recordings, and the organisers published three versions of their labels,
# each correcting the one before. What a correction touched is where people disagreed.

# %%
if len(data.label_versions) > 1:
    changes = {
        v: explore.relabelled(data, v) for v in data.label_versions if v != data.label_version
    }
    for version, changed in changes.items():
        notebook.say(
            f"{version} to {data.label_version}: **{len(changed):,}** of {len(data):,} records "
            "have another label."
        )
    display(
        pd.concat(
            {v: pd.crosstab(c[v], c["now"]) for v, c in changes.items() if len(c)},
            names=["from", "label"],
        )
        .fillna(0)
        .astype(int)
    )
else:
    notebook.say("The simulator made these records as what they are: nothing is disputed.")

# %% [markdown]
# Some of them, drawn. Judge for yourself before you read what they became.

# %%
if len(data.label_versions) > 1:
    disputed = pd.concat([c.assign(version=v, was=c[v]) for v, c in changes.items()])
    disputed = disputed.drop_duplicates(["was", "now"]).head(here.of(2, 6))
    drawn = {
        f"record {c.record}: {c.was} in {c.version}, now {c.now}": data.record(c.record)
        for c in disputed.itertuples()
    }
    display(plots.strips(drawn, "Records whose label was changed", 5))

# %% [markdown]
# **What follows.** The version of the labels is part of every run's description, since a perfect
# student of one version would not be perfect by another. No model can be better than its labels are
# sure, and the last percents of F1 are as much about the labellers as about the heart.
#
# ## What is not there
#
# - **Patients.** Their ids were never published. Two records of one person may lie on both sides of
#   any split, and nobody outside can prevent it.
# - **Other leads, other devices, other rates.** All records are one lead of one device at 300 Hz.
# - **Duplicates**, on the other hand, are there, and are kept together in every split:

# %%
twins = ", ".join(" = ".join(pair) for pair in cinc2017.DUPLICATES)
notebook.say(f"The published data set holds the same samples twice in {twins}.")

# %% [markdown]
# Next: [how a spectrogram should be cut](02_spectrogram.ipynb).
