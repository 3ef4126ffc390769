"""Groups of settings: types, rules, and one line for everything else."""

from dataclasses import dataclass

import pytest

from ecglab.utils.errors import EcglabError
from ecglab.utils.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Filter(Settings):
    order: int = 4
    gain: float = 1.0
    band: tuple[float, ...] = (0.5, 40.0)
    taps: tuple[int, ...] = (3, 5)
    kind: str = "butterworth"

    def rules(self):
        yield "order", self.order >= 1, "at least 1"


def test_values_get_the_type_of_their_default():
    read = Filter.read("filter", {"gain": 2, "band": [1, 30], "taps": [7]})
    assert read == Filter(gain=2.0, band=(1.0, 30.0), taps=(7,))
    assert read.as_dict() == {
        "order": 4,
        "gain": 2.0,
        "band": (1.0, 30.0),
        "taps": (7,),
        "kind": "butterworth",
    }
    assert [type(x) for x in (read.gain, *read.band, *read.taps)] == [float, float, float, int]
    assert Filter.read("filter", {}) == Filter()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"ordr": 2}, "unknown key 'filter.ordr': did you mean filter.order?"),
        ({"xyxy": 2}, "unknown key 'filter.xyxy': there are filter.band, filter.gain, "),
        ({"order": 0}, "filter.order=0 is impossible: it must be at least 1"),
        ({"order": 2.0}, "filter.order=2.0 is impossible: it must be a whole number, such as 4"),
        ({"order": True}, "filter.order=True is impossible: it must be a whole number"),
        ({"gain": "2"}, "filter.gain='2' is impossible: it must be a number, such as 1.0"),
        ({"gain": float("inf")}, "filter.gain=inf is impossible: it must be a number"),
        ({"band": 3}, "filter.band=3 is impossible: it must be numbers, such as (0.5, 40.0)"),
        ({"taps": (3.5,)}, "filter.taps=(3.5,) is impossible: it must be whole numbers"),
        ({"kind": 3}, "filter.kind=3 is impossible: it must be text, such as 'butterworth'"),
    ],
)
def test_what_is_refused(values, message):
    with pytest.raises(EcglabError) as caught:
        Filter.read("filter", values)
    assert str(caught.value).startswith(message)
