"""A search from its first trial to its last: what `ecglab tune` does, for Python as well.

from ecglab.tuning import launch
search, why = launch.tune("rr_trees", ["bags=1"], trials=20, records=2000)
"""

from collections.abc import Sequence

from ecglab.tuning import searches, supervisor
from ecglab.tuning.searches import Search


def tune(
    name: str,
    keys: Sequence[str] = (),
    *,
    trials: int = 30,
    workers: int = 0,
    address: str | None = None,
    limit: float | None = None,
    patience: float = 1800.0,
    track: bool = True,
    **how,
) -> tuple[Search, str]:
    """Search an experiment's settings until so many trials have ended; the search, why it ended.

    keys: assignments as `--set` takes them; a key that is set is not searched
    workers, address: see `supervisor.team`; limit, patience: in seconds, see `supervisor.run`
    track: whether MLflow is told of it
    how: tuner, seed, epochs, records, inner_folds, as `searches.begin` takes them
    What was begun with the same arguments, and ended in whatever way, goes on; `trials`, `workers`,
    `limit` and `patience` may differ. Raises EcglabError, also while another process runs it.
    """
    who = supervisor.team(workers, address)
    search = searches.begin(name, list(keys), trials=trials, joining=who.joining, **how)
    run = supervisor.run
    if track and not who.joining:  # whoever began the search logs it
        from ecglab.tuning import tracking

        run = tracking.run
    return search, run(search, trials, who, limit=limit, patience=patience)
