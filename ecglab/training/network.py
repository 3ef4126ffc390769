"""An experiment whose folds are neural networks, trained by `ecglab.training.fit`."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

import numpy as np

from ecglab import models
from ecglab.datasets.dataset import one_hot
from ecglab.ecg.record import LABELS
from ecglab.training.experiment import Experiment, Fold, Judge, unknown
from ecglab.training.run_folder import RunFolder
from ecglab.utils import quiet
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import write_json


@dataclass(frozen=True, kw_only=True)
class Network(Experiment):
    """A network of `ecglab.models`, what it is fed and how it is trained, beside `Experiment`.

    model: name of a file of `ecglab/models`; network: parameters of its `network`
    augment: parameters of `ecglab.layers.augment.augment`
    choose: "last" keeps the last epoch, "best" the one with the best mean F1 over N, A, O on the
        inner records
    epochs, batch_size, learning_rate (of AdamW, cosine decay), warmup (share of the steps),
    weight_decay, label_smoothing
    class_weight: power of the inverse class frequency by which a record counts; 0 for none
    focal: power of the focal loss, by which what is judged rightly counts less (Lin et al. 2017,
        arXiv:1708.02002); 0 for cross-entropy
    ema: decay a step of the exponential average of the weights that is kept in the end; 0 for the
        weights themselves
    teacher, trust: a committee, and the share of a record's target that is the committee's opinion
        of it, of the one that did not see it; the rest is the label
    seed: of weights, order, dropout and augmentation
    """

    model: str
    choose: str = "last"
    epochs: int = 40
    batch_size: int = 64
    learning_rate: float = 2e-3
    warmup: float = 0.05
    weight_decay: float = 1e-3
    label_smoothing: float = 0.08
    class_weight: float = 0.5
    focal: float = 0.0
    ema: float = 0.0
    teacher: str = ""
    trust: float = 0.0
    network: Mapping = field(default_factory=dict)
    augment: Mapping = field(default_factory=dict)

    kind: ClassVar[str] = "network"
    fixed: ClassVar[tuple[str, ...]] = ("model",)

    def __post_init__(self):
        super().__post_init__()
        layers = Path(models.__file__).parent.with_name("layers")
        defaults = {
            "network": models.parameters(self.model),
            "augment": models.keywords(layers / "augment.py", "augment"),
        }
        for group, known in defaults.items():
            given = getattr(self, group)
            for key in given:
                if key not in known:
                    raise EcglabError(unknown(f"{group}.{key}", [f"{group}.{k}" for k in known]))
            object.__setattr__(self, group, MappingProxyType({**known, **given}))
        self.check(
            ("choose", self.choose in ("best", "last"), "'best' or 'last'"),
            ("epochs", self.epochs >= 1, "at least 1"),
            ("batch_size", self.batch_size >= 1, "at least 1"),
            ("learning_rate", 0 < self.learning_rate <= 1, "above 0 and at most 1"),
            ("warmup", 0 <= self.warmup < 1, "at least 0 and below 1"),
            ("weight_decay", self.weight_decay >= 0, "at least 0"),
            ("label_smoothing", 0 <= self.label_smoothing < 1, "at least 0 and below 1"),
            ("class_weight", self.class_weight >= 0, "at least 0"),
            ("focal", self.focal >= 0, "at least 0"),
            ("ema", 0 <= self.ema < 1, "at least 0 and below 1"),
            ("ema", not self.ema or self.choose == "last", "0 where choose=best"),
            ("trust", 0 <= self.trust < 1, "at least 0 and below 1"),
        )
        if bool(self.teacher) != (self.trust > 0):
            raise EcglabError("a teacher is trusted: set teacher and trust above 0, or neither")
        if self.choose == "best" and self.inner == 0:
            raise EcglabError("choose=best needs inner records to choose on: set inner above 0")

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.teacher,) if self.teacher else ()

    def environment(self) -> dict[str, str]:
        """Keras's backend and the devices that it found."""
        quiet.load_keras()
        import keras

        return {
            "backend": keras.backend.backend(),
            "device": ", ".join(keras.distribution.list_devices()),
        }

    def train_fold(self, fold: Fold) -> Judge:
        """Train the fold's network, with a bar and a line an epoch; keeps it as `model.keras`."""
        from tqdm import tqdm

        quiet.load_keras()
        from ecglab.training import fit as training

        with tqdm(disable=not sys.stderr.isatty(), leave=False, unit="batch") as bar:

            def on_batch(epoch, batch, batches):
                bar.set_description(f"fold {fold.k} epoch {epoch}/{self.epochs}", refresh=False)
                bar.total, bar.n = batches, batch
                bar.refresh()

            def on_resume(history):
                write_json(fold.folder / "history.json", history)
                done = len(history)
                fold.say(f"fold {fold.k}: going on after epoch {done} of {self.epochs}")

            def on_epoch(history):
                write_json(fold.folder / "history.json", history)
                bar.clear()
                fold.say(_line(fold.k, history[-1], self.epochs))
                fold.changed()

            model = training.train(
                self,
                fold.data,
                fold.rows,
                fold.inner,
                fold.folder,
                targets=self._targets(fold),
                seed=self.seed * 1000 + fold.k,
                on_resume=on_resume,
                on_epoch=on_epoch,
                on_batch=on_batch,
            )
        partial = fold.folder / "model.partial.keras"
        model.save(partial, include_optimizer=False)
        os.replace(partial, fold.folder / "model.keras")
        return lambda rows: training.predict(model, fold.data, rows, self.batch_size)

    def _targets(self, fold: Fold) -> np.ndarray:
        """What the network is to say of each record of the data, (n_records, 4)."""
        targets = one_hot(fold.data.labels)
        if self.teacher:
            [teacher] = RunFolder(fold.folder.parent).members
            said = teacher.table(fold.k, "training").set_index("record")
            opinions = said.loc[fold.data.ids[fold.rows], list(LABELS)].to_numpy(np.float32)
            targets[fold.rows] += self.trust * (opinions - targets[fold.rows])
        return targets


def _line(k: int, entry: dict, epochs: int) -> str:
    inner = entry.get("inner_F1_NAO")
    chosen = "" if inner is None else f", inner NAO {inner:.3f}"
    return (
        f"fold {k} epoch {entry['epoch']}/{epochs}: loss {entry['loss']:.4f}{chosen}, "
        f"{entry['seconds']:.1f} s"
    )
