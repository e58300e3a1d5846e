"""What runs note is told in plain sentences, and nothing is told of what did not happen."""

from ui.runs.notes import facts, warnings


def test_what_was_cut_is_told_with_how_many_and_where() -> None:
    said = warnings(
        {"truncated_predicted": 12, "truncated_examples": 0}, {"max_tokens": 256}, {"truncated_predicted": 500}
    )
    assert said == ["12 of 500 texts were cut at 256 tokens when they were answered."]
    assert warnings({"truncated_examples": 3, "max_tokens": "128: the model reads no more"}, {"max_tokens": 512}, {})[
        0
    ] == ("3 training texts were cut at 128 tokens.")


def test_dropped_examples_and_unread_answers_are_told() -> None:
    said = " ".join(warnings({"demonstrations_dropped": 4, "answers_unreadable": 2, "converged": False,
                              "asked_without_logprobs": "refused"}, {}, {"answers_unreadable": 10}))  # fmt: skip
    assert "4 solved examples were left out of the prompt" in said
    assert "2 of 10 answers could not be read at first" in said
    assert "stopped before it had settled" in said
    assert "did not take: logprobs" in said


def test_quiet_runs_say_nothing() -> None:
    assert warnings({"parameters_total": 22_000_000, "converged": True, "stopped_early": True}, {}, {}) == []


def test_facts_are_words() -> None:
    assert facts({"stopped_early": True, "joint_fit": {"share": 0.5, "datasets": ["a", "b"]}}) == {
        "Stopped early": "yes", "Joint fit": "share: 0.50, datasets: a, b",
    }  # fmt: skip
