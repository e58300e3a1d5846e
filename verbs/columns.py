"""The columns of the tables that the command line prints, by verb, and how each cell is written."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core import format as f
from core.metric_words import difference_told, metric_name, metric_quality, metric_range, metric_show
from verbs.compare_tables import figure_told

Column = tuple[str, Callable[[Mapping[str, Any]], str]]


def plain(key: str) -> Callable[[Mapping[str, Any]], str]:
    """A cell that shows a value as it is."""
    return lambda row: "" if row.get(key) is None else str(row[key])


def _known(told: str, unknown: int) -> str:
    """A sum of what is known, with the number of runs whose figure is not."""
    return f"{told} + {unknown} unknown" if unknown and told != f.UNKNOWN else told


def _gap(metric: str, ends: Sequence[float] | None) -> str:
    """A difference with its interval, in points or, of a correlation, as it is."""
    if not ends:
        return ""
    value, low, high = (difference_told(metric, end) for end in ends)
    return f"{value} ({low} to {high})"


def _points(row: Mapping[str, Any]) -> str:
    low = "difference_low" if "difference_low" in row else "low"
    value, low, high = (100 * row[name] for name in ("difference", low, low.replace("low", "high")))
    return f"{value:+.1f} ({low:+.1f} to {high:+.1f})" + (", tied" if row.get("tie") else "")


def _needed(row: Mapping[str, Any], what: str) -> str:
    if row["standing"] != "unsettled":
        return ""
    if what == "seeds_needed" and row["seeds_share"] is None:
        return f.UNKNOWN
    return "out of reach" if row[what] is None else f.number(row[what])


STANDINGS: dict[str, str] = {"tied": "not worse", "unsettled": "open", "worse": "worse"}
COLUMNS: dict[str, list[Column]] = {
    "datasets": [(key, plain(key)) for key in ("name", "task", "labels", "train", "validation", "test", "version")],
    "candidates": [(key, plain(key)) for key in ("candidate", "method", "model", "what")],
    "models": [
        ("candidate", plain("candidate")),
        ("fits", lambda row: {True: "yes", False: "no", None: f.UNKNOWN}[row["fits"]]),
        ("memory", lambda row: f.memory(row["memory_bytes"])),
        ("weights", lambda row: f.number(row["parameters"])),
        ("context", lambda row: f.number(row["context"])),
        ("licence", plain("licence")),
        ("to know", plain("why")),
    ],
    "runs": [(key, plain(key)) for key in ("run", "status", "progress", "reason")],
    "multitask": [
        ("one model", plain("one")),
        ("two models", plain("two")),
        ("quality", lambda row: metric_name(row["metric"])),
        ("one", lambda row: metric_show(row["metric"])(row["one_value"])),
        ("two", lambda row: metric_show(row["metric"])(row["two_value"])),
        ("one minus two, points", lambda row: _points(row)),
    ],
    "front": [
        ("candidate", plain("candidate")),
        ("on the front", lambda row: {True: "yes", False: "no"}[row["on_front"]]),
        ("how likely", lambda row: f.chance(row["chance"])),
        ("up", lambda row: figure_told(row["up"], row["up_value"], row["metric"])),
        ("against", lambda row: figure_told(row["against"], row["against_value"], row["metric"])),
    ],
    "results": [
        ("candidate", plain("candidate")),
        ("invalid", lambda row: f.percent(row["invalid_rate"])),
        ("cost / 1,000", lambda row: f.usd(row["usd_per_1k"])),
        (
            "energy / 1,000",
            lambda row: f.energy_range(row["kwh_per_1k"], row["kwh_low_per_1k"], row["kwh_high_per_1k"]),
        ),
        ("energy is", plain("energy_provenance")),
        ("one text, p50", lambda row: f.milliseconds(row["latency_p50_ms"])),
        ("p95", lambda row: f.milliseconds(row["latency_p95_ms"])),
        ("texts / s", lambda row: f.number(row["texts_per_second"])),
        ("fit", lambda row: f.duration(row["fit_seconds"])),
        ("runs", plain("runs")),
    ],
    "power": [
        ("candidate", plain("candidate")),
        ("best minus it, points", lambda row: _points(row)),
        ("it is", lambda row: STANDINGS[row["standing"]]),
        ("can be seen", lambda row: f"{100 * row['detectable']:.1f}"),
        ("more test texts", lambda row: _needed(row, "texts_needed")),
        ("runs of each", lambda row: _needed(row, "seeds_needed")),
        ("variance by seeds", lambda row: f.percent(row["seeds_share"], 0)),
    ],
    "recommend": [
        ("candidate", plain("candidate")),
        ("standing", plain("standing")),
        ("quality", lambda row: metric_quality(row["metric"], row["quality"], row["quality_low"], row["quality_high"])),
        ("behind the best", plain("behind")),
        ("cheap by", plain("cost")),
    ],
    "plan": [
        ("candidate", plain("candidate")),
        ("seed", plain("seed")),
        ("texts", lambda row: str(row["train_size"] or "all")),
        ("now", plain("status")),
        ("time", lambda row: f.duration(row["seconds"])),
        ("energy", lambda row: f.energy(row["kwh"])),
        ("cost", lambda row: f.usd(row["usd"])),
        ("memory", lambda row: f.memory(row["peak_ram_bytes"])),
        ("fits", lambda row: row["why_not"] or ("yes" if row["fits"] else f.UNKNOWN)),
        ("from", plain("basis")),
    ],
    "predict": [
        ("text", lambda row: f.shorten(row["text"])),
        ("prediction", lambda row: f.shorten(row["shown"] or row["reason"] or "", 200)),
        ("confidence", lambda row: f.percent(row["confidence"])),
        ("time", lambda row: f.milliseconds(1000 * row["seconds"])),
    ],
    "endpoints": [
        *((key, plain(key)) for key in ("name", "base_url", "key_env", "key", "api_version", "concurrency")),
        ("batch price", lambda row: f.percent(row["batch_share"], 0)),
        ("test", plain("test")),
    ],
    "labels": [
        ("label", plain("label")),
        ("F1", lambda row: f"{100 * row['f1']:.1f}"),
        ("precision", lambda row: f.percent(row["precision"])),
        ("recall", lambda row: f.percent(row["recall"])),
        ("right ones", plain("support")),
        ("given", plain("predicted")),
    ],
    "spans": [
        (key.replace("_", " "), plain(key))
        for key in ("label", "gold", "right", "wrong_label", "wrong_boundary", "missed", "spurious")
    ],
    "confusions": [
        (name, plain(key)) for name, key in (("right", "gold"), ("taken for", "predicted"), ("spans", "spans"))
    ],
    "breakeven": [
        ("candidate", plain("candidate")),
        ("a month", lambda row: f.usd(row["month"]["usd"]) if row["month"] else f.UNKNOWN),
        ("serving", lambda row: f.usd(row["month"]["serving"]) if row["month"] else row["why_unknown"]),
        ("training", lambda row: f.usd(row["month"]["training"]) if row["month"] else ""),
        ("labels", lambda row: f.usd(row["month"]["labels"]) if row["month"] else ""),
        ("cheaper, rented while it works", plain("working")),
        ("cheaper, rented all month", plain("always_on")),
    ],
    "spent": [
        ("", plain("name")),
        ("runs", plain("runs")),
        ("money", lambda row: _known(f.usd(row["usd"]), row["usd_unknown"])),
        ("energy", lambda row: _known(f.energy(row["kwh"]), row["kwh_unknown"])),
        ("energy is", plain("provenance")),
        ("CO2e", lambda row: _known(f.co2e(row["co2e_kg"]), row["co2e_unknown"])),
        ("time", lambda row: f.duration(row["seconds"])),
    ],
    "race": [
        ("race", plain("race")),
        ("dataset", plain("dataset")),
        ("is", plain("status")),
        ("round", plain("round")),
        ("candidates", plain("candidates")),
        ("ahead", plain("leader")),
        ("time", lambda row: f.duration(row["spent_seconds"] or 0.0)),
        ("money", lambda row: f.usd(row["spent_usd"])),
        ("energy", lambda row: f.energy(row["spent_kwh"])),
    ],
    "doctor": [
        ("", lambda row: "ok" if row["ok"] else "PROBLEM"),
        ("what", plain("name")),
        ("detail", plain("detail")),
        ("remedy", plain("remedy")),
    ],
}
COLUMNS["curve"] = [
    ("candidate", plain("candidate")),
    ("with labels", lambda row: f.number(row["texts"])),
    ("quality", lambda row: metric_show(row["metric"])(row["value"])),
    ("twice the labels", lambda row: metric_range(row["metric"], row["doubling"])),
    ("levels off at", lambda row: " to ".join(map(metric_show(row["metric"]), row["ceiling"][1:]))),
    ("labels to the goal", lambda row: f.number(row["needed"]) if row["needed"] else row["state"]),
    ("at least", lambda row: f.number(row["low"]) if row["low"] else ""),
    ("at most", lambda row: f.number(row["high"]) if row["high"] else ""),
    ("train sizes", plain("sizes")),
    ("runs", plain("runs")),
]
COLUMNS["sensitivity"] = [
    ("candidate", plain("candidate")),
    ("wording", plain("wording")),
    ("label order", plain("label_order")),
    ("seed", plain("seed")),
    ("quality", lambda row: metric_show(row["metric"])(row["value"])),
    ("on validation", lambda row: metric_show(row["metric"])(row["validation"])),
]
COLUMNS["cascade"] = [
    ("candidate", plain("candidate")),
    ("quality", lambda row: metric_quality(row["metric"], row["quality"], row["quality_low"], row["quality_high"])),
    ("cascade minus it", lambda row: _gap(row["metric"], row["difference"])),
    ("cost / 1,000", lambda row: f.exact_usd(row["usd_per_1k"])),
    ("mistakes / 1,000", lambda row: f.usd(row["mistakes_usd_per_1k"]) if row["mistakes_usd_per_1k"] else ""),
    ("energy / 1,000", lambda row: f.energy(row["kwh_per_1k"])),
    ("energy is", plain("energy_provenance")),
    ("one text, p50", lambda row: f.milliseconds(row["latency_p50_ms"])),
    ("p95", lambda row: f.milliseconds(row["latency_p95_ms"])),
]
COLUMNS["launch"] = COLUMNS["cancel"] = COLUMNS["retry"] = COLUMNS["runs"]
EMPTY = {
    "curve": "No learning curve yet.",
    "sensitivity": "No prompt candidate has finished yet.",
    "datasets": "No labelled set yet. Import one: python cli.py import FILE --name NAME, or import bundled:trec.",
    "runs": "No runs yet. Start some: python cli.py launch --dataset NAME --candidates tfidf-linear --wait.",
    "results": "No run on this set has finished yet. python cli.py runs shows where they stand.",
    "models": "No known model is like this. Any Hugging Face name or local folder can be used all the same.",
    "sql": "No rows.",
    "spent": "Nothing has been run yet.",
    "race": "No race yet. Start one: python cli.py race DATASET --candidates a,b,c --minutes 10.",
}
