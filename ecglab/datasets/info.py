"""What `ecglab data info` says of a data set."""

import numpy as np

from ecglab.datasets import cinc2017
from ecglab.datasets.dataset import Dataset
from ecglab.ecg.record import LABEL_NAMES


def describe(dataset: Dataset) -> str:
    """A data set in words: what it is, what is in it, which labels, what to cite."""
    facts = {
        "records": _present(dataset),
        **_classes(dataset),
        "length": _lengths(dataset),
        "signal": f"one lead, {dataset.fs:g} Hz",
        "labels": _labels(dataset),
        "same samples": _same_samples(dataset),
        "digest": dataset.digest,
        "file": f"{dataset.path}, {dataset.path.stat().st_size / 1e6:,.1f} MB",
    }
    lines = [f"{dataset.name} ({dataset.kind})"]
    if dataset.kind == "synthetic":
        lines.append(
            "SYNTHETIC: made by a simulator, of no person. "
            "No result on it says anything about real recordings."
        )
    width = max(map(len, facts))
    lines += [f"  {name:<{width}}  {fact}" for name, fact in facts.items()]
    if dataset.name == cinc2017.NAME:
        lines += ["", f"Licence: {cinc2017.LICENCE}", "Cite:", cinc2017.CITATION]
    return "\n".join(lines)


def _present(dataset: Dataset) -> str:
    n, published = len(dataset), dataset.published
    if n == published:
        return f"{n:,}, all of them"
    missing = published - n
    are = "is" if missing == 1 else "are"
    return f"{n:,} of {published:,} records: an excerpt, {missing:,} {are} missing"


def _classes(dataset: Dataset) -> dict[str, str]:
    """{name of the class: number of records and share}"""
    return {
        f"{label}  {LABEL_NAMES[label]}": f"{n:>5,}  {n / len(dataset):>5.1%}"
        for label, n in dataset.counts().items()
    }


def _lengths(dataset: Dataset) -> str:
    seconds = dataset.lengths / dataset.fs
    return (
        f"{seconds.min():.1f} s to {seconds.max():.1f} s, median {np.median(seconds):.1f} s, "
        f"{seconds.sum() / 3600:,.1f} h in all"
    )


def _labels(dataset: Dataset) -> str:
    """The version in use, and by how many records each other version differs from it."""
    columns = {}
    for version in dataset.label_versions:
        whole = Dataset(dataset.path, version)
        label_of = dict(zip(whole.ids, whole.labels, strict=True))
        columns[version] = np.array([label_of[record] for record in dataset.ids])
    used = columns.pop(dataset.label_version)
    others = [f"{v} ({(labels != used).sum():,} differ)" for v, labels in columns.items()]
    return f"{dataset.label_version}; also there: {', '.join(others) or 'none'}"


def _same_samples(dataset: Dataset) -> str:
    """The groups of records whose samples are the same."""
    groups: dict[str, list[str]] = {}
    for record, sha256 in zip(dataset.ids, dataset.sha256, strict=True):
        groups.setdefault(sha256, []).append(str(record))
    return "; ".join(" = ".join(g) for g in groups.values() if len(g) > 1) or "none"
