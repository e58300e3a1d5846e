"""A decision record is what the runs say, a document shows all of it, and every change to either is found."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from core import files
from core.analysis.decision import Question
from core.analysis.limits import Limits
from core.analysis.scenario import Scenario
from core.data.audit import audit
from core.data.dataset import Dataset, leave_out
from core.errors import TradeoffError
from core.findings.decide import decision_and_rows
from core.home import Home
from core.metering.prices import DevicePrice
from core.preferences import Preferences, save
from core.record.files import as_bytes, write_record
from core.record.gather import record
from core.record.page import page
from core.record.parts import DecisionRecord
from core.record.signing import hash_of, in_page, sealed
from core.record.verify import verify
from core.tasks import TASKS
from tests.ui.fixtures import finished_run, of_task, questions

CANDIDATES = ("majority", "tfidf-linear", "minilm-full", "smollm2-zero-shot")


@pytest.fixture
def decided(home: Home) -> Dataset:
    dataset = questions(home, test=60)
    for name in CANDIDATES:
        finished_run(home, dataset, name)
    finished_run(home, dataset, "minilm-full", seed=1)
    return dataset


def written(home: Home, folder: Path, suffix: str = ".html", **options) -> Path:
    path = folder / f"decision{suffix}"
    write_record(record(home, "questions", **options), path)
    return path


def test_the_record_holds_what_the_decision_stands_on(home: Home, decided: Dataset) -> None:
    made = record(home, "questions")
    found, rows = decision_and_rows(home, "questions")
    assert made.decision == found
    assert list(made.candidates) == rows
    assert made.data.fingerprint == decided.info.fingerprint
    assert {run.run_id for run in made.runs} == {run_id for row in rows for run_id in row.run_ids}
    assert all(len(run.files["predictions.parquet"]) == 64 for run in made.runs)
    assert {run.seed for run in made.runs} == {0, 1}
    assert [(one.device, one.row.usd_per_hour if one.row else None) for one in made.prices] == [("cpu", 0.0504)]
    assert {one.candidate for one in made.comparisons} == set(found.differences)
    assert all(one.p <= (one.p_holm or 0) <= 1 for one in made.comparisons)
    assert all(0 < (one.detectable or 0) < 0.5 for one in made.comparisons)
    assert any("smollm2-zero-shot was asked in one wording only" in limit for limit in made.limits)
    assert any("not audited" in limit for limit in made.limits)


def test_a_record_survives_being_written_as_json(home: Home, decided: Dataset) -> None:
    made = record(home, "questions")
    content = json.loads(json.dumps(made.model_dump(mode="json")))
    again = DecisionRecord(**content)
    assert hash_of(again.model_dump(mode="json")) == hash_of(content)
    assert page(again) == page(made)


@pytest.mark.parametrize("suffix", [".html", ".json"])
def test_an_unchanged_document_agrees(home: Home, decided: Dataset, tmp_path: Path, suffix: str) -> None:
    verdict = verify(home, written(home, tmp_path, suffix))
    assert verdict.agrees, verdict.faults
    assert verdict.figures > 500
    assert verdict.runs == 5
    assert not verdict.notices


@pytest.mark.parametrize("task", TASKS)
def test_every_task_and_question_can_be_recorded_and_checked(home: Home, task: str, tmp_path: Path) -> None:
    dataset = of_task(home, task)
    for name in CANDIDATES:
        finished_run(home, dataset, name)
    question = Question(cheap="total", volume=1e6, margin=0.03, limits=Limits(max_usd_per_1k=0.5, in_house=True))
    made = record(home, dataset.info.name, question, Scenario(hours_on=730, pue=1.4))
    path = tmp_path / "decision.html"
    write_record(made, path)
    assert verify(home, path).agrees
    shown = path.read_text(encoding="utf-8")
    assert "1 million" in shown
    assert "pue = 1.4" in shown
    assert "no text may leave the house" in shown


class Links(HTMLParser):
    """Everything in a page that a browser would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.found += [f"{tag} {name}" for name in ("src", "href", "action", "data", "poster") if name in values]
        if tag in ("iframe", "object", "embed", "link", "base") or (
            tag == "script" and values.get("type") != "application/json"
        ):
            self.found.append(tag)


def test_the_page_fetches_nothing_and_hostile_names_stay_words(home: Home) -> None:
    hostile = "</script><script>alert(1)</script> & <img src=x onerror=alert(1)>"
    dataset = questions(home, hostile, labels=["<b>x", "y\"'>", "z"], test=40)
    for name in ("majority", "minilm-full"):
        finished_run(home, dataset, name)
    shown = page(record(home, hostile))
    links = Links()
    links.feed(shown)
    assert links.found == []
    assert "default-src 'none'" in shown
    assert "<img" not in shown
    assert shown.count("</script>") == 1
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", shown.split("<body>")[0])
    assert in_page(shown)["record"]["data"]["name"] == hostile


def test_a_changed_word_changed_record_and_changed_both_are_found(home: Home, decided: Dataset, tmp_path: Path) -> None:
    path = written(home, tmp_path)
    right = path.read_text(encoding="utf-8")
    made = record(home, "questions")
    assert made.decision.winner
    headline = f"Take {made.decision.winner.candidate}"
    assert headline in right

    path.write_text(right.replace(headline, "Take majority", 1), encoding="utf-8")
    assert any("changed by hand" in fault for fault in verify(home, path).faults)

    path.write_text(sealed(right.replace(headline, "Take majority", 1)), encoding="utf-8")
    assert verify(home, path).faults == ("The page does not say what its record says",)

    signed = in_page(right)
    signed["record"]["candidates"][0]["quality"] += 0.02
    told = tmp_path / "told.json"
    told.write_text(json.dumps(signed))
    faults = verify(home, told).faults
    assert any("its hash is not" in fault for fault in faults)

    signed["hash"] = hash_of(signed["record"])
    told.write_text(json.dumps(signed))
    faults = verify(home, told).faults
    name = signed["record"]["candidates"][0]["candidate"]
    assert len(faults) == 1
    assert faults[0].startswith(f"candidates, {name}, quality: ")


def test_what_was_left_out_is_found_and_older_documents_are_not_blamed(
    home: Home, decided: Dataset, tmp_path: Path
) -> None:
    content = json.loads(as_bytes(record(home, "questions"), ".json"))["record"]
    path, doubts = tmp_path / "told.json", content["decision"].pop("doubts")
    assert doubts
    path.write_text(json.dumps({"hash": hash_of(content), "record": content}))
    verdict = verify(home, path)
    assert [fault.partition(":")[0] for fault in verdict.faults] == ["decision, doubts"]
    content["made_with"]["drawn by"] = "an older one"
    path.write_text(json.dumps({"hash": hash_of(content), "record": content}))
    verdict = verify(home, path)
    assert verdict.agrees
    assert any("another release" in notice for notice in verdict.notices)


def test_a_changed_run_is_named_with_all_that_follows(home: Home, decided: Dataset, tmp_path: Path) -> None:
    path = written(home, tmp_path)
    folder = home.runs / next(run.run_id for run in record(home, "questions").runs if run.candidate == "tfidf-linear")
    table = pq.read_table(folder / "predictions.parquet")
    wrong = ["LOC"] * len(table)
    pq.write_table(table.set_column(3, table.schema.field("prediction"), [wrong]), folder / "predictions.parquet")
    faults = verify(home, path).faults
    assert faults[0] == f"predictions.parquet of {folder.name} was changed"
    assert any(fault.startswith("decision, differences, tfidf-linear, value: ") for fault in faults)
    shutil.rmtree(folder)
    assert verify(home, path).faults == (f"The run {folder.name} of tfidf-linear is gone",)


def test_what_happened_since_is_no_fault(home: Home, decided: Dataset, tmp_path: Path) -> None:
    path = written(home, tmp_path)
    later = finished_run(home, decided, "minilm-lora")
    save(home, Preferences(device_prices=(DevicePrice(device="cpu", usd_per_hour=9.0),)))
    audit(decided)
    leave_out(home, decided, [str(decided.frame["id"].iloc[-1])], "one less")
    verdict = verify(home, path)
    assert verdict.agrees, verdict.faults
    told = " ".join(verdict.notices)
    assert later.run_id in told
    for word in ("Prices were changed", "newer version", "was audited after"):
        assert word in told


def test_the_audit_is_part_of_a_later_record(home: Home, decided: Dataset, tmp_path: Path) -> None:
    audit(decided)
    made = record(home, "questions")
    assert made.data.audit
    assert made.data.audit.checks > 5
    assert made.cleaned
    assert made.cleaned["sentence"] in page(made)
    assert verify(home, written(home, tmp_path)).agrees


def test_runs_that_ask_otherwise_are_part_of_the_record(home: Home, decided: Dataset, tmp_path: Path) -> None:
    others = [finished_run(home, decided, "smollm2-zero-shot", paraphrase=wording).run_id for wording in (1, 2)]
    made = record(home, "questions")
    assert made.row("smollm2-zero-shot").prompt_ways == 3
    assert {run.run_id for run in made.runs if run.otherwise} == set(others)
    assert any(limit.startswith("Asked in 3 ways, smollm2-zero-shot ranges from") for limit in made.limits)
    path = written(home, tmp_path)
    assert verify(home, path).agrees
    shutil.rmtree(home.runs / others[0])
    assert verify(home, path).faults == (f"The run {others[0]} of smollm2-zero-shot is gone",)


def test_nobody_within_the_limits_is_a_record_too(home: Home, decided: Dataset, tmp_path: Path) -> None:
    path = written(home, tmp_path, question=Question(limits=Limits(max_p95_ms=1e-6)))
    assert "No candidate can be taken" in path.read_text(encoding="utf-8")
    assert verify(home, path).agrees


def test_mistakes_are_told(home: Home, decided: Dataset, tmp_path: Path) -> None:
    made = record(home, "questions")
    for suffix, words in ((".doc", '".doc"'), ("", "is missing")):
        with pytest.raises(TradeoffError, match=words):
            as_bytes(made, suffix)
    questions(home, "empty", test=40)
    with pytest.raises(TradeoffError, match="nothing to decide"):
        record(home, "empty")
    for name, content, words in (
        ("a.html", "<p>hello", "no decision record"),
        ("b.pdf", "%PDF-1.7 broken", "no PDF that can be read"),
        ("c.json", '{"hash": 1}', "no decision record"),
        ("e.json", '{"hash": "x", "record": ' + '{"a":' * 500 + "1" + "}" * 500 + "}", "no decision record"),
        ("f.json", '{"hash": "x", "record": {"made_at": NaN}}', "no decision record"),
        ("d.json", json.dumps({"hash": "x", "record": {"record_version": 99}}), "version 99"),
    ):
        (tmp_path / name).write_text(content)
        with pytest.raises(TradeoffError, match=words):
            verify(home, tmp_path / name)
    with pytest.raises(TradeoffError, match="cannot be read"):
        verify(home, tmp_path / "absent.html")
    with pytest.raises(TradeoffError, match="cannot be read"):
        verify(home, tmp_path)


def test_no_folder_outside_the_runs_is_ever_looked_at(home: Home, decided: Dataset, tmp_path: Path) -> None:
    content = json.loads(as_bytes(record(home, "questions"), ".json"))["record"]
    content["runs"][0]["run_id"] = "../datasets"
    files.write_json(tmp_path / "odd.json", {"hash": hash_of(content), "record": content})
    assert verify(home, tmp_path / "odd.json").faults == (
        f"The run ../datasets of {content['runs'][0]['candidate']} is gone",
    )
