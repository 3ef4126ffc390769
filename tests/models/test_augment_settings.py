"""The settings of the augmentation: which layers they make, and what is refused."""

import keras
import numpy as np
import pytest

from ecglab.layers import augment as layers
from ecglab.models import Augment
from ecglab.utils.errors import EcglabError

ON = {"lead": 0.3, "gaps": 2}
"""What is off by default."""

OFF = {
    "resampling": 1,
    "polarity": 0,
    "lead": 0,
    "amplitude": 1,
    "bursts": 0,
    "gaps": 0,
    "baseline": 0,
    "noise": 0,
}
KINDS = {
    "resampling": layers.RandomResampling,
    "polarity": layers.RandomPolarity,
    "lead": layers.RandomLead,
    "amplitude": layers.RandomAmplitude,
    "bursts": layers.RandomBursts,
    "gaps": layers.RandomGaps,
    "baseline": layers.RandomBaseline,
    "noise": layers.RandomNoise,
}


def chain(fs=300, **settings):
    inputs = [keras.Input((None,)), keras.Input((None,))]
    return keras.Model(inputs, Augment.read("augment", settings).applied(*inputs, fs))


def of(model) -> list:
    return [layer for layer in model.layers if isinstance(layer, layers.Augmentation)]


def kinds(model) -> list[type]:
    return [type(layer) for layer in of(model)]


def test_a_setting_without_effect_leaves_its_layer_out():
    assert kinds(chain(**ON)) == list(KINDS.values()), "and in this order"
    assert kinds(chain()) == [kind for name, kind in KINDS.items() if name not in ON]
    assert kinds(chain(**OFF)) == []
    for name, seconds in ("bursts", "burst_seconds"), ("gaps", "gap_seconds"):
        others = [kind for other, kind in KINDS.items() if other != name]
        assert kinds(chain(**ON, **{seconds: 0})) == others
    for name in OFF:
        others = {key: value for key, value in OFF.items() if key != name}
        alone = {name: ON[name]} if name in ON else {}
        assert kinds(chain(**others, **alone)) == [KINDS[name]]


def test_settings_reach_their_layers():
    settings = {
        "resampling": 1.3,
        "polarity": 0.2,
        "lead": 0.6,
        "amplitude": 2.0,
        "bursts": 4,
        "burst_seconds": 0.7,
        "gaps": 5,
        "gap_seconds": 1.1,
        "baseline": 0.9,
        "noise": 0.4,
    }
    found = of(chain(250, **settings))
    given = [getattr(x, o) for x in found for o in x.options if o not in ("fs", "n_samples")]
    assert given == list(settings.values())
    assert [layer.fs for layer in found if "fs" in layer.options] == [250] * 4


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"nois": 0.1}, "unknown key 'augment.nois': did you mean augment.noise?"),
        ({"crop": 30.0}, "unknown key 'augment.crop'"),
        ({"resampling": 0.9}, "augment.resampling=0.9 is impossible: it must be at least 1"),
        ({"polarity": 1.1}, "augment.polarity=1.1 is impossible: it must be from 0 to 1"),
        ({"noise": -0.1}, "augment.noise=-0.1 is impossible: it must be at least 0"),
        ({"noise": float("nan")}, "augment.noise=nan is impossible: it must be a number"),
        ({"bursts": 2.5}, "augment.bursts=2.5 is impossible: it must be a whole number, such as 3"),
    ],
)
def test_impossible_setting(settings, words):
    with pytest.raises(EcglabError) as caught:
        Augment.read("augment", settings)
    assert str(caught.value).startswith(words)


def test_the_chain_keeps_shape_and_mask(rng):
    mask = np.ones((16, 3600), np.float32)
    mask[:, 1000:1150] = mask[::2, 3000:] = 0
    signal = rng.normal(size=mask.shape).astype(np.float32) * mask
    keras.utils.set_random_seed(0)
    model = chain()
    predicted = model([signal, mask])
    np.testing.assert_array_equal(predicted[0], signal)
    np.testing.assert_array_equal(predicted[1], mask)
    changed, known = (np.asarray(x) for x in model([signal, mask], training=True))
    assert changed.shape == known.shape == signal.shape
    assert np.isfinite(changed).all()
    assert set(np.unique(known)) == {0, 1}
    assert (changed[known == 0] == 0).all()
    assert (known.mean(axis=1) > 0.5).all()
