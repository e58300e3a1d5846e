"""The command line: the same verbs as the pages, without a screen.

`--json` prints machine-readable output on stdout and nothing else there. A mistake of the user exits with 2 and
one line on stderr; `launch --wait` exits with 1 when a run did not finish.
"""

import argparse
import difflib
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from core.errors import TradeoffError
from core.home import Home


class Parser(argparse.ArgumentParser):
    """A parser whose mistakes are one line that says how to go on."""

    def error(self, message: str) -> NoReturn:
        """Raise the mistake as the product's error."""
        raise TradeoffError(message[0].upper() + message[1:], remedy=f"See `{self.prog} --help`.")


def import_(options: argparse.Namespace, home: Home) -> Any:
    """Read a labelled set from files, a bundled set (`bundled:trec`) or the hub (`hf:NAME`)."""
    from core.data import bundled, hub
    from core.data.importing import import_dataset

    source = options.path
    if source.startswith("bundled:"):
        dataset = bundled.import_bundled(home, source.removeprefix("bundled:"), options.name)
    elif source.startswith("hf:"):
        dataset = hub.import_from_hub(
            home, source.removeprefix("hf:"), name=options.name, task=options.task, text=options.text,
            label=options.label, id=options.id, tokens=options.tokens, tags=options.tags, intent=options.intent,
            separator=options.label_separator, label_columns=options.label_columns, tag_names=options.tag_names,
            seed=options.seed,
        )  # fmt: skip
    else:
        if not options.name:
            raise TradeoffError("A name is missing", remedy="Add --name NAME: runs and pages will call the set by it.")
        dataset = import_dataset(
            home, options.name, Path(source), task=options.task, text=options.text, label=options.label,
            split=options.split, id=options.id, tokens=options.tokens, tags=options.tags, intent=options.intent,
            separator=options.label_separator, label_columns=options.label_columns, tag_names=options.tag_names,
            validation=options.validation, test=options.test,
            encoding=options.encoding, delimiter=options.delimiter, header=options.header, sheet=options.sheet,
            seed=options.seed,
        )  # fmt: skip
    return dataset.info.model_dump(mode="json")


def datasets(_: argparse.Namespace, home: Home) -> Any:
    """The labelled sets that are here."""
    from core.data.dataset import list_datasets

    return [
        {"name": info.name, "task": info.task, "labels": len(info.labels), **info.counts, "version": info.fingerprint}
        for info in list_datasets(home)
    ]


def derive(options: argparse.Namespace, home: Home) -> Any:
    """Make a set of the intents alone, or of the slots alone, of a set that has both."""
    from core.data import views

    return views.derive(home, options.dataset, options.part, options.version).info.model_dump(mode="json")


def audit(options: argparse.Namespace, home: Home) -> Any:
    """What is wrong with a labelled set."""
    from core.data.audit import audit as audited
    from core.data.audit import load_audit
    from core.data.dataset import load_dataset

    dataset = load_dataset(home, options.dataset, options.version)
    return (load_audit(dataset) or audited(dataset)).model_dump(mode="json")


def candidates(options: argparse.Namespace, _: Home) -> Any:
    """What can be run, and with --settings every setting with its bounds."""
    from core.candidates import CANDIDATES, candidates_for, resolve
    from core.methods import METHODS

    rows: list[dict[str, Any]] = []
    for entry in candidates_for(options.task) if options.task else CANDIDATES.values():
        row: dict[str, Any] = {
            "candidate": entry.id,
            "method": entry.method,
            "model": entry.model,
            "tasks": ", ".join(METHODS[entry.method].tasks),
            "what": entry.summary,
        }
        if options.settings or options.json:
            fields = METHODS[entry.method].settings.model_fields
            row["settings"] = resolve(entry.id).settings
            row["help"] = {name: field.description for name, field in fields.items()}
        rows.append(row)
    return rows


def models(options: argparse.Namespace, home: Home) -> Any:
    """Known models, and whether each would fit this machine, before anything is downloaded."""
    from core.catalogue import search
    from core.data.dataset import load_dataset
    from core.devices import devices, resolve_device
    from core.fit import fit_of, possible_ways, typical_dataset
    from core.history import mean_tokens, past_runs
    from core.preferences import load

    info, length = typical_dataset(options.task)
    if options.dataset:
        dataset = load_dataset(home, options.dataset)
        info, length = dataset.info, mean_tokens(dataset)
    if options.how and options.how not in possible_ways(info.task):
        raise TradeoffError(
            f"No model is used that way for {info.task}: {options.how}",
            remedy=f"Take {', '.join(possible_ways(info.task))}.",
        )
    known, history, preferences = devices(), past_runs(home), load(home)
    device, rows = resolve_device(options.device or "auto"), []
    for card in search(" ".join(options.words)):
        for way in [options.how] if options.how else possible_ways(info.task):
            fit = fit_of(card, way, info, length, device, known, history, preferences)
            if fit:
                facts = card.model_dump(
                    mode="json", include={"family", "parameters", "context", "licence", "gated", "sources"}
                )
                rows.append({**fit.model_dump(mode="json"), **facts})
    return rows


def presets(_: argparse.Namespace, __: Home) -> Any:
    """The studies that ship as experiments: `launch presets/NAME.yaml --dataset YOURS`."""
    from core.presets import presets as shipped

    return [{"preset": f"presets/{found.name}.yaml", "what": found.description} for found in shipped()]


def prompt(options: argparse.Namespace, home: Home) -> Any:
    """What a prompt candidate asks about texts of a set, how long it is, and how much of it fits the model."""
    from core.candidates import resolve
    from core.data.dataset import load_dataset
    from core.prompts.preview import preview
    from core.tasks import get_task

    changes = _settings(f"{options.candidate}.{change}" for change in options.set)
    dataset = load_dataset(home, options.dataset, options.version)
    texts = options.text or [example.text for example in dataset.examples("validation")[: options.count]]
    found = preview(
        resolve(options.candidate, changes.get(options.candidate)), get_task(dataset.info.task), dataset.info.labels,
        dataset.examples("train"), texts, home, options.seed,
    )  # fmt: skip
    told = found.model_dump(mode="json")
    if not options.json:
        about = "" if found.exact else "about "
        whole = (f"[{about}{count} tokens]\n{text}" for count, text in zip(found.tokens, found.prompts, strict=True))
        options.told = "\n\n".join(whole)
        del told["prompts"], told["tokens"]
    return told


def launch(options: argparse.Namespace, home: Home) -> Any:
    """Queue a grid of runs; --wait shows them through to the end."""
    from core import launch as launching
    from core.planning import left_out
    from core.watch import wait_for

    experiment = _experiment(options)
    for line in left_out(home, experiment):
        print(f"Left out: {line}.", file=sys.stderr)
    if options.plan:
        return [_planned_row(run) for run in launching.plan(home, experiment)]
    folders = launching.launch(home, experiment)
    if options.wait:
        options.failed = not wait_for(home, folders, quiet=options.json)
    return _run_rows(home, [folder.run_id for folder in folders])


def runs(options: argparse.Namespace, home: Home) -> Any:
    """The runs and where they stand."""
    from core.reconcile import reconcile

    reconcile(home)
    rows = _run_rows(home)
    return [
        row for row in rows if options.dataset in (None, row["dataset"]) and options.status in (None, row["status"])
    ]


def cancel(options: argparse.Namespace, home: Home) -> Any:
    """Stop runs."""
    from core import launch as launching

    ids = [launching.cancel(home, run).run_id for run in options.runs]
    return _run_rows(home, ids)


def retry(options: argparse.Namespace, home: Home) -> Any:
    """Queue failed or cancelled runs again; they resume from where they were."""
    from core import launch as launching

    ids = [launching.retry(home, run, afresh=options.afresh).run_id for run in options.runs]
    return _run_rows(home, ids)


def multitask(options: argparse.Namespace, home: Home) -> Any:
    """One model for intents and slots beside two, for each candidate that has finished both ways."""
    from core.analysis.multitask import sentence
    from core.consolidated import comparisons, plain_rows
    from core.preferences import load
    from core.results import pricing

    found = comparisons(home, options.dataset, pricing(load(home)))
    options.told = "\n".join(sentence(comparison) for comparison in found)
    return plain_rows(found)


def results(options: argparse.Namespace, home: Home) -> Any:
    """A row a candidate: quality with its interval, cost, energy, latency; who is best and the cheapest as good."""
    from core.preferences import load
    from core.results import conclusion
    from core.results import results as computed

    size: int | str = options.train_size or "largest"
    size = int(size) if str(size).isdigit() else size
    rows = computed(home, options.dataset, load(home), version=options.version, metric=options.metric, train_size=size)
    if not options.json and (found := conclusion(home, rows)):
        options.told = found.sentence
    return [row.model_dump(mode="json") for row in rows]


def report(options: argparse.Namespace, home: Home) -> Any:
    """What a finished run gets right and wrong, label by label."""
    from core.predictor import find_fitted
    from core.report import report as reported

    return reported(find_fitted(home, options.run, options.dataset), options.split)


def predict(options: argparse.Namespace, home: Home) -> Any:
    """Let a finished run answer texts, or a file of texts."""
    from core.predictor import Predictor, find_fitted

    folder = find_fitted(home, options.run, options.dataset)
    with Predictor(home) as predictor:
        if options.file:
            return _predict_file(options, predictor, folder.run_id)
        if not options.texts:
            raise TradeoffError("No text was given", remedy="Add texts, or --file IN --out OUT.")
        return predictor.predict(folder.run_id, options.texts)


def sql(options: argparse.Namespace, home: Home) -> Any:
    """Ask the index in SQL; it is read-only."""
    from store.db import open_index
    from store.ingest import refresh
    from store.sandbox import run_sql

    with open_index(home) as index:
        refresh(index)
        result = run_sql(index, options.query)
    return [dict(zip(result.columns, row, strict=True)) for row in result.rows]


def endpoints(options: argparse.Namespace, home: Home) -> Any:
    """The servers that answer for api: candidates; with a name, add, change, test or remove one."""
    from core.clients import managing
    from core.preferences import load

    wanted = {"base_url": options.url, "key_env": options.key_env, "api_version": options.api_version,
              "concurrency": options.concurrency, "batch_share": options.batch_share}  # fmt: skip
    wanted = {name: value for name, value in wanted.items() if value is not None}
    if not options.name and (wanted or options.test or options.remove):
        raise TradeoffError("Which endpoint is missing", remedy="Give its name: `cli.py endpoints NAME …`.")
    if options.remove:
        managing.remove(home, options.name)
    elif wanted:
        managing.put(home, {"name": options.name, **wanted})
    rows = [row for row in managing.rows(load(home)) if options.remove or options.name in (None, row["name"])]
    if options.test:
        told = managing.try_connection(options.name, load(home).endpoints)
        rows = [{**row, "test": told} for row in rows]
    return rows


def doctor(_: argparse.Namespace, home: Home) -> Any:
    """Is everything here that the product needs?"""
    from core.doctor import examine

    return [check.model_dump() for check in examine(home)]


def _experiment(options: argparse.Namespace) -> Any:
    from core.experiment_file import read_experiment
    from core.presets import experiment_path
    from core.spec import Experiment

    given = {
        "seeds": options.seeds, "train_sizes": options.train_size, "device": options.device,
        "max_usd": options.max_usd, "with_datasets": options.with_,
    }  # fmt: skip
    given = {name: value for name, value in given.items() if value is not None}
    if options.experiment:
        if options.candidates or options.set:
            raise TradeoffError(
                "Candidates and settings stand in the experiment file", options.experiment,
                "Leave out --candidates and --set, or the file.",
            )  # fmt: skip
        return read_experiment(experiment_path(Path(options.experiment)), options.dataset, given)
    if not options.dataset or not options.candidates:
        raise TradeoffError(
            "A dataset and candidates are needed",
            remedy="Give --dataset NAME --candidates a,b,c, or the path of an experiment file.",
        )
    return Experiment(dataset=options.dataset, candidates=options.candidates, settings=_settings(options.set), **given)


def _settings(changes: Iterable[str]) -> dict[str, dict[str, Any]]:
    """`candidate.setting=value` as a table; values are read as JSON where they are JSON, else as text."""
    found: dict[str, dict[str, Any]] = {}
    for change in changes:
        path, equals, text = change.partition("=")
        candidate, dot, setting = path.rpartition(".")
        if not equals or not dot:
            raise TradeoffError(f'"{change}" cannot be read', remedy="Write --set candidate.setting=value.")
        try:
            value = json.loads(text)
        except json.JSONDecodeError:
            value = text
        found.setdefault(candidate, {})[setting] = value
    return found


def _run_rows(home: Home, ids: Sequence[str] | None = None) -> list[dict[str, Any]]:
    from core.progress import summary
    from core.runs import find_run, list_runs

    rows = []
    for folder in list_runs(home) if ids is None else [find_run(home, run_id) for run_id in ids]:
        spec, state, progress = folder.spec, folder.state, summary(folder)
        rows.append(
            {
                "run": folder.run_id, "dataset": spec.dataset, "candidate": spec.label, "seed": spec.seed,
                "train_size": spec.train_size, "device": spec.device, "status": state.status if state else "queued",
                "progress": progress.line, "reason": state.reason if state else "",
                "remedy": state.remedy if state else "",
            }
        )  # fmt: skip
    return rows


def _planned_row(run: Any) -> dict[str, Any]:
    found = run.estimate
    return {
        "run": run.spec.run_id, "candidate": run.spec.label, "seed": run.spec.seed,
        "train_size": run.spec.train_size, "status": run.status or "new", **found.model_dump(mode="json"),
    }  # fmt: skip


def _predict_file(options: argparse.Namespace, predictor: Any, run_id: str) -> Any:
    from core.predictor import read_texts
    from store.export import write_table

    if not options.out:
        raise TradeoffError("Where the answers should go is missing", remedy="Add --out FILE (.csv, .xlsx, .parquet).")
    texts = read_texts(Path(options.file), column=options.text)
    answers = predictor.predict(run_id, texts)
    write_table(answers, Path(options.out))
    return {"run": run_id, "texts": len(texts), "out": options.out}


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _sizes(text: str) -> list[int | None]:
    return [None if part in ("all", "0") else int(part) for part in text.split(",")]


def _money(text: str) -> float:
    if not 0 < (value := float(text)) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text} is no amount of money: give dollars, above 0")
    return value


def _names(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def parser() -> Parser:
    """The verbs and their options."""
    top = Parser(prog="cli.py", description="Choose a text model on your own data.")
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB", parser_class=Parser)

    def verb(name: str, act: Callable[[argparse.Namespace, Home], Any]) -> Parser:
        made: Parser = verbs.add_parser(name, help=act.__doc__, description=act.__doc__)
        made.add_argument("--json", action="store_true", help="print JSON on stdout and nothing else")
        made.set_defaults(act=act, failed=False, told="")
        return made

    made = verb("import", import_)
    made.add_argument("path", metavar="PATH", help="a file, bundled:NAME or hf:NAME")
    made.add_argument("--name", help="what to call the set")
    made.add_argument("--task", help="single_label, multi_label, token_labels or intent_slots; guessed when left out")
    for column in ("text", "label", "split", "id", "tokens", "tags", "intent"):
        made.add_argument(f"--{column}", metavar="COLUMN", help=f"the {column} column; guessed when left out")
    made.add_argument("--label-separator", metavar="SIGN", help="the sign between labels of one cell, as in a|b")
    made.add_argument("--label-columns", type=_names, default=[], metavar="A,B", help="columns of 0 and 1, one a label")
    made.add_argument(
        "--tag-names", type=_names, default=[], metavar="O,B-a,I-a", help="tags in order of their numbers"
    )
    made.add_argument("--validation", type=Path, metavar="PATH")
    made.add_argument("--test", type=Path, metavar="PATH")
    made.add_argument("--encoding")
    made.add_argument("--delimiter")
    made.add_argument("--header", action=argparse.BooleanOptionalAction, help="whether the first row names columns")
    made.add_argument("--sheet", help="the sheet of an XLSX file")
    made.add_argument("--seed", type=int, default=0, help="for splits that are made")

    verb("datasets", datasets)

    made = verb("derive", derive)
    made.add_argument("dataset")
    made.add_argument("part", choices=("intent", "slots"))
    made.add_argument("--version", help="start of a fingerprint; the current one by default")

    made = verb("audit", audit)
    made.add_argument("dataset")
    made.add_argument("--version", help="start of a fingerprint; the current one by default")

    made = verb("candidates", candidates)
    made.add_argument("--settings", action="store_true", help="show every setting")
    made.add_argument("--task", help="only those that can do it")

    made = verb("models", models)
    made.add_argument("words", nargs="*", metavar="WORD", help="in a model's name, family, kind, licence or source")
    made.add_argument(
        "--how", metavar="WAY", help="full, lora, qlora, linear, zero-shot or few-shot; all when left out"
    )
    made.add_argument("--dataset", help="whose texts are counted on; else short texts of one label")
    made.add_argument("--task", default="single_label")
    made.add_argument("--device", choices=("auto", "cpu", "cuda"))

    verb("presets", presets)

    made = verb("prompt", prompt)
    made.add_argument("candidate", help="such as smollm2-few-shot")
    made.add_argument("--dataset", required=True)
    made.add_argument("--version", help="start of a fingerprint; the current one by default")
    made.add_argument("--set", action="append", default=[], metavar="SETTING=VALUE")
    made.add_argument("--text", action="append", metavar="TEXT", help="ask about this text, not the set's own")
    made.add_argument("--count", type=int, default=2, metavar="N", help="how many validation texts are shown")
    made.add_argument("--seed", type=int, default=0, help="the seed that draws the examples")

    made = verb("launch", launch)
    made.add_argument(
        "experiment", nargs="?", metavar="FILE.yaml", help="an experiment file, or a study: presets/study1-small.yaml"
    )
    made.add_argument("--dataset")
    made.add_argument("--candidates", type=_names, metavar="A,B,C")
    made.add_argument("--with", dest="with_", type=_names, metavar="D,E", help="fit each model on these sets as well")
    made.add_argument("--seeds", type=_numbers, metavar="0,1")
    made.add_argument("--train-size", type=_sizes, metavar="N[,N]")
    made.add_argument("--set", action="append", default=[], metavar="CANDIDATE.SETTING=VALUE")
    made.add_argument("--device", choices=("auto", "cpu", "cuda"))
    made.add_argument("--max-usd", type=_money, metavar="USD", help="most that providers may bill for these runs")
    made.add_argument("--wait", action="store_true", help="show the runs through to the end")
    made.add_argument("--plan", action="store_true", help="only tell what the runs will take; nothing is launched")

    made = verb("runs", runs)
    made.add_argument("--dataset")
    made.add_argument("--status", choices=("queued", "running", "finished", "failed", "cancelled"))

    made = verb("cancel", cancel)
    made.add_argument("runs", nargs="+", metavar="RUN")

    made = verb("retry", retry)
    made.add_argument("runs", nargs="+", metavar="RUN")
    made.add_argument("--afresh", action="store_true", help="start over instead of resuming")

    made = verb("results", results)
    made.add_argument("dataset")
    made.add_argument("--metric")
    made.add_argument("--train-size", help="a number, or all")
    made.add_argument("--version", help="start of a fingerprint; the current one by default")

    made = verb("multitask", multitask)
    made.add_argument("dataset", help="with intents and slots, whose parts were derived")

    made = verb("report", report)
    made.add_argument("run", metavar="RUN_OR_CANDIDATE")
    made.add_argument("--dataset", help="needed when a candidate is named")
    made.add_argument("--split", choices=("test", "validation"), default="test")

    made = verb("predict", predict)
    made.add_argument("run", metavar="RUN_OR_CANDIDATE")
    made.add_argument("texts", nargs="*", metavar="TEXT")
    made.add_argument("--dataset", help="needed when a candidate is named")
    made.add_argument("--file", metavar="IN")
    made.add_argument("--text", metavar="COLUMN", help="the text column of IN; guessed when left out")
    made.add_argument("--out", metavar="OUT")

    made = verb("sql", sql)
    made.add_argument("query")

    made = verb("endpoints", endpoints)
    made.add_argument("name", nargs="?", metavar="NAME")
    made.add_argument("--url", metavar="URL", help="where it is, up to and with /v1")
    made.add_argument("--key-env", metavar="VARIABLE", help="the environment variable that holds the key")
    made.add_argument("--api-version", metavar="VERSION", help="Azure only, e.g. 2024-10-21")
    made.add_argument("--concurrency", type=int, metavar="N", help="most requests at once")
    made.add_argument("--batch-share", type=float, metavar="SHARE", help="share of the price that its batches bill")
    made.add_argument("--test", action="store_true", help="ask it for its models; nobody bills that")
    made.add_argument("--remove", action="store_true", help="forget it")

    verb("doctor", doctor)
    return top


def known_verb(arguments: Sequence[str], verbs: Iterable[str]) -> None:
    """Raise "did you mean" for a mistyped verb, which argparse would answer with the whole list."""
    if arguments and not arguments[0].startswith("-") and arguments[0] not in verbs:
        near = difflib.get_close_matches(arguments[0], verbs, n=1)
        remedy = f'Did you mean "{near[0]}"?' if near else f"The verbs are {', '.join(verbs)}."
        raise TradeoffError(f'There is no verb "{arguments[0]}"', remedy=remedy)


def main(arguments: Sequence[str]) -> int:
    """Run one verb; returns the exit code."""
    from core.tables import show

    try:
        top = parser()
        known_verb(arguments, [name for action in top._subparsers._group_actions for name in action.choices])  # type: ignore[union-attr]
        options = top.parse_args(arguments)
        answer = options.act(options, Home.default())
        if options.json:
            print(json.dumps(answer, ensure_ascii=False, indent=1, allow_nan=False))
        else:
            show("plan" if getattr(options, "plan", False) else options.verb, answer, options.told)
        sys.stdout.flush()
        return 1 if options.failed else 0
    except TradeoffError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 2
    except BrokenPipeError:  # who reads has seen enough, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("Stopped watching; runs go on. `cli.py runs` shows them, `cli.py cancel RUN` stops one.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
