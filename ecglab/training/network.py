"""An experiment whose folds are neural networks, trained by `ecglab.training.fit`."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar

import numpy as np

from ecglab import models
from ecglab.datasets.dataset import Dataset
from ecglab.training.experiment import Experiment, Fold, Predict
from ecglab.training.inputs import inputs_of
from ecglab.training.run_folder import RunFolder
from ecglab.utils import progress, quiet
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import write_json
from ecglab.utils.settings import Settings, meanings


@dataclass(frozen=True, kw_only=True)
class Network(Experiment):
    """A network of `ecglab.models`, its input and its training, beside `Experiment`.

    model: name of a file of `ecglab/models`; network: its hyperparameters
    crop: length in s of the random window of each record that an epoch trains on; 0 for whole
        records. Predictions are always of whole records
    augment: settings of `ecglab.models.Augment`
    checkpoint: "last" keeps the last epoch, "best" the one with the best challenge F1 on the
        validation records
    pretrain: epochs of pretraining without labels, see `ecglab.training.pretraining`; 0 for none
    epochs: passes through the training records; batch_size: records in a step
    learning_rate: highest rate of AdamW, reached after the warm-up; it falls as a cosine from there
    warmup: share of the steps in which the learning rate rises
    weight_decay: weight decay of AdamW
    label_smoothing: share of each target that is spread evenly over the classes
    class_weight: power of the inverse class frequency by which a record counts; 0 for none
    focal: power of the focal loss, in which well classified records count less (Lin et al. 2017,
        arXiv:1708.02002); 0 for cross-entropy
    ema: decay per step of the exponential moving average of the weights, which is kept in the end;
        0 for the weights themselves
    teacher: name of a committee whose predictions are a part of each target, by the model that was
        trained without the record
    teacher_weight: share of each target that is the teacher's prediction; the rest is the label
    seed: seed of weights, order, windows, dropout and augmentation
    """

    model: str
    checkpoint: str = "last"
    pretrain: int = 0
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
    teacher_weight: float = 0.0
    crop: float = 30.0
    network: Mapping = field(default_factory=dict)
    augment: Mapping = field(default_factory=dict)

    kind: ClassVar[str] = "network"
    fixed: ClassVar[tuple[str, ...]] = ("model",)

    def __post_init__(self) -> None:
        super().__post_init__()
        for group, settings in self._groups().items():
            chosen = settings.read(group, getattr(self, group)).as_dict()
            object.__setattr__(self, group, MappingProxyType(chosen))
        self.check(
            ("checkpoint", self.checkpoint in ("best", "last"), "'best' or 'last'"),
            ("pretrain", self.pretrain >= 0, "at least 0"),
            ("epochs", self.epochs >= 1, "at least 1"),
            ("batch_size", self.batch_size >= 1, "at least 1"),
            ("learning_rate", 0 < self.learning_rate <= 1, "above 0 and at most 1"),
            ("warmup", 0 <= self.warmup < 1, "at least 0 and below 1"),
            ("weight_decay", self.weight_decay >= 0, "at least 0"),
            ("label_smoothing", 0 <= self.label_smoothing < 1, "at least 0 and below 1"),
            ("class_weight", self.class_weight >= 0, "at least 0"),
            ("focal", self.focal >= 0, "at least 0"),
            ("ema", 0 <= self.ema < 1, "at least 0 and below 1"),
            ("ema", not self.ema or self.checkpoint == "last", "0 where checkpoint=best"),
            ("teacher_weight", 0 <= self.teacher_weight < 1, "at least 0 and below 1"),
            ("crop", self.crop == 0 or self.crop >= 5, "at least 5 (s), or 0 for whole records"),
        )
        if bool(self.teacher) != (self.teacher_weight > 0):
            raise EcglabError("set both teacher and teacher_weight (above 0), or neither")
        if self.checkpoint == "best" and self.validation == 0:
            raise EcglabError(
                "checkpoint=best needs validation records to select on: set validation above 0"
            )

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.teacher,) if self.teacher else ()

    def _groups(self) -> dict[str, type[Settings]]:
        """The dataclass of each group of keys."""
        return {"network": models.hyperparameters(self.model), "augment": models.Augment}

    def meanings(self) -> dict[str, str]:
        found = super().meanings()
        for group, settings in self._groups().items():
            found |= {f"{group}.{key}": text for key, text in meanings(settings).items()}
        return found

    def environment(self) -> dict[str, str]:
        """Keras's backend and the devices that it found."""
        quiet.load_keras()
        import keras

        return {
            "backend": keras.backend.backend(),
            "device": ", ".join(keras.distribution.list_devices()),
        }

    def prepare(self, data: Dataset, message: Callable[[str], None]) -> None:
        inputs_of(self.model, data, message)

    def train_fold(self, fold: Fold) -> Predict:
        """Train the network of the fold, with a line per epoch; it is kept as `model.keras`."""
        from tqdm import tqdm

        quiet.load_keras()
        from ecglab.training import fit

        inputs = inputs_of(self.model, fold.data)
        with tqdm(disable=not sys.stderr.isatty(), leave=False, unit="batch") as bar:

            def on_batch(epoch: int, batch: int, batches: int) -> None:
                bar.set_description(f"fold {fold.k} epoch {epoch}/{self.epochs}", refresh=False)
                bar.total, bar.n = batches, batch
                bar.refresh()

            def on_pretraining(history: list[dict]) -> None:
                bar.clear()
                fold.message(_pretraining_line(fold, history, self))
                fold.changed()

            def on_resume(history: list[dict]) -> None:
                write_json(fold.folder / "history.json", history)
                done = len(history)
                fold.message(f"fold {fold.k}: going on after epoch {done} of {self.epochs}")

            def on_epoch(history: list[dict]) -> None:
                write_json(fold.folder / "history.json", history)
                bar.clear()
                fold.message(_line(fold, history, self))
                fold.changed()

            model = fit.train(
                self,
                fold.data,
                fold.rows,
                fold.validation,
                fold.folder,
                inputs=inputs,
                targets=self._targets(fold),
                seed=self.seed * 1000 + fold.k,
                owner=_owner(fold),
                on_pretraining=on_pretraining,
                on_resume=on_resume,
                on_epoch=on_epoch,
                on_batch=on_batch,
            )
        partial = fold.folder / "model.partial.keras"
        model.save(partial, include_optimizer=False)
        os.replace(partial, fold.folder / "model.keras")
        return lambda rows: fit.predict(model, inputs, rows, self.batch_size)

    def _targets(self, fold: Fold) -> np.ndarray:
        """(n_records, n_classes): what the network learns to predict for each record."""
        classes = fold.data.classes
        targets = classes.one_hot(fold.data.labels)
        if self.teacher:
            [teacher] = RunFolder(fold.folder.parent).members
            table = teacher.table(fold.k, "training").set_index("record")
            taught = table.loc[fold.data.ids[fold.rows], list(classes)].to_numpy(np.float32)
            targets[fold.rows] += self.teacher_weight * (taught - targets[fold.rows])
        return targets


def _owner(fold: Fold) -> str:
    """RUN/fold-K, or RUN/fold-K/part-J in a committee, with the id of the run."""
    for folder in fold.folder.parents:
        if (folder / "run.json").exists():
            return f"{RunFolder(folder).facts['id']}/{fold.folder.relative_to(folder).as_posix()}"
    return fold.folder.name


def _pretraining_line(fold: Fold, history: list[dict], network: Network) -> str:
    entry, left = history[-1], network.pretrain - len(history) + network.epochs
    return (
        f"fold {fold.k} pretraining {entry['epoch']}/{network.pretrain}: loss {entry['loss']:.4f}, "
        f"{entry['seconds']:.1f} s{_left(fold, history, network, left)}"
    )


def _line(fold: Fold, history: list[dict], network: Network) -> str:
    entry, left = history[-1], network.epochs - len(history)
    score = entry.get("val/challenge_f1")
    shown = "" if score is None else f", validation challenge F1 {score:.3f}"
    measured = history[1:] if network.pretrain else history  # the first counts the pretraining
    return (
        f"fold {fold.k} epoch {entry['epoch']}/{network.epochs}: loss {entry['loss']:.4f}{shown}, "
        f"{entry['seconds']:.1f} s{_left(fold, measured, network, left)}"
    )


def _left(fold: Fold, measured: list[dict], network: Network, epochs: int) -> str:
    """The time for these epochs and the folds to come. One of pretraining takes about as long."""
    if not measured:
        return ""
    seconds = float(np.median([entry["seconds"] for entry in measured]))
    return progress.left(seconds * (epochs + fold.after * (network.pretrain + network.epochs)))
