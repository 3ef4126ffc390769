# %% [markdown]
# # 2. How a spectrogram should be cut
#
# A network can read the waveform itself, or a picture of it: power over time and frequency. Whoever
# draws that picture makes choices (the window, the hop, the band, the scale), and each of them
# throws something away for good. Which of them throws away the rhythm?
#
# We look at one choice after the other on the same records, then measure what each is worth.

# %%
import numpy as np
import pandas as pd
from IPython.display import display

from ecglab import plots
from ecglab.analysis import explore, notebook, probe
from ecglab.datasets import folds

here = notebook.begin()
data = here.data

# %%
some = here.excerpt(600)
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
    synthetic=here.synthetic,
)

# %% [markdown]
# With the logarithm P and T waves appear between the complexes. It also makes noise visible where
# the signal is silent, so it is taken of the power plus a small floor, after each record was
# scaled: then the floor means the same in a quiet and in a loud record.
#
# ## The window
#
# The longer the window, the finer the frequencies and the coarser the time: its length times the
# width of a line is about constant.

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
    synthetic=here.synthetic,
)

# %% [markdown]
# At 80 ms a beat is a spike without any structure in frequency. At 1.28 s it is the other way
# round: several beats share a window and their distances, the rhythm, have become stripes. Between
# 0.16 and 0.32 s a beat is one column, and what lies between two beats is still between them.
#
# ## The hop
#
# The window says how much is averaged, the hop how often one looks. An older project cut these
# recordings into windows of 64 samples without overlap: a column every 213 ms. (It asked its
# library for `noverlap=0.5`, meaning a half; the number is in samples, so it got none.)

# %%
OLD = 64 / 300  # seconds, of the older project's window and hop
hops = {
    "hop 20 ms": {"window": 0.32, "hop": 0.02},
    "hop 80 ms": {"window": 0.32, "hop": 0.08},
    "window and hop 213 ms, as in the older project": {"window": OLD, "hop": OLD},
}
plots.spectrograms(
    normal, hops, "A normal record at three hops", seconds=10, synthetic=here.synthetic
)

# %%
plots.spectrograms(
    fibrillation, hops, "Fibrillation at three hops", seconds=10, synthetic=here.synthetic
)

# %% [markdown]
# At 213 ms a beat sits in one column or is split over two, by chance, and now and then falls
# between windows that weigh their ends with nothing and is gone. Even if every beat were found, its
# time is known to a hop only. What does that do to the irregularity, which tells A from N? Put
# each beat on the nearest frame and measure it again.

# %%
grid = {hop: explore.on_frames(some, hop) for hop in (0.0, 0.02, 0.08, OLD)}
irregular = pd.DataFrame(
    {f"{1000 * hop:.0f} ms": t.groupby("label")["irregularity"].median() for hop, t in grid.items()}
).loc[["N", "A", "O"]]
irregular.columns = ["as it is", *irregular.columns[1:]]
display(irregular.style.format("{:.1%}"))
spread = {hop: t[t["label"] == "N"]["irregularity"].quantile(0.9) for hop, t in grid.items()}
notebook.say(
    f"The median change between successive RR intervals, over the mean. Of ten normal records one "
    f"has more than {spread[0.0]:.0%} as it is, {spread[0.08]:.0%} on frames of 80 ms and "
    f"**{spread[OLD]:.0%} on frames of 213 ms**, where a record of fibrillation has "
    f"{irregular.loc['A'].iloc[0]:.0%} in the middle: the grid makes even hearts look uneven."
)

# %% [markdown]
# A network is not a ruler: it sees how the power of a beat is shared by neighbouring columns and
# can tell its time more finely, if the windows overlap. Without overlap that clue is gone too.
#
# ## The band
#
# Where is there anything that tells the classes apart? Means of the log power around R, of many
# records, and under them what differs from N.

# %%
means, time, frequency = explore.mean_spectrograms(data, per_class=here.of(15, 300))
plots.mean_spectrograms(
    means,
    time,
    frequency,
    "Mean log power around R of each class, and its difference from N",
    synthetic=here.synthetic,
)

# %% [markdown]
# Orange at 0.1 to 0.2 s before R, up to about 15 Hz: the P wave that A does not have. Violet
# early and late: power that does not wait for the beat, such as fibrillatory waves and the next
# beat that comes too soon. Little of what differs lies above 40 Hz, while muscle and mains do.
# **The band is 0.5 to 50 Hz at most**, and below 0.5 Hz lies only the baseline.
#
# ## A small measurement
#
# Pictures persuade; numbers decide. A random forest gets nothing but a spectrogram, boiled down to
# the mean and spread of each bin, the autocorrelation of its energy and the distances of its
# peaks. What a setting loses, the forest cannot know. It is scored on the folds that all
# experiments share, by NAO: the mean F1 of N, A and O, by which the challenge ranked.

# %%
part = here.excerpt(1500)
fold = folds.fold_of(part)
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
said = {
    name: probe.out_of_fold(
        np.stack([probe.spectrogram_numbers(part.record(i), **s) for i in range(len(part))]),
        part.labels,
        fold,
    )
    for name, s in settings.items()
}

# %%
scored = pd.DataFrame([{"name": name, **probe.nao(part.labels, p)} for name, p in said.items()])
plots.intervals(
    scored,
    "NAO",
    f"NAO of a forest that sees only a spectrogram, {len(part):,} records",
    synthetic=here.synthetic,
)

# %% [markdown]
# Intervals of single scores overlap although all settings were scored on the same records, so
# compare them pairwise: what is hard for all cancels out.

# %%
base = "window 0.32 s, hop 80 ms, to 50 Hz"
pairs = probe.paired(part.labels, said, base)
plots.differences(
    pairs,
    "window 0.32 s, hop 80 ms",
    title="What another setting changes, 95 % intervals",
    synthetic=here.synthetic,
)

# %%
old = next(p for p in pairs if "older" in p["name"])
clear = [p["name"] for p in pairs if p["low"] > 0 or p["high"] < 0]
notebook.say(
    f"On these {len(part):,} records the older project's cut costs the forest "
    f"**{-old['difference']:.3f}** of NAO ({-old['high']:.3f} to {-old['low']:.3f}). "
    "More than luck: "
    + (", ".join(clear) or "none of them")
    + ". A hollow dot is not an equal: so few records cannot tell. And a forest is a probe, not a "
    "model: that a setting is good for it says that the information is there, and a network may "
    "find more in it, or less."
)

# %% [markdown]
# **What follows.** The frontend of `spectrogram_resnet` has windows of 0.32 s every 80 ms, bins to
# 50 Hz, the logarithm of power after each record was scaled to unit deviation, and its frames are
# layers of the model: what predicts later sees the same numbers. A shorter hop costs time in
# proportion, since a network's work is a sum over frames; a longer one costs beats.
#
# Next: [the networks](03_models.ipynb).
