"""State-space layers over the frames of a log spectrogram.

Residual stages as in `spectrogram_resnet`, then blocks of S4D (Gu, Gupta, Goel and Re 2022,
arXiv:2206.11893) in place of further convolutions and of the GRU, gated and with a shortcut as in
S4 (Gu, Goel and Re 2022, arXiv:2111.00396). On ECGs of 12 leads such networks are better than
convolutions: Mehari and Strodthoff 2023 (arXiv:2308.15291).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ecglab.models._rules import NetworkSettings
from ecglab.utils.types import Tensor


@dataclass(frozen=True, kw_only=True)
class Hyperparameters(NetworkSettings):
    """Hyperparameters of `spectrogram_s4d`.

    window: length of the spectrogram's windows in s
    hop: step between the windows in s
    band: lowest and highest bin of the spectrogram in Hz
    widths: channels of the residual stages of one block; every stage but the first halves the rate
        of the frames
    kernel: size of their convolutions in frames
    blocks: state-space blocks
    states: complex states of each of their channels, in each direction
    reach: frames, at the rate after the stages, that their impulse response lasts
    pooling: over time, by mean, max, mean_max or attention
    dropout: share dropped before the dense layer, and a third of it in each block
    """

    window: float = 0.32
    hop: float = 0.08
    band: tuple[float, float] = (0.0, 50.0)
    widths: tuple[int, ...] = (64, 64)
    kernel: int = 5
    blocks: int = 4
    states: int = 16
    reach: int = 64
    pooling: str = "mean_max"
    dropout: float = 0.3

    def rules(self) -> Iterable[tuple[str, bool, str]]:
        yield from super().rules()
        for key in ("states", "reach"):
            yield key, getattr(self, key) >= 1, "at least 1"


def network(signal: Tensor, mask: Tensor, fs: float, n_classes: int, h: Hyperparameters) -> Tensor:
    """Probabilities (batch, n_classes) from signal and mask (batch, n) at `fs` Hz."""
    from keras import layers

    from ecglab.layers import ApplyMask, MaskedPooling, StateSpace
    from ecglab.models._branches import spectrogram_branch
    from ecglab.models._parts import classify

    x, mask = spectrogram_branch(signal, mask, fs, h.window, h.hop, h.band, h.widths, 1, h.kernel)
    width = x.shape[-1]
    for _ in range(h.blocks):
        y = ApplyMask()([layers.LayerNormalization()(x), mask])
        y = layers.Activation("silu")(StateSpace(h.states, h.reach)(y))
        y = layers.Dropout(h.dropout / 3)(y)
        y = layers.Multiply()([layers.Dense(width)(y), layers.Dense(width, "sigmoid")(y)])
        x = layers.Add()([x, y])
    x = layers.LayerNormalization()(x)
    return classify(MaskedPooling(h.pooling)([x, mask]), n_classes, h.dropout)
