# %% [markdown]
# # 2. How a spectrogram should be cut
#
# A network can take the waveform, or its spectrogram: power over time and frequency. A spectrogram
# has settings (window, hop, band, scale), and each of them discards information for good. Which of
# them discards the rhythm?
#
# This notebook looks at one setting after the other on the same records, then measures each.

# %%
import numpy as np
import pandas as pd
from IPython.display import display

from ecglab import plots
from ecglab.analysis import compare, explore, notebook, probe
from ecglab.datasets import splits

setup = notebook.begin()
data, classes = setup.data, setup.data.classes

# %%
some = setup.excerpt(600)
measures = explore.measures(some)
normal = data.record(explore.typical(measures, "N")[0])
fibrillation = data.record(explore.typical(measures, "A")[0])

# %% [markdown]
# ## The logarithm
#
# Power spans many orders of magnitude: a QRS complex is thousands of times stronger than a P
# wave or the quivering of the atria. On a linear scale only the QRS is left.

# %%
plots.spectrograms(
    normal,
    {
        "power": {"linear": True, "hop": 0.02, "padding": 4},
        "logarithm of power": {"hop": 0.02, "padding": 4},
    },
    "A normal record: power, and its logarithm",
    start=5,
    simulated=setup.simulated,
)

# %% [markdown]
# With the logarithm P and T waves appear between the complexes. It also makes noise visible where
# the signal is flat, so a small floor is added to the power first, after each record was scaled:
# then the floor has the same meaning in every record.
#
# ## The window
#
# The longer the window, the finer the frequency resolution and the coarser the time resolution:
# their product is about constant.

# %%
plots.spectrograms(
    fibrillation,
    {
        f"window {1000 * window:.0f} ms, lines {1 / window:.1f} Hz apart": {
            "window": window,
            "hop": 0.02,
            "padding": 4,
        }
        for window in (0.08, 0.16, 0.32, 1.28)
    },
    "A record of atrial fibrillation through windows of different length",
    start=5,
    simulated=setup.simulated,
)

# %% [markdown]
# At 80 ms a beat is a spike without structure in frequency. At 1.28 s several beats share a window,
# and the rhythm appears as stripes in frequency. Between 0.16 and 0.32 s a beat is one column, and
# the signal between two beats stays separate.
#
# ## The hop
#
# The window sets how much is averaged, the hop how often. An older project cut these recordings
# into windows of 64 samples without overlap: a column every 213 ms. (It passed `noverlap=0.5`
# for an overlap of a half, but the unit is samples, so there was none.)

# %%
OLD = 64 / 300  # seconds, of the older project's window and hop
hops = {
    "hop 20 ms": {"window": 0.32, "hop": 0.02},
    "hop 80 ms": {"window": 0.32, "hop": 0.08},
    "window and hop 213 ms, as in the older project": {"window": OLD, "hop": OLD},
}
plots.spectrograms(
    normal, hops, "A normal record at three hops", start=5, simulated=setup.simulated
)

# %%
plots.spectrograms(
    fibrillation, hops, "Fibrillation at three hops", start=5, simulated=setup.simulated
)

# %% [markdown]
# At 213 ms a beat is in one column or split over two by chance, and a beat between two windows
# almost vanishes, since a window's weights fall to zero at its ends. Even if every beat were found,
# its time is known to one hop only. What does that do to the irregularity, which separates A from
# N? Move each beat to the nearest frame and measure again.

# %%
grid = {hop: explore.irregularity_on_frames(some, hop) for hop in (0.0, 0.02, 0.08, OLD)}
irregular = pd.DataFrame(
    {f"{1000 * hop:.0f} ms": t.groupby("label")["irregularity"].median() for hop, t in grid.items()}
).loc[["N", "A", "O"]]
irregular.columns = ["exact", *irregular.columns[1:]]
display(irregular.style.format("{:.1%}"))
spread = {hop: t[t["label"] == "N"]["irregularity"].quantile(0.9) for hop, t in grid.items()}
notebook.show(
    f"The median change between successive RR intervals, over the mean. One in ten normal records "
    f"has more than {spread[0.0]:.0%} with exact beats, {spread[0.08]:.0%} on frames of 80 ms and "
    f"**{spread[OLD]:.0%} on frames of 213 ms**; the median of fibrillation is "
    f"{irregular.loc['A'].iloc[0]:.0%}. The frames make regular rhythms look irregular."
)

# %% [markdown]
# A network can do better than the nearest frame: if windows overlap, the ratio of a beat's power in
# neighbouring columns gives its time more finely. Without overlap this information is lost too.
#
# ## The band
#
# At which frequencies do the classes differ? Mean log power around R of many records, and below it
# the difference from N.

# %%
means, time, frequency = explore.mean_spectrograms(data, per_class=setup.size(15, 300))
plots.mean_spectrograms(
    means,
    time,
    frequency,
    classes,
    "Mean log power around R of each class, and its difference from N",
    simulated=setup.simulated,
)

# %% [markdown]
# Orange at 0.1 to 0.2 s before R, up to about 15 Hz: the P wave, which A lacks. Violet early and
# late: power at other times than the beat, such as fibrillatory waves and an early next beat. The
# classes differ little above 40 Hz, where muscle noise and mains hum are. **The band is 0.5 to
# 50 Hz at most**; below 0.5 Hz is the baseline only.
#
# ## A small measurement
#
# A random forest gets a summary of the spectrogram: the mean and spread of each bin, the
# autocorrelation of its energy and the distances between its peaks. Information that a setting
# loses is lost to the forest. It is scored on the folds of the data set by challenge F1, the mean
# F1 of N, A and O, by which the challenge ranked.

# %%
part = setup.excerpt(1500)
fold = splits.folds(part)
settings = {
    "window 0.32 s, hop 20 ms, to 50 Hz": {"window": 0.32, "hop": 0.02, "band": (0, 50)},
    "window 0.32 s, hop 80 ms, to 50 Hz": {"window": 0.32, "hop": 0.08, "band": (0, 50)},
    "window 0.32 s, hop 80 ms, no logarithm": {
        "window": 0.32,
        "hop": 0.08,
        "band": (0, 50),
        "linear": True,
    },
    "window 0.32 s, hop 80 ms, to 20 Hz": {"window": 0.32, "hop": 0.08, "band": (0, 20)},
    "window 0.16 s, hop 80 ms": {"window": 0.16, "hop": 0.08, "band": (0, 50)},
    "window 1.28 s, hop 80 ms": {"window": 1.28, "hop": 0.08, "band": (0, 50)},
    "window and hop 213 ms (older project)": {"window": OLD, "hop": OLD, "band": (0, 50)},
}
tables = {
    name: probe.out_of_fold(
        np.stack([probe.spectrogram_numbers(part.record(i), **s) for i in range(len(part))]),
        part.labels,
        fold,
        classes,
    )
    for name, s in settings.items()
}

# %%
plots.intervals(
    [compare.score(name, table, classes) for name, table in tables.items()],
    title=f"Challenge F1 of a forest on spectrograms, {len(part):,} records",
    simulated=setup.simulated,
)

# %% [markdown]
# The intervals overlap although all settings were scored on the same records. A paired comparison
# is more precise, since what is hard for all settings cancels.

# %%
base = "window 0.32 s, hop 80 ms, to 50 Hz"
pairs = compare.paired(tables, base, classes)
plots.differences(
    pairs,
    "window 0.32 s, hop 80 ms",
    title="Challenge F1 of other settings minus this one, 95 % intervals",
    simulated=setup.simulated,
)

# %%
old = next(p for p in pairs if "older" in p["name"])
clear = [p["name"] for p in pairs if p["low"] > 0 or p["high"] < 0]
notebook.show(
    f"On these {len(part):,} records the older project's setting costs the forest "
    f"**{-old['difference']:.3f}** of challenge F1 ({-old['high']:.3f} to {-old['low']:.3f}). "
    "Clear differences: "
    + (", ".join(clear) or "none")
    + ". A hollow dot does not mean that two settings are equal, only that so few records do not "
    "separate them. A forest is a probe and not a model: it shows that the information is there; a "
    "network may use more of it, or less."
)

# %% [markdown]
# **What follows.** `spectrogram_resnet` uses windows of 0.32 s every 80 ms, bins up to 50 Hz, and
# the logarithm of the power of records scaled to unit standard deviation. The spectrogram is a
# layer of the model, so prediction computes the same numbers. A shorter hop costs time in
# proportion, since the work of a network grows with the frames; a longer one loses beats.
#
# Next: [the networks](03_models.ipynb).
