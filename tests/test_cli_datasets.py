"""The command line's verbs about datasets of every task."""

import json
from pathlib import Path

import pytest

import cli

ROWS = [
    {"text": f"fly to Oslo at {n} am", "tokens": ["fly", "to", "Oslo", "at", str(n), "am"],
     "slots": ["O", "O", "B-city", "O", "B-time", "I-time"], "intent": ("go", "stay")[n % 2]} for n in range(40)
]  # fmt: skip


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setenv("TRADEOFF_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flights.jsonl").write_text("\n".join(map(json.dumps, ROWS)))
    lines = [f"text {n} of {n * 37} about it,{('sun', 'sun#rain', 'rain', '')[n % 4]}" for n in range(60)]
    (tmp_path / "topics.csv").write_text("\n".join(["text,label", *lines]))
    (tmp_path / "numbers.jsonl").write_text("\n".join(
        json.dumps({"tokens": ["in", "Oslo", str(n)], "ner_tags": [0, 1, 0]}) for n in range(40)))  # fmt: skip

    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(arguments)
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def test_a_set_with_intents_and_slots_and_its_parts(run) -> None:
    code, out, _ = run("import", "flights.jsonl", "--name", "flights")
    assert code == 0
    assert "read as intent_slots" in out
    assert "--task names another" in out
    for part, task in (("intent", "single_label"), ("slots", "token_labels")):
        code, out, _ = run("derive", "flights", part, "--json")
        assert (code, json.loads(out)["task"]) == (0, task)
    code, out, _ = run("datasets")
    assert [line.split()[:2] for line in out.splitlines()[1:]] == [
        ["flights", "intent_slots"], ["flights-intent", "single_label"], ["flights-slots", "token_labels"],
    ]  # fmt: skip
    code, out, _ = run("audit", "flights-slots")
    assert code == 0
    assert "Every span begins and ends where a word does" in out
    assert "note  Wrong spans were looked for only" in out


def test_forms_can_be_named(run) -> None:
    code, out, _ = run("import", "topics.csv", "--name", "topics", "--label-separator", "#", "--json")
    made = json.loads(out)
    assert (code, made["task"], made["labels"]) == (0, "multi_label", ["rain", "sun"])
    assert sum(made["counts"].values()) == 60
    assert run("import", "topics.csv", "--name", "t", "--json")[0] == 0
    code, out, _ = run("import", "flights.jsonl", "--name", "f", "--task", "token_labels", "--tags", "slots", "--json")
    assert json.loads(out)["labels"] == ["city", "time"]
    code, out, _ = run("import", "numbers.jsonl", "--name", "n", "--tag-names", "O,B-city,I-city", "--json")
    assert json.loads(out)["labels"] == ["city"]


@pytest.mark.parametrize(("arguments", "told"), [
    (["import", "numbers.jsonl", "--name", "n"], "--tag-names"),
    (["import", "topics.csv", "--name", "t", "--task", "token_labels"], "--tags"),
    (["import", "topics.csv", "--name", "t", "--task", "tokens"], 'Did you mean "token_labels"'),
    (["import", "flights.jsonl", "--name", "f", "--tags", "slot"], 'Did you mean "slots"'),
    (["derive", "flights", "slots"], "no dataset"), (["derive", "flights", "words"], "intent"),
])  # fmt: skip
def test_mistakes_are_one_line(run, arguments: list[str], told: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out, len(err.strip().splitlines())) == (2, "", 1)
    assert told in err
