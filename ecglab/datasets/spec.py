"""The description of a data set (`Spec`), and one labelled record of it (`Example`)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields

from ecglab.ecg.classes import Classes
from ecglab.ecg.record import Record
from ecglab.utils.errors import EcglabError


@dataclass(frozen=True, kw_only=True)
class Spec:
    """The facts of a data set.

    name: as commands and experiments name it; description: one sentence
    classes: what its labels distinguish, and which of them rank models
    fs: rate in Hz of its packed signals, the native one of a published data set
    units: of the published samples (they are packed in mV)
    label_versions: the versions of the labels, the default one last
    n_records: how many were published, 0 where that is not known
    class_counts: {label version: {class: published number of records}}
    grouped: whether it is known which records are of one patient, so that examples have groups
    simulated: whether a simulator made it: no result on it says anything about recordings
    url, licence, citation: of what was published
    """

    name: str
    description: str
    classes: Classes
    fs: float = 300.0
    units: str = "mV"
    label_versions: tuple[str, ...] = ("labels",)
    n_records: int = 0
    class_counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    grouped: bool = False
    simulated: bool = False
    url: str = ""
    licence: str = ""
    citation: str = ""

    @property
    def default_labels(self) -> str:
        """The last of `label_versions`."""
        return self.label_versions[-1]

    def as_dict(self) -> dict:
        """Ready for JSON."""
        return {**asdict(self), "classes": self.classes.as_dict()}

    @classmethod
    def from_dict(cls, stored: Mapping) -> "Spec":
        """The spec from the dictionary of `as_dict`. Raises EcglabError if keys are missing."""
        try:
            known = {f.name: stored[f.name] for f in fields(cls)}
            known["classes"] = Classes.from_dict(known["classes"])
            known["label_versions"] = tuple(known["label_versions"])
            return cls(**known)
        except (KeyError, TypeError, ValueError) as error:
            raise EcglabError(f"the facts of the data set cannot be read ({error!r})") from None


@dataclass(frozen=True)
class Example:
    """One labelled record of a data set.

    record: its signal in mV at the rate of its file, and its id, which no other record has
    labels: {label version: class}, one for each of `Spec.label_versions`
    group: the patient, empty where unknown
    """

    record: Record
    labels: Mapping[str, str]
    group: str = ""
