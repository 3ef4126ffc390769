# %% [markdown]
# # 1. What is in the recordings
#
# A watch or a hand-held device records one lead for half a minute. The PhysioNet/CinC Challenge of
# 2017 asked for four classes from that alone: **N** normal rhythm, **A** atrial fibrillation, **O**
# other rhythm and **~** noise (Clifford et al.,
# [doi:10.22489/CinC.2017.065-469](https://doi.org/10.22489/CinC.2017.065-469)). Before any model,
# this notebook looks at the records: how many, how long, which heart rates and amplitudes, how
# noisy? What would a cardiologist see, and how certain are the labels?
#
# Every section ends with what follows from it for the design.

# %%
import pandas as pd
from IPython.display import display

from ecglab import plots
from ecglab.analysis import explore, notebook

setup = notebook.begin()
data, classes = setup.data, setup.data.classes

# %% [markdown]
# ## The classes
#
# They are very unevenly filled.

# %%
overview = (
    data.to_frame()
    .groupby("label")
    .agg(
        records=("seconds", "size"),
        shortest=("seconds", "min"),
        median=("seconds", "median"),
        longest=("seconds", "max"),
        hours=("seconds", lambda s: s.sum() / 3600),
    )
    .loc[list(classes)]
)
overview.insert(0, "class", [classes.meanings[label] for label in overview.index])
overview.insert(2, "share", overview["records"] / len(data))
overview.style.format(precision=1).format("{:.1%}", subset="share")

# %%
share = overview["share"]
notebook.show(
    f"A model that predicts N for every record has an accuracy of **{share['N']:.0%}**. Accuracy "
    f"says little here, so the challenge scored F1 per class; notebook 4 shows what "
    f"micro-averaging hides. Atrial fibrillation is {share['A']:.0%} of the records, noise "
    f"{share['~']:.0%}: without class weights a network learns to ignore them. "
    f"Records last from {overview['shortest'].min():.0f} to {overview['longest'].max():.0f} s."
)

# %% [markdown]
# **What follows.** Classes are weighted in training, by the square root of their inverse frequency.
# A model takes records of any length, and padding must not reveal the length, since the length is a
# property of the recording and not of the heart.
#
# ## Ten seconds of each class
#
# Drawn as on clinical paper: 25 mm/s and 10 mm/mV, so a large square is 0.2 s wide and 0.5 mV high.
# The step at the left is the calibration pulse of 1 mV. Each record is the one closest to the
# median of its class in rate, rhythm, P wave, amplitude and noise.

# %%
measures = explore.measures(data)
typical = {label: explore.typical(measures, label)[0] for label in classes}
drawn = {
    f"{x}  {classes.meanings[x]}, record {typical[x]}": data.record(typical[x]) for x in classes
}
plots.strips(drawn, "The most typical record of each class", 5, simulated=setup.simulated)

# %% [markdown]
# A normal beat is a small **P** wave (the atria), the sharp **QRS** complex (the ventricles) and a
# broad **T** wave (their recovery), repeated at nearly even intervals. In fibrillation the atria
# quiver: there is no P wave but an irregular baseline, and the ventricles are driven at random, so
# the intervals between R peaks have no pattern. "Other rhythm" is everything else, from a slow
# heart to premature beats and flutter, so it has no typical look of its own. Noise is what cannot
# be classified.
#
# Few records are typical. Random ones are harder to tell apart:

# %%
drawn = {
    f"{x}  {classes.meanings[x]}, record {i}": data.record(i)
    for x in classes.ranked
    for i in explore.random_records(data, x, 2)
}
plots.strips(drawn, "Two random records of each rhythm", 5, simulated=setup.simulated)

# %% [markdown]
# ## The sign of atrial fibrillation in time: irregular RR intervals
#
# Plot each RR interval against the one before it (a Poincaré plot). A steady rhythm is a spot on
# the diagonal, a slowly varying one an ellipse along it, and premature beats are islands beside it.
# In fibrillation successive intervals are almost independent: a cloud.

# %%
rr = {f"{x}  record {typical[x]}": explore.heartbeats(data.record(typical[x]))[0] for x in classes}
plots.poincare(rr, classes, "Each RR interval against the one before it", simulated=setup.simulated)

# %% [markdown]
# ## The sign in shape: the missing P wave
#
# Align all beats of a record at R and take their median: what belongs to every beat stays, noise
# and fibrillatory waves cancel. A thin line is a record, the thick line is the median of the
# records; the grey band is where the P wave is expected.

# %%
beats, time = explore.median_beats(data, per_class=setup.size(20, 400))
plots.beats(
    beats, time, classes, "The median beat of records of each class", simulated=setup.simulated
)

# %% [markdown]
# The P wave is present in N, absent in A, and weaker in O, which mixes records with and without it.
# Its amplitude is a small fraction of that of R and often below the noise of a single beat: the
# rhythm is the stronger sign, and the P wave decides where the rhythm is regular.
#
# **What follows.** The time between beats must reach the network with little loss (this limits the
# hop of a spectrogram, notebook 2), and so must the part before the QRS.
#
# ## Rate, irregularity, P wave, amplitude and noise of all records
#
# Each curve rises where records of its class lie: the share of records below a value.

# %%
shown = ("rate", "irregularity", "p_wave", "amplitude", "noise")
plots.by_class(
    measures,
    {name: explore.MEASURES[name] for name in shown},
    classes,
    "Heart rate, rhythm, P wave, amplitude and noise of the records of each class",
    log=("irregularity", "amplitude", "noise"),
    simulated=setup.simulated,
)

# %%
median = measures.groupby("label").median(numeric_only=True).loc[list(classes)]
low, high = measures["amplitude"].quantile([0.01, 0.99])
notebook.show(
    f"The RR interval changes from beat to beat by {median.loc['N', 'irregularity']:.1%} (median) "
    f"in normal rhythm and by {median.loc['A', 'irregularity']:.0%} in fibrillation. The two "
    "distributions overlap, so no threshold separates them, and O spreads over both. The median "
    f"R wave of N is {median.loc['N', 'amplitude']:.1f} mV high; 98 of 100 records lie between "
    f"{low:.2f} and {high:.1f} mV. R points down in {1 - measures['upright'].mean():.0%} of the "
    "records: often the device was held the other way round."
)
median[["seconds", *shown]].rename(columns=explore.MEASURES).T.style.format("{:.3g}")

# %% [markdown]
# **What follows.** Each record is scaled by its own standard deviation, since amplitude depends on
# the electrodes and not on the rhythm. Polarity depends on how the device is held, so training
# inverts records at random, or uses a power spectrum, which does not depend on polarity.
#
# ## How certain are the labels?
#
# Experts labelled the recordings, and the organisers published three versions of the labels, each
# correcting the one before. The changed labels are those on which experts disagreed.

# %%
if len(data.label_versions) > 1:
    changes = {
        v: explore.relabelled(data, v) for v in data.label_versions if v != data.label_version
    }
    for version, changed in changes.items():
        notebook.show(
            f"{version} to {data.label_version}: **{len(changed):,}** of {len(data):,} records "
            "changed their label."
        )
    display(
        pd.concat(
            {
                v: pd.crosstab(c[v], c["now"]).reindex(
                    index=list(classes), columns=list(classes), fill_value=0
                )
                for v, c in changes.items()
            },
            names=["from", "label"],
        )
    )
else:
    notebook.show("There is one version of these labels.")

# %% [markdown]
# Some of these records. How would you classify them?

# %%
if len(data.label_versions) > 1:
    disputed = pd.concat([c.assign(version=v, was=c[v]) for v, c in changes.items()])
    disputed = disputed.drop_duplicates(["was", "now"]).head(setup.size(2, 6))
    drawn = {
        f"record {c.record}: {c.was} in {c.version}, now {c.now}": data.record(c.record)
        for c in disputed.itertuples()
    }
    display(plots.strips(drawn, "Records whose label was changed", 5))

# %% [markdown]
# **What follows.** The label version is part of every run, since a perfect model for one version is
# not perfect for another. Uncertain labels limit the score of any model, and the last percents of
# F1 depend on the experts as much as on the recordings.
#
# ## What the data set lacks
#
# - **Patient ids** were never published. Two records of one person may be on both sides of any
#   split.
# - **Other leads, devices and rates.** All records are one lead of one device at 300 Hz.
# - **Duplicates**, in contrast, do occur; they are kept together in every split:

# %%
same = data.to_frame().groupby("sha256")["record"].agg(" and ".join)
repeated = [ids for ids in same if " and " in ids]
notebook.show(f"Records with the same samples: {', '.join(repeated) or 'none among these'}.")

# %% [markdown]
# Next: [how a spectrogram should be cut](02_spectrogram.ipynb).
