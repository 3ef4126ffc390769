"""An experiment whose folds are neural networks, trained by `ecglab.training`."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

from ecglab import models, quiet
from ecglab.errors import EcglabError
from ecglab.experiment import Experiment, Fold, Judge, unknown
from ecglab.files import write_json


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
    network: Mapping = field(default_factory=dict)
    augment: Mapping = field(default_factory=dict)

    kind: ClassVar[str] = "network"
    fixed: ClassVar[tuple[str, ...]] = ("model",)

    def __post_init__(self):
        super().__post_init__()
        layers = Path(__file__).with_name("layers")
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
        )
        if self.choose == "best" and self.inner == 0:
            raise EcglabError("choose=best needs inner records to choose on: set inner above 0")

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
        from ecglab import training

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
                seed=self.seed * 1000 + fold.k,
                on_resume=on_resume,
                on_epoch=on_epoch,
                on_batch=on_batch,
            )
        partial = fold.folder / "model.partial.keras"
        model.save(partial, include_optimizer=False)
        os.replace(partial, fold.folder / "model.keras")
        return lambda rows: training.predict(model, fold.data, rows, self.batch_size)


def _line(k: int, entry: dict, epochs: int) -> str:
    inner = entry.get("inner_F1_NAO")
    chosen = "" if inner is None else f", inner NAO {inner:.3f}"
    return (
        f"fold {k} epoch {entry['epoch']}/{epochs}: loss {entry['loss']:.4f}{chosen}, "
        f"{entry['seconds']:.1f} s"
    )
