# %% [markdown]
# # 3. The networks
#
# The waveform goes into a model and the probabilities of the classes come out. Everything between
# (filter, scaling, spectrogram, masks) is a layer of the model, so training, the registered model
# and the exported model compute the same numbers. Which networks are there, what do they cost, and
# how does one learn?

# %%
import pandas as pd

from ecglab import plots
from ecglab.analysis import compare, notebook, study
from ecglab.ecg.prepare import batch
from ecglab.ecg.record import Record
from ecglab.evaluation import metrics
from ecglab.training import experiment
from ecglab.utils import quiet

quiet.load_keras()

from ecglab.layers import augment
from ecglab.training import fit
from ecglab.training.inputs import inputs_of
from ecglab.training.network import Network

setup = notebook.begin()
data, classes = setup.data, setup.data.classes

# %% [markdown]
# ## Seven architectures
#
# - `resnet1d` reads the waveform at 150 Hz: residual blocks of convolutions (He et al.,
#   [doi:10.1109/CVPR.2016.90](https://doi.org/10.1109/CVPR.2016.90)), then mean and maximum over
#   time. The heart's signal lies below 40 Hz, so 150 Hz is enough and halves the cost.
# - `spectrogram_cnn` and `spectrogram_crnn` are the older project's networks with its faults fixed,
#   after Zihlmann et al. ([doi:10.22489/CinC.2017.070-060](https://doi.org/10.22489/CinC.2017.070-060)):
#   blocks of four convolutions on the log spectrogram, then pooling over time, with a recurrent
#   layer before it in the second.
# - `spectrogram_resnet` reads the short-hop spectrogram of notebook 2: frames are time, bins are
#   channels, since a pattern that moves in frequency is another wave and not the same one.
# - `spectrogram_s4d` reads it with state-space layers, which remember over many beats without
#   recurrence (Gu et al., [arXiv:2206.11893](https://arxiv.org/abs/2206.11893)).
# - `fused` joins the branches of `resnet1d` and of `spectrogram_resnet` in one network.
# - `beat_crnn` reads beats: the shape of each, cut out around R, and the intervals beside it.
#
# Their cost on this machine, at the sizes of the experiments of the same names and for records of
# 30 s:

# %%
part = setup.excerpt(200)
names = [
    "resnet1d",
    "spectrogram_cnn",
    "spectrogram_crnn",
    "spectrogram_resnet",
    "spectrogram_s4d",
    "fused",
    "beat_crnn",
]
tried = {name: experiment.load(name) for name in setup.size(names[:1], names)}
cost = pd.DataFrame(
    {name: study.cost(one, part, batches=setup.size(1, 3)) for name, one in tried.items()}
).T
cost.columns = ["parameters", "training, s for 1,000 records", "prediction, s for 1,000 records"]
cost.style.format("{:,.0f}").format("{:.1f}", subset=list(cost.columns[1:]))

# %%
n = 0.8 * (1 - tried["resnet1d"].validation) * len(data)
epoch = cost["training, s for 1,000 records"] * n / 1000
notebook.show(
    f"An epoch of one fold is {n:,.0f} records: "
    + ", ".join(f"{seconds / 60:.1f} min of {name}" for name, seconds in epoch.items())
    + ". All epochs of five folds are "
    + ", ".join(
        f"{5 * tried[name].epochs * seconds / 3600:.1f} h of {name}"
        for name, seconds in epoch.items()
    )
    + ". So try ideas on an excerpt first, or with forests (notebook 2)."
)

# %% [markdown]
# ## What augmentation does to a record
#
# There are few records of fibrillation, and a network of some hundred thousand parameters can
# memorise them. So training changes each record at random, in ways that do not change its label.
# Each way is shown alone here, on twelve seconds of one record; training draws all of them anew
# each time, and crops a random part of a longer record.

# %%
whole = data.record(int((data.labels == "A").argmax()))
record = Record(whole.signal[: round(12 * whole.fs)], whole.fs, id=whole.id)
steps = {
    "as recorded": None,
    "time squeezed or stretched": augment.RandomResampling(1.18),
    "inverted, as by a device held the other way round": augment.RandomPolarity(1.0),
    "drifting gain": augment.RandomAmplitude(1.4),
    "bursts of missing signal": augment.RandomBursts(3, 0.3, fs=record.fs),
    "baseline wander, as by breathing": augment.RandomBaseline(0.3, fs=record.fs),
    "muscle noise": augment.RandomNoise(0.05),
}
drawn = {
    words: study.augmented(record, layer, seed=4) if layer else record
    for words, layer in steps.items()
}
plots.strips(drawn, f"What augmentation does to record {record.id}", 0, simulated=setup.simulated)

# %% [markdown]
# Stretching time slows the heart rate. By more than a fifth, a tachycardia may become a normal
# rate, and the label would be wrong. A crop has the same risk where an "other rhythm" is one
# premature beat outside it, so records are cropped to 30 s and not to 5 s.
#
# ## Train one and watch
#
# A small network on spectrograms of a small excerpt. Its scores will be low; it shows what the
# curves of a training look like. The training loss weights rare classes more and is computed on
# augmented records, so it may be above the validation loss, which is computed on records that
# training does not see.

# %%
small = Network(
    model="spectrogram_resnet",
    data=data.name,
    epochs=setup.size(2, 16),
    batch_size=16,
    validation=0.15,
    crop=20.0,
    network={"widths": (24, 32, 48), "blocks": 1, "units": 0},
)
excerpt = setup.excerpt(800)
model, history, rows = study.train_once(small, excerpt)
plots.learning_curves({0: history}, simulated=setup.simulated)

# %%
probabilities = fit.predict(model, inputs_of(small.model, excerpt), rows, small.batch_size)
table = compare.predictions(excerpt.ids[rows], excerpt.labels[rows], probabilities, classes)
plots.confusion(
    table["label"],
    metrics.predicted(table, classes),
    classes,
    f"A small network after {small.epochs} epochs on {len(excerpt):,} records",
    simulated=setup.simulated,
)

# %%
score = compare.score("small network", table, classes)
notebook.show(
    f"On the {len(rows):,} records of fold 0, which it did not see, challenge F1 is "
    f"{score['value']:.2f} (95 % interval {score['low']:.2f} to {score['high']:.2f}). The interval "
    "is wide because there are so few records. `ecglab leaderboard` shows the scores of the full "
    "networks on all records."
)

# %% [markdown]
# ## Padding does not change the result
#
# Records of a batch are padded to one length. A convolution near the end reads the padding, batch
# normalisation turns its zeros into other values, and its length depends on the other records. So
# every model takes a `mask` beside `signal`, and after every layer that looks along time the part
# outside the mask is set to zero again. Check it:

# %%
row = int(data.lengths.argmin())
alone = batch([data.signal(row)])
padded = batch([data.signal(row)], int(data.lengths.max()))
difference = abs(model.predict_on_batch(alone) - model.predict_on_batch(padded)).max()
notebook.show(
    f"Record {data.ids[row]} of {data.lengths[row] / data.fs:.0f} s, alone and padded to "
    f"{data.lengths.max() / data.fs:.0f} s: the probabilities differ by {difference:.0e} at most."
)

# %% [markdown]
# **What follows.** An experiment is one file of `experiments/`, a frozen configuration like the one
# above. `ecglab train NAME` cross-validates it, logs it and resumes it after an interruption:

# %%
pd.DataFrame(
    {name: experiment.load(name).flat() for name in ("resnet1d", "spectrogram_resnet")}
).fillna("")

# %% [markdown]
# Next: [evaluation](04_cross_validation.ipynb).
