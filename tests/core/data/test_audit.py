"""The audit as a whole: kept, read again, started once, killed, and its result acted upon."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from core import files
from core.data.audit import LOCK, LOG, audit, audit_status, load_audit, main, start_audit
from core.data.dataset import Dataset, delete_dataset, leave_out, load_dataset, save_dataset
from core.errors import TradeoffError
from core.home import Home

ROOT = Path(__file__).parents[3]


@pytest.fixture
def flawed(home: Home, dataset: Dataset) -> Dataset:
    copy = dataset.frame[dataset.frame["split"] == "train"].iloc[[0]].assign(id="copy")
    leak = dataset.frame[dataset.frame["split"] == "test"].iloc[[0]].assign(id="leak", split="train")
    empty = copy.assign(id="empty", text="")
    return save_dataset(home, pd.concat([dataset.frame, copy, leak, empty]), "flawed", "single_label")


def wait_until_ended(dataset: Dataset) -> str:
    deadline = time.monotonic() + 120
    while audit_status(dataset).state == "running" and time.monotonic() < deadline:
        time.sleep(0.1)
    return audit_status(dataset).state


def test_an_audit_is_kept_and_read_again(flawed: Dataset) -> None:
    told: list[tuple[float, str]] = []
    assert load_audit(flawed) is None
    made = audit(flawed, lambda share, line: told.append((share, line)))
    assert load_audit(flawed) == made
    assert audit_status(flawed).state == "done"
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert 0 <= shares[0] < shares[-1] <= 1
    severities = [finding.severity for finding in made.findings]
    assert severities == sorted(severities, key=["problem", "warning", "notice", "ok"].index)
    assert {finding.kind for finding in made.open_findings} >= {"test_in_train", "exact_duplicates", "empty_texts"}
    assert {count.label: count.train for count in made.label_counts} == flawed.frame[flawed.frame["split"] == "train"][
        "target"
    ].value_counts().to_dict()


def test_what_was_left_out_is_found_no_more(home: Home, flawed: Dataset) -> None:
    made = audit(flawed)
    gone = {made_id for kind in ("test_in_train", "exact_duplicates", "empty_texts")
            for made_id in made.finding(kind).leave_out_ids}  # fmt: skip
    assert gone == {"copy", "leak", "empty"}
    again = audit(leave_out(home, flawed, gone, "audit"))
    assert again.finding("test_in_train").severity == "ok"
    assert again.finding("exact_duplicates").severity == "ok"
    assert again.finding("empty_texts").severity == "ok"


def test_a_page_starts_it_in_a_process_of_its_own_once(home: Home, flawed: Dataset) -> None:
    assert audit_status(flawed).state == "none"
    assert start_audit(home, "flawed")
    assert not start_audit(home, "flawed")
    assert wait_until_ended(flawed) == "done"
    assert load_audit(flawed).fingerprint == flawed.info.fingerprint
    records = list(files.read_jsonl(flawed.folder / LOG))
    assert [record["share"] for record in records][-1] == 1.0


def test_while_another_process_audits_none_is_started(home: Home, flawed: Dataset) -> None:
    with files.held(flawed.folder / LOCK) as held:
        assert held
        assert audit_status(flawed).state == "running"
        assert not start_audit(home, "flawed")
        assert main([str(home.root), "flawed"]) == 0
    assert load_audit(flawed) is None


def test_a_killed_audit_is_told_and_can_be_started_again(home: Home, flawed: Dataset) -> None:
    start_audit(home, "flawed")
    pid = next(record["pid"] for record in files.read_jsonl(flawed.folder / LOG) if "pid" in record)
    os.kill(pid, signal.SIGKILL)
    assert wait_until_ended(flawed) == "failed"
    assert "stopped" in audit_status(flawed).line
    assert start_audit(home, "flawed")
    assert wait_until_ended(flawed) == "done"


def test_the_process_tells_mistakes_in_a_sentence(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(home.root), "nothing"]) == 2
    assert "There is no dataset" in json.loads(capsys.readouterr().out)["error"]
    assert main([]) == 2
    assert capsys.readouterr().err.startswith("Usage")


def test_a_dataset_that_is_deleted_meanwhile_does_not_come_back(home: Home, dataset: Dataset) -> None:
    def delete(_share: float, _line: str) -> None:
        if dataset.folder.exists():
            delete_dataset(home, "things")

    assert len(dataset.frame)
    with pytest.raises(TradeoffError, match="deleted"):
        audit(dataset, delete)
    assert not dataset.folder.exists()


@pytest.mark.parametrize("content", ["", "not json", "[]", '{"record_version": 0}', '{"record_version": 1, "odd": 2}'])
def test_an_unreadable_audit_counts_as_none(dataset: Dataset, content: str) -> None:
    (dataset.folder / "audit.json").write_text(content)
    assert load_audit(dataset) is None


def test_every_version_has_its_own_audit(home: Home, flawed: Dataset) -> None:
    audit(flawed)
    assert load_audit(leave_out(home, flawed, ["empty"], "audit")) is None
    assert load_audit(load_dataset(home, "flawed", flawed.info.fingerprint)) is not None


def frame(texts: list[str], targets: list[str]) -> pd.DataFrame:
    splits = [("train", "train", "train", "validation", "test")[place % 5] for place in range(len(texts))]
    return pd.DataFrame(
        {"id": [str(place) for place in range(len(texts))], "text": texts, "target": targets, "split": splits}
    )


ODD = {
    "as few as can be": frame(["x", "y", "z", "v", "w"], ["a", "b", "a", "b", "a"]),
    "a label each": frame([f"text {place}" for place in range(200)], [f"label {place}" for place in range(200)]),
    "thousands of labels": frame([f"t{p} u{p % 7} v{p % 11}" for p in range(6000)], [str(p // 2) for p in range(6000)]),
    "all empty": frame([""] * 40, ["a", "b"] * 20),
    "all equal": frame(["same"] * 5000, ["a", "b"] * 2500),
    "huge texts": frame(["long " * 200_000, "Ã" * 1_000_000, "1," * 500_000, "<a " * 300_000, "é" * 10**6],
                        list("abbab")),
    "signs and scripts": frame(["\0", "a\0b", "=1+1", "שלום", "مرحبا", "😀", "\u202e", "नमस्ते", "日本語", "<b>"] * 6,
                               ["a", "b", "c"] * 20),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_odd_sets_are_audited(home: Home, name: str) -> None:
    dataset = save_dataset(home, ODD[name], name, "single_label")
    made = audit(dataset)
    assert load_audit(dataset) == made
    for finding in made.open_findings:
        if finding.leave_out_ids:
            leave_out(home, dataset, finding.leave_out_ids, finding.title)


def test_reading_an_audit_loads_nothing_heavy_and_making_one_no_torch() -> None:
    code = (
        "import sys, core.data.audit\n"
        "assert not {'sklearn', 'scipy', 'cleanlab', 'datasketch', 'tokenizers'} & set(sys.modules)\n"
        "import core.data.label_noise, core.data.checks\n"
        "assert not {'torch', 'transformers'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
