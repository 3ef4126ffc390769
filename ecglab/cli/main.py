"""The command `ecglab`. Every command imports what it needs when it runs: `predict` stays quick."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ecglab.cli import text as report
from ecglab.packaging import shipped
from ecglab.tracking import registry
from ecglab.utils.errors import EcglabError, RecordError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0, 1 for what went wrong, 2 for wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        status = options.run(options) or 0
        sys.stdout.flush()  # here, where a pipe whose reader has gone is caught
        return status
    except EcglabError as error:
        print(f"ecglab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("ecglab: interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of a pipe has gone, as in `ecglab predict ... | head`: nothing to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        # What no one foresaw, such as a disk that is full while a library writes.
        print(f"ecglab: {error.strerror or error} {error.filename or ''}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ecglab",
        description="Finds atrial fibrillation in short single-lead ECGs. "
        "For research; no medical device.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name, run, text, to=commands):
        added = to.add_parser(name, help=text, description=text)
        added.set_defaults(run=run)
        return added

    command("demo", _demo, "the main job on synthetic data, in a few minutes")

    data = commands.add_parser("data", help="fetch, import and describe the data set")
    data = data.add_subparsers(required=True, metavar="WHAT")
    fetch = command("fetch", _fetch, "download the published archive, verify and import it", data)
    fetch.add_argument("--url", help="folder of a mirror instead of PhysioNet's")
    given = command("import", _import, "import the archive from a zip or an unpacked folder", data)
    given.add_argument("path", type=Path, help="training2017.zip, or the folder it unpacks to")
    info = command("info", _info, "what is there: records, classes, lengths, labels, digest", data)
    info.add_argument("--data", help="cinc2017 or synthetic; by default what is there")
    info.add_argument("--labels", help="label version: v1, v2 or v3")

    train = command("train", _train, "train an experiment, cross-validated, logged, resumable")
    train.add_argument("experiment", help="name of a file of experiments/")
    train.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="keys")
    train.add_argument("--records", type=int, help="an excerpt of so many records")
    train.add_argument("--no-track", action="store_true", help="log nothing to MLflow")
    again = train.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true", help="go on where it stopped (default)")
    again.add_argument("--fresh", action="store_true", help="begin anew beside an earlier run")

    tune = command("tune", _tune, "search an experiment's settings, logged, resumable")
    tune.add_argument("experiment", nargs="?", help="name of a file of experiments/")
    tune.add_argument("--trials", type=int, default=30, help="so many in all (30)")
    what = "how values are drawn: bayesian (default), random, hyperband"
    tune.add_argument("--tuner", default="bayesian", help=what)
    tune.add_argument("--epochs", type=int, help="of a trial; what wins is trained in full")
    tune.add_argument("--records", type=int, help="an excerpt of so many records for the trials")
    tune.add_argument("--inner-folds", type=int, default=0, metavar="N", help="instead of a split")
    tune.add_argument("--seed", type=int, default=1, help="of what is drawn (1)")
    tune.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="keys")
    tune.add_argument("--workers", type=int, default=0, metavar="K", help="so many trials at once")
    where = "IP[:PORT] of the chief, for workers of other machines; by default loopback only"
    tune.add_argument("--address", help=where)
    tune.add_argument("--limit", type=float, metavar="HOURS", help="end after so long")
    what = "without a finished epoch, after which a worker is started again (30)"
    tune.add_argument("--patience", type=float, default=30.0, metavar="MINUTES", help=what)
    tune.add_argument("--no-track", action="store_true", help="log nothing to MLflow")
    what = "write the best settings of a search as a new experiment"
    tune.add_argument("--best", metavar="SEARCH", help=what)
    tune.add_argument("--as", metavar="NAME", dest="name", help="of that experiment")

    track = command("track", _track, "log a run folder that was computed elsewhere to MLflow")
    track.add_argument("folder", type=Path)

    command("runs", _runs, "a table of the runs, newest first")

    score = command("score", _score, "score committed results again, or runs, from their tables")
    what = "name of a result, its file, or a run"
    score.add_argument("results", nargs="+", metavar="RESULT", help=what)
    what = "also score the records on whose label all label versions agree"
    score.add_argument("--agreed", action="store_true", help=what)

    ladder = command("ladder", _ladder, "keep finished runs, and compare all results on one page")
    ladder.add_argument("runs", nargs="*", metavar="RUN", help="name or folder of a run to keep")

    promote = command("promote", _promote, "register a run's model as the champion")
    promote.add_argument("run_name", metavar="RUN", help="name or id, as 'ecglab runs' shows it")

    ship = command("ship", _ship, "make a run the model that comes with ecglab")
    ship.add_argument("run_name", metavar="RUN", help="name or folder of a finished run")
    ship.add_argument("--as", choices=shipped.FOLDS, required=True, dest="place")

    predict = command("predict", _predict, "judge recordings")
    predict.add_argument("files", nargs="+", metavar="FILE")
    predict.add_argument("--json", action="store_true", help="one JSON object a line")
    which = f"champion or fast, which come with ecglab; {registry.DEFAULT} and the like; a folder"
    predict.add_argument("--model", help=f"{which}; by default what was promoted, or champion")
    predict.add_argument("--member", type=int, help="ask the member of this fold alone")
    predict.add_argument("--lead", help="name or number of the lead, in files with several")
    predict.add_argument("--fs", type=float, help="sampling rate in Hz, for files without one")

    ui = command("ui", _ui, "the MLflow UI, on this machine only")
    ui.add_argument("--port", type=int, default=5000)
    lab = command("lab", _lab, "JupyterLab in notebooks/, on this machine only")
    lab.add_argument("--port", type=int, default=8888)
    return parser


def _demo(options) -> None:
    from ecglab.cli import demo

    demo.run()


def _fetch(options) -> None:
    from ecglab.datasets import cinc2017, download, info

    print(info.describe(download.fetch_cinc2017(options.url or cinc2017.BASE_URL)))


def _import(options) -> None:
    from ecglab.datasets import archive, info

    print(info.describe(archive.import_archive(options.path)))


def _info(options) -> None:
    from ecglab.datasets import dataset, info

    print(info.describe(dataset.open(options.data, options.labels)))


def _train(options) -> None:
    from ecglab.training import experiment

    keys = list(options.keys)
    if options.records is not None:
        keys.append(f"records={options.records}")
    chosen = experiment.load(options.experiment).set(keys)
    from ecglab.training import cross_validation as crossval

    if options.no_track:
        run = crossval.run(options.experiment, chosen, options.fresh)
        print(f"\nnot logged; 'ecglab track {run.path}' logs it")
    else:
        from ecglab.tracking import tracker as tracking

        run = tracking.train(options.experiment, chosen, options.fresh)
    print(report.result(run))


def _tune(options) -> int:
    from ecglab.tuning import launch, searches, tuned

    if bool(options.experiment) == bool(options.best):
        raise EcglabError("name an experiment to search, or a search with --best")
    if options.best:
        print(f"wrote {tuned.write(searches.find(options.best), options.name)}")
        return 0
    search, why = launch.tune(
        options.experiment,
        options.keys,
        tuner=options.tuner,
        seed=options.seed,
        epochs=options.epochs,
        records=options.records,
        inner_folds=options.inner_folds,
        trials=options.trials,
        workers=options.workers,
        address=options.address,
        limit=None if options.limit is None else 3600 * options.limit,
        patience=60 * options.patience,
        track=not options.no_track,
    )
    print(report.search(search, options.trials, why))
    if problem := report.search_problem(search, why):
        raise EcglabError(problem)
    return 0


def _track(options) -> None:
    from ecglab.tracking import tracker as tracking
    from ecglab.training import run_folder as runs

    run = runs.RunFolder(options.folder.resolve())
    tracking.Tracker(run).sync()
    state = "" if run.is_done else " (unfinished: no scores and no model of the whole yet)"
    print(f"logged {run.name}{state}")


def _runs(options) -> None:
    from ecglab.tracking import tracker as tracking

    found = tracking.parents()
    if not found:
        raise EcglabError("there are no runs yet: 'ecglab train resnet1d' makes one")
    print(report.runs(found))


def _score(options) -> int:
    from ecglab.reports import results

    failed = False
    for name in options.results:
        result = results.find(name)
        print(report.score(result), flush=True)
        if options.agreed:
            print(report.score(results.agreed(result)), flush=True)
        if result.problem:
            failed = True
            print(f"ecglab: {result.problem}", file=sys.stderr)
    return int(failed)


def _ladder(options) -> None:
    from ecglab.reports import leaderboard as ladder
    from ecglab.reports import results

    # All are looked up before the first is written.
    for run in [results.find_run(name) for name in options.runs]:
        print(f"kept {results.keep(run)}")
    ladder.write()
    print(f"wrote {ladder.PAGE}")


def _promote(options) -> None:
    print(report.promotion(registry.promote(options.run_name)))


def _ship(options) -> None:
    from ecglab.reports import results

    print(f"wrote {shipped.ship(results.find_run(options.run_name), options.place)}")


def _predict(options) -> int:
    from ecglab import readers
    from ecglab.inference.predictor import Predictor

    package = registry.locate(options.model) if options.model else registry.default()
    members = None if options.member is None else [options.member]
    predictor = Predictor(package, members)
    if predictor.card["kind"] == "synthetic":
        print(
            f"ecglab: {predictor.name} was trained on SYNTHETIC data: "
            "what it says of real recordings means nothing",
            file=sys.stderr,
        )
    if not options.json:
        print(report.OPINION_HEADER)
    failed = False
    for file in options.files:
        try:
            record = readers.read(file, lead=options.lead, fs=options.fs)
            opinion = predictor.judge([record])[0]
        except RecordError as error:
            failed = True
            opinion = {"record": Path(file).stem, "error": str(error)}
        line = json.dumps(opinion, ensure_ascii=False) if options.json else report.opinion(opinion)
        print(line, flush=True)
    return int(failed)


def _ui(options) -> int:
    from ecglab.tracking import tracker as tracking
    from ecglab.tuning import tracking as search_tracking
    from ecglab.utils.paths import tracking_uri

    uri = tracking_uri()
    if not uri.startswith("sqlite:///"):
        raise EcglabError(f"the store is a server: open {uri} in a browser")
    _check_port(options.port)
    print(f"MLflow UI of {uri} on this machine only; Ctrl-C ends it", flush=True)
    for kind in ("recordings", "synthetic"):
        # Straight to the runs: MLflow's first page is about language models.
        for what, name in ("runs", "ecglab"), ("searches", search_tracking.NAME):
            page = f"#/experiments/{tracking.experiment_id(kind, name)}/runs"
            line = f"  {what + ' on ' + kind:<22}  http://127.0.0.1:{options.port}/{page}"
            print(line, flush=True)
    server = ["mlflow", "server", "--backend-store-uri", uri, "--host", "127.0.0.1"]
    # One worker and no job runners: a person looks at it, and MLflow would start a dozen processes.
    os.environ["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
    return _serve([*server, "--workers", "1", "--port", str(options.port)])


def _lab(options) -> int:
    from ecglab.utils.paths import NOTEBOOKS

    _check_port(options.port)
    where = ["--ServerApp.ip=127.0.0.1", f"--ServerApp.port={options.port}"]
    # Who works as root in a container knows it; Jupyter would only refuse to start.
    where += [f"--ServerApp.root_dir={NOTEBOOKS}", "--ServerApp.allow_root=True"]
    return _serve(["jupyterlab", *where])


def _check_port(port: int) -> None:
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise EcglabError(
                f"port {port} cannot be used ({error.strerror}): name another with --port"
            ) from None


def _serve(module: list[str]) -> int:
    """Run a server in the foreground until Ctrl-C; returns its exit status."""
    try:
        return subprocess.call([sys.executable, "-m", *module])
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
