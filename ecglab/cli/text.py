"""What the command prints: scores, runs and opinions as columns of text."""

from collections.abc import Sequence

from ecglab.ecg.record import LABELS


def result(run) -> str:
    """The out-of-fold scores of a finished run folder, with their intervals."""
    from ecglab.evaluation.metrics import scores

    found = scores(run.predictions())
    rows = [
        [name, f"{found['values'][name]:.3f}", f"{low:.3f} to {high:.3f}"]
        for name, (low, high) in found["intervals"].items()
    ]
    return "\n".join(
        [
            f"\n{run.name}: {run.scope}",
            _columns(["out of fold", "value", "95 % interval"], rows),
            f"training took {run.training_seconds / 60:.1f} min; next: ecglab promote {run.name}",
        ]
    )


def promotion(promoted) -> str:
    """What was promoted, and how what judged before it scored where that is not the same."""
    from ecglab.tracking.registry import CHAMPION, MODEL

    card, before = promoted.card, promoted.before
    lines = [
        f"{card['name']} is {MODEL} version {promoted.version}, alias {CHAMPION}: {_scored(card)}"
    ]
    if before["name"] != card["name"]:
        lines.append(f"until now {before['name']} judged: {_scored(before)}")
    if before["scores"]["values"]["F1_NAO"] > card["scores"]["values"]["F1_NAO"]:
        lines.append(
            "what was promoted scored LOWER: 'ecglab predict --model champion' asks the model "
            "that comes with ecglab"
        )
    return "\n".join(lines)


def _scored(card: dict) -> str:
    return f"F1_NAO {card['scores']['values']['F1_NAO']:.3f} on {card['scope']}"


def score(result) -> str:
    """The recomputed scores of a result, and how many records they are of."""
    from ecglab.evaluation.metrics import F1_NAMES

    names = {F1_NAMES[label]: f"F1 {label}" for label in LABELS}
    names |= {"F1_NAO": "NAO", "F1_mean": "mean", "calibration_error": "ECE"}
    values, intervals = result.scores["values"], result.scores["intervals"]
    rows = []
    for name, shown in names.items():
        ends = "{:.3f} to {:.3f}".format(*intervals[name]) if name in intervals else ""
        rows.append([shown, f"{values[name]:.3f}", ends])
    header = ["score", "value", "95 % interval"]
    return f"{result.name}\n{_columns(header, rows)}\n{len(result.table):,} records\n"


def runs(found: Sequence) -> str:
    """MLflow runs, one a line: F1 per class, mean over N, A, O with its interval, cost, scope."""
    header = ["run", "id", "status", *LABELS, "NAO (95 %)", "mean", "min", "scope"]
    return _columns(header, [_run_row(run) for run in found])


def _run_row(run) -> list[str]:
    from ecglab.evaluation.metrics import F1_NAMES

    metrics, info = run.data.metrics, run.info

    def show(name):
        return f"{metrics[name]:.3f}" if name in metrics else "-"

    interval = ""
    if "F1_NAO_low" in metrics:
        interval = f" ({show('F1_NAO_low')}-{show('F1_NAO_high')})"
    seconds = metrics.get("training_seconds")
    return [
        info.run_name,
        info.run_id[:8],
        info.status.lower(),
        *(show(F1_NAMES[label]) for label in LABELS),
        show("F1_NAO") + interval,
        show("F1_mean"),
        "-" if seconds is None else f"{seconds / 60:.1f}",
        run.data.tags.get("ecglab.scope", ""),
    ]


def search(search, wanted: int, why: str) -> str:
    """The best trials of a search, and what to do next."""
    from ecglab.tuning import searches

    rows = searches.table(search)
    ended = sum(row["status"] != "running" for row in rows)
    counts = [f"{search.name}: {why}, {ended} of {wanted} trials"]
    best = sorted((row for row in rows if row["score"] is not None), key=lambda row: -row["score"])
    for row in rows:
        if row["status"] == "failed":
            counts.append(f"trial {row['trial']} FAILED: {row['reason']}")
    cells = [
        [
            row["trial"],
            f"{row['score']:.3f}",
            *(f"{row['scores'][name]:.3f}" for name in _f1_names()),
            "early" if row["status"] == "stopped" else "",
            f"{row['seconds']:.0f}",
            *row["values"].values(),
        ]
        for row in best[:10]
    ]
    header = ["trial", "NAO", *LABELS, "end", "s", *(best[0]["values"] if best else [])]
    table = [_columns(header, cells), f"next: ecglab tune --best {search.name}"] if best else []
    return "\n".join(["", *counts, search.scope, *table])


def search_problem(search, why: str) -> str:
    """What is wrong with how a search ended, "" where nothing is."""
    from ecglab.tuning import searches

    failed = [row for row in searches.table(search) if row["status"] == "failed"]
    if why.startswith("the last"):
        return f"{why}: {failed[-1]['reason']}" if failed else why
    if failed:
        some = "1 trial" if len(failed) == 1 else f"{len(failed)} trials"
        return f"{some} failed, such as {failed[0]['trial']}: {failed[0]['reason']}"
    return ""


def _f1_names() -> list[str]:
    from ecglab.evaluation.metrics import F1_NAMES

    return [F1_NAMES[label] for label in LABELS]


def opinion(said: dict) -> str:
    """One line of what `Predictor.judge` says of a record, or of why it could not."""
    if "error" in said:
        return _opinion_row(said["record"], "-", ["-"] * len(LABELS), said["error"])
    shares = [f"{p:.3f}" for p in said["probabilities"].values()]
    return _opinion_row(said["record"], said["label"], shares, said["model"])


def _opinion_row(record: str, label: str, shares: Sequence[str], last: str) -> str:
    # Fixed widths, because opinions are printed as they come.
    return f"{record:<20} {label:<5} " + " ".join(f"{share:<5}" for share in shares) + f" {last}"


OPINION_HEADER = _opinion_row("record", "label", LABELS, "model")


def _columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Text columns, as wide as their widest cell."""
    lines = [header, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
