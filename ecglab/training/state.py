"""The state of training, written after every epoch: a run that was killed goes on from it."""

import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ecglab.utils import quiet
from ecglab.utils.errors import EcglabError
from ecglab.utils.files import replacing

quiet.load_keras()
import keras  # noqa: E402

_HEX = 64
"""Characters of a SHA-256 in hex."""


@dataclass
class State:
    """The state of training: written after every epoch, and read to resume.

    history: one dict an epoch; arrays: of the model and its optimizer; best: of the model alone
    """

    history: list[dict] = field(default_factory=list)
    arrays: list[np.ndarray] = field(default_factory=list)
    best: list[np.ndarray] = field(default_factory=list)

    def write(self, path: Path, owner: str) -> None:
        """Write the state as an .npz file, followed by the SHA-256 of its bytes in hex.

        owner: names the run and fold whose state it is
        """
        named: dict[str, Any] = {f"now_{i}": a for i, a in enumerate(self.arrays)}
        named |= {f"best_{i}": a for i, a in enumerate(self.best)}
        buffer = io.BytesIO()
        facts = json.dumps({"owner": owner, "history": self.history})
        np.savez(buffer, facts=np.array(facts), **named)
        content = buffer.getvalue()
        with replacing(path) as file:
            file.write(content)
            file.write(hashlib.sha256(content).hexdigest().encode())

    @classmethod
    def read(cls, path: Path, owner: str) -> "State":
        """The state at `path`, a new one where there is none.

        Raises EcglabError where the file is damaged or has another owner.
        """
        if not path.exists():
            return cls()
        stored = path.read_bytes()
        content, digest = stored[:-_HEX], stored[-_HEX:]
        if hashlib.sha256(content).hexdigest().encode() != digest:
            raise EcglabError(f"{path} is damaged: delete it to train this fold anew")
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            facts = json.loads(str(arrays["facts"]))
            if facts["owner"] != owner:
                raise EcglabError(
                    f"{path} is the state of another fold or run ({facts['owner']}, not {owner}): "
                    "delete it to train this fold anew"
                )
            return cls(facts["history"], _numbered(arrays, "now_"), _numbered(arrays, "best_"))


def copies(variables: Iterable[keras.Variable]) -> list[np.ndarray]:
    """Copies: on a CPU a converted variable may share its memory and change with it."""
    return [np.array(keras.ops.convert_to_numpy(v)) for v in variables]


def restore(
    variables: Sequence[keras.Variable], arrays: Sequence[np.ndarray], folder: Path
) -> None:
    """Assign the arrays to the variables. Raises EcglabError where their shapes differ."""
    shapes = [tuple(v.shape) for v in variables], [a.shape for a in arrays]
    if shapes[0] != shapes[1]:
        raise EcglabError(
            f"the state in {folder} belongs to another network: "
            "train with --fresh, or with the code that wrote the state"
        )
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)


def reseed(model: keras.Model, rng: np.random.Generator) -> None:
    """New seeds for dropout and augmentation, drawn from the epoch's own generator."""
    for variable in model.variables:
        if variable.name == "seed_generator_state":
            variable.assign(rng.integers(0, 2**31, size=variable.shape).astype("uint32"))


def _numbered(stored: Mapping[str, np.ndarray], prefix: str) -> list[np.ndarray]:
    """The arrays PREFIX0, PREFIX1, ... of a stored state."""
    return [stored[f"{prefix}{i}"] for i in range(sum(k.startswith(prefix) for k in stored))]
