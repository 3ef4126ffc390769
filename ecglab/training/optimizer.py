"""The optimizer of every network: AdamW with a warm-up and a cosine."""

from typing import Any

from ecglab.utils import quiet

quiet.load_keras()
import keras  # noqa: E402


def adamw(
    learning_rate: float, steps: int, warmup: float, weight_decay: float, **options: Any
) -> keras.optimizers.Optimizer:
    """AdamW whose rate rises for a share `warmup` of the steps and then falls as a cosine.

    Biases and norms have no weight decay. options: further ones of `keras.optimizers.AdamW`
    """
    rising = round(warmup * steps)
    rate = keras.optimizers.schedules.CosineDecay(
        learning_rate / 20 if rising else learning_rate,
        max(steps - rising, 1),
        warmup_target=learning_rate if rising else None,
        warmup_steps=rising,
    )
    optimizer = keras.optimizers.AdamW(
        rate, weight_decay=weight_decay, global_clipnorm=5.0, **options
    )
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer
