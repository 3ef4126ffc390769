"""`training_share`: which records of a fold are trained on, for a learning curve."""

import clinic_maker
import numpy as np
import pytest

from ecglab.training import cross_validation, run_folder
from ecglab.training.trees import Trees
from ecglab.utils.errors import EcglabError


@pytest.fixture
def rows_of(monkeypatch):
    """Makes the (data, training rows, validation rows, scored rows) of fold 1 for a share."""
    clinic_maker.make_data(patients=20)  # two records each
    seen = []

    def noted(self, fold):
        seen.append((fold.data, *map(set, (fold.rows, fold.validation, fold.scored))))
        (fold.folder / "history.json").write_text('[{"epoch": 1, "seconds": 0}]')
        return lambda rows: np.full((len(rows), 2), 0.5)

    monkeypatch.setattr(Trees, "train_fold", noted)

    def made(share: float, **keys):
        experiment = clinic_maker.trees(training_share=share, validation=0.2, **keys)
        data, _, _ = planned = cross_validation.plan(experiment)
        folder = run_folder.locate("trees", experiment, data, planned.split, fresh=True)
        run_folder.begin(folder, "trees", experiment, data, planned.split, {})
        cross_validation.train_fold(folder, 1)
        return seen.pop()

    return made


def test_a_part_of_each_class_is_trained_on_and_patients_stay_together(rows_of):
    data, whole, validation, scored = rows_of(1.0)
    assert len(whole) + len(validation) + len(scored) == len(data)
    before = whole
    for share in (0.75, 0.5, 0.25):
        _, part, other_validation, other_scored = rows_of(share)
        assert (other_validation, other_scored) == (validation, scored)
        assert part < before, "each is a part of the larger one"
        before = part
        for label in data.classes:
            n, n_whole = ((data.labels[list(rows)] == label).sum() for rows in (part, whole))
            assert n == pytest.approx(share * n_whole, abs=2)
        left_out = whole - part
        assert not set(data.groups[list(part)]) & set(data.groups[list(left_out)])


def test_members_of_an_ensemble_have_its_share():
    assert clinic_maker.trees(training_share=0.5).shared["training_share"] == 0.5


@pytest.mark.parametrize("share", [0, -0.1, 1.1])
def test_an_impossible_share_is_refused(share):
    with pytest.raises(EcglabError, match="must be above 0 and at most 1"):
        clinic_maker.trees(training_share=share)
