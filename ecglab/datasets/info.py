"""What `ecglab data info` prints of a data set."""

import numpy as np

from ecglab.datasets import splits
from ecglab.datasets.dataset import Dataset


def describe(data: Dataset) -> str:
    """A data set in words: what it is, what is in it, labels, groups, folds, what to cite."""
    facts = {
        "records": _records(data),
        **_classes(data),
        "challenge_f1": f"mean F1 of {', '.join(data.classes.ranked)}",
        "length": _lengths(data),
        "signal": f"one lead in mV, {data.fs:g} Hz",
        "missing": _missing(data),
        "labels": _labels(data),
        "groups": _groups(data),
        "same samples": _same_samples(data),
        "folds": _folds(data),
        "digest": data.digest,
        "file": f"{data.path}, {data.path.stat().st_size / 1e6:,.1f} MB",
        "source": data.spec.url,
        "licence": data.spec.licence,
    }
    lines = [data.name, f"  {data.spec.description}"]
    if data.simulated:
        lines.append(
            "  SIMULATED, of no person: no result on it says anything about real recordings."
        )
    width = max(map(len, facts))
    lines += [f"  {name:<{width}}  {fact}" for name, fact in facts.items() if fact]
    if data.spec.citation:
        lines += ["", "Cite:", data.spec.citation]
    return "\n".join(lines)


def _records(data: Dataset) -> str:
    n, published = len(data), data.spec.n_records
    if not published:
        return f"{n:,}"
    if n == published:
        return f"{n:,}, all of them"
    missing = published - n
    are = "is" if missing == 1 else "are"
    return f"{n:,} of {published:,} records: an excerpt, {missing:,} {are} missing"


def _classes(data: Dataset) -> dict[str, str]:
    """{code and meaning: number of records and share}"""
    return {
        data.classes.full_name(label): f"{n:>5,}  {n / len(data):>5.1%}"
        for label, n in data.counts().items()
    }


def _lengths(data: Dataset) -> str:
    seconds = data.lengths / data.fs
    return (
        f"{seconds.min():.1f} s to {seconds.max():.1f} s, median {np.median(seconds):.1f} s, "
        f"{seconds.sum() / 3600:,.1f} h in all"
    )


def _missing(data: Dataset) -> str:
    """How many samples are missing, and in how many records."""
    missing = np.array([np.isnan(data.signal(i)).sum() for i in range(len(data))])
    if not missing.any():
        return "no samples"
    share = missing.sum() / data.lengths.sum()
    return f"{share:.2%} of the samples, in {(missing > 0).sum():,} records"


def _labels(data: Dataset) -> str:
    """The version in use, and from how many records each other version differs."""
    columns = {}
    for version in data.label_versions:
        whole = Dataset(data.path, version)
        label_of = dict(zip(whole.ids, whole.labels, strict=True))
        columns[version] = np.array([label_of[record] for record in data.ids])
    used = columns.pop(data.label_version)
    if not columns:
        return "one version"
    others = [f"{v} ({(labels != used).sum():,} differ)" for v, labels in columns.items()]
    return f"version {data.label_version}; others: {', '.join(others)}"


def _groups(data: Dataset) -> str:
    """How many groups there are, and how large they are."""
    names, counts = np.unique(data.groups[data.groups != ""].astype(str), return_counts=True)
    if not names.size:
        return "unknown: records of one patient may be in several folds"
    largest = f"{names.size:,}, of {n_records(counts)}"
    alone = (data.groups == "").sum()
    return largest + (f"; {alone:,} records of no known group" if alone else "")


def _same_samples(data: Dataset) -> str:
    """The sets of records whose samples are the same."""
    same: dict[str, list[str]] = {}
    for record, sha256 in zip(data.ids, data.sha256, strict=True):
        same.setdefault(sha256, []).append(str(record))
    found = [" = ".join(records) for records in same.values() if len(records) > 1]
    more = f"; and {len(found) - 10:,} more" if len(found) > 10 else ""
    return "; ".join(found[:10]) + more or "none"


def _folds(data: Dataset) -> str:
    path = splits.path_of(data.name)
    if not path.exists():
        return f"not split yet: 'ecglab data split {data.name}' or the first training splits it"
    sizes = np.bincount(splits.folds(data), minlength=splits.n_folds(data))
    return f"{sizes.size}, of {n_records(sizes)}, from {path}"


def n_records(counts: np.ndarray) -> str:
    """Numbers of records (n,) in words.

    >>> n_records(np.array([3, 3])), n_records(np.array([3, 5]))
    ('3 records', '3 to 5 records')
    """
    low, high = counts.min(), counts.max()
    return f"{low:,} records" if low == high else f"{low:,} to {high:,} records"
