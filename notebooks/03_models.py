# %% [markdown]
# # 3. The networks
#
# The waveform goes into a model and the probabilities of N, A, O and ~ come out. Whatever happens
# between (filter, scaling, spectrogram, masks) is a layer of the model, so that training, the
# registered model and the exported one see the same numbers, and nothing has to be repeated by
# whoever predicts. Which networks are there, what do they cost, and how does one learn?

# %%
import pandas as pd

from ecglab import plots
from ecglab.analysis import notebook, probe, study
from ecglab.ecg.record import LABELS, Record
from ecglab.training import experiment
from ecglab.utils import quiet

quiet.load_keras()

from ecglab.layers import augment
from ecglab.training import fit as training
from ecglab.training.network import Network

here = notebook.begin()
data = here.data

# %% [markdown]
# ## Five architectures
#
# - `resnet1d` reads the waveform at 150 Hz: residual blocks of convolutions (He et al.,
#   [doi:10.1109/CVPR.2016.90](https://doi.org/10.1109/CVPR.2016.90)), then mean and maximum over
#   time. The heart's signal lies below 40 Hz, so 150 Hz is enough and halves the cost.
# - `spectrogram_cnn` and `spectrogram_crnn` are the older project's networks done rightly, after
#   Zihlmann et al. ([doi:10.22489/CinC.2017.070-060](https://doi.org/10.22489/CinC.2017.070-060)):
#   blocks of four convolutions on the log spectrogram, then an average or a recurrent layer.
# - `spectrogram_resnet` reads the short-hop spectrogram of notebook 2: frames are time, bins are
#   channels, since a pattern that moves in frequency is another wave and not the same one.
# - `fused` has the branches of `resnet1d` and of `spectrogram_resnet`, and one decision.
#
# Here is what they cost on this machine, now, at the sizes that the experiments of the same names
# give them: the numbers are for records of 30 s.

# %%
part = here.excerpt(200)
names = ["resnet1d", "spectrogram_cnn", "spectrogram_crnn", "spectrogram_resnet", "fused"]
tried = {name: experiment.load(name) for name in here.of(names[:1], names)}
cost = pd.DataFrame(
    {name: study.cost(one, part, batches=here.of(1, 3)) for name, one in tried.items()}
).T
cost.columns = ["parameters", "training, s for 1,000 records", "judging, s for 1,000 records"]
cost.style.format("{:,.0f}").format("{:.1f}", subset=list(cost.columns[1:]))

# %%
n = 0.8 * (1 - tried["resnet1d"].inner) * len(data)
epoch = cost["training, s for 1,000 records"] * n / 1000
notebook.say(
    f"An epoch of one fold is {n:,.0f} records: "
    + ", ".join(f"{seconds / 60:.1f} min of {name}" for name, seconds in epoch.items())
    + ". All epochs of five folds are "
    + ", ".join(
        f"{5 * tried[name].epochs * seconds / 3600:.1f} h of {name}"
        for name, seconds in epoch.items()
    )
    + ". So ideas are first tried on an excerpt, or probed with forests (notebook 2)."
)

# %% [markdown]
# ## What augmentation does to a record
#
# There are few records of fibrillation, and a network of some hundred thousand parameters can learn
# them by heart. Each time it sees a record, the record is changed in ways that leave the rhythm's
# name as it is. Here is each way alone, on twelve seconds of one record; training draws all of them
# anew each time, and cuts out a piece from anywhere in a longer record.

# %%
whole = data.record(int((data.labels == "A").argmax()))
record = Record(whole.signal[: round(12 * whole.fs)], whole.fs, id=whole.id)
steps = {
    "as recorded": None,
    "time squeezed or stretched": augment.RandomResampling(1.18),
    "upside down, the device turned": augment.RandomPolarity(1.0),
    "a gain that drifts": augment.RandomAmplitude(1.4),
    "bursts of lost signal": augment.RandomBursts(3, 0.3),
    "the baseline wanders with the breath": augment.RandomBaseline(0.3),
    "noise of muscles": augment.RandomNoise(0.05),
}
drawn = {
    words: study.augmented(record, layer, seed=4) if layer else record
    for words, layer in steps.items()
}
plots.strips(drawn, f"What augmentation does to record {record.id}", 0, synthetic=here.synthetic)

# %% [markdown]
# Stretching time makes a slower heart, up to a point: more than a fifth and a tachycardia is none
# any more, and the label would lie. A crop does the same damage where an "other rhythm" is one
# premature beat that falls outside it, which is why records are cropped to 30 s and not to five.
#
# ## One trained while you watch
#
# A small network on the spectrogram of a small excerpt. It will not be good; it shows how the
# curves of a healthy training look. The training loss counts rare classes more and is of augmented
# records, so it may lie above the inner loss, which is of records that training never sees.

# %%
small = Network(
    model="spectrogram_resnet",
    data=data.name,
    epochs=here.of(2, 16),
    batch_size=16,
    inner=0.15,
    network={"widths": (24, 32, 48), "blocks": 1, "units": 0},
    augment={"crop": 20.0},
)
excerpt = here.excerpt(800)
model, history, unseen = study.watched(small, excerpt)
plots.learning_curves({0: history}, synthetic=here.synthetic)

# %%
said = training.predict(model, excerpt, unseen, 16)
score = probe.nao(excerpt.labels[unseen], said)
plots.confusion(
    excerpt.labels[unseen],
    [LABELS[i] for i in said.argmax(axis=1)],
    f"A small network after {small.epochs} epochs on {len(excerpt):,} records",
    synthetic=here.synthetic,
)

# %%
notebook.say(
    f"On the {len(unseen):,} records of fold 0, which it never saw, NAO is {score['value']:.2f} "
    f"({score['low']:.2f} to {score['high']:.2f}). The interval is what the choice of so few "
    "records does to the score. [experiments/README.md](../experiments/README.md) has what the "
    "full networks reach on all records."
)

# %% [markdown]
# ## What makes a record's result its own
#
# Records are padded to be judged together. A convolution near the end looks into the padding, a
# batch norm makes zeros into something else, and the length of the padding says how long the
# neighbours are. So every model takes `valid` beside `signal`, and a mask zeroes again what lies
# beyond the record after every layer that looks sideways. Does it hold?

# %%
row = [int(data.lengths.argmin())]
alone = training.padded(data, row, int(data.lengths[row[0]]))
padded = training.padded(data, row, int(data.lengths.max()))
difference = abs(model.predict_on_batch(alone) - model.predict_on_batch(padded)).max()
notebook.say(
    f"Record {data.ids[row[0]]} of {data.lengths[row[0]] / data.fs:.0f} s, alone and padded to "
    f"{data.lengths.max() / data.fs:.0f} s: the probabilities differ by {difference:.0e} at most."
)

# %% [markdown]
# **What follows.** An experiment is one file of `experiments/`, a frozen configuration like the one
# above; `ecglab train NAME` cross-validates it, logs it and goes on where it was stopped:

# %%
pd.DataFrame(
    {name: experiment.load(name).flat() for name in ("resnet1d", "spectrogram_resnet")}
).fillna("")

# %% [markdown]
# Next: [how to measure without fooling oneself](04_cross_validation.ipynb).
