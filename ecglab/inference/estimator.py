"""The parts of scikit-learn's interface that a packaged model has besides predicting."""

import inspect
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from sklearn.utils import Tags


class Estimator:
    """A classifier that is fitted already: what it does not learn, `fit` leaves as it is.

    It needs no scikit-learn. Its parameters are the arguments of its constructor, which are its
    attributes as well.
    """

    @property
    def classes_(self) -> np.ndarray:
        raise NotImplementedError

    def fit(self, records: Any = None, labels: Any = None) -> Self:
        """Returns the model unchanged: it was trained when its package was made."""
        return self

    def score(self, records: Iterable, labels: Sequence[str]) -> float:
        """Accuracy: share of the records whose most probable class is the label."""
        probabilities = np.asarray(self.predict_proba(records))
        return float((self.classes_[probabilities.argmax(axis=1)] == np.asarray(labels)).mean())

    def predict_proba(self, records: Any) -> np.ndarray:
        raise NotImplementedError

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """{parameter: value}; deep: without effect, because no parameter is a model."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def set_params(self, **changes: Any) -> Self:
        """The model with other parameters. Raises ValueError for one that it does not have."""
        parameters = self.get_params()
        for name in changes:
            if name not in parameters:
                raise ValueError(f"{name!r} is none of {', '.join(parameters)}")
        type(self).__init__(self, **parameters | changes)
        return self

    def __reduce__(self) -> tuple:
        """A copy, in another process as well, opens the package again."""
        return type(self), tuple(self.get_params().values())

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> "Tags":
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=False),
            classifier_tags=ClassifierTags(),
            input_tags=InputTags(two_d_array=False),
            requires_fit=False,
        )
