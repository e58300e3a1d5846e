"""A race in sentences and as a chart: nobody is crowned inside the noise, nothing is told that is not known."""

import json
from datetime import UTC

import pytest

from core.racing.records import Budget, Event, RaceReport, Saved
from tests.ui.races import NAMES, race_report
from tests.ui.test_grammar import colours, palette
from ui import theme
from ui.race import race_words as words
from ui.race.race_chart import race_chart, short_name
from ui.race.race_data import methods_of


@pytest.mark.parametrize(
    ("status", "rounds", "said"),
    [
        ("running", 0, "The race has no leader yet: 7 of 7 candidates are still in. Spent 6 min 50 s of 20 min"),
        (
            "running",
            1,
            "minilm-full leads with 80 % ± 10 right, not told apart from minilm-lora; 4 of 7",
        ),
        ("running", 2, "Round 3 of 3: spent 6 min 50 s of 20 min, 13 min 10 s left."),
        (
            "finished",
            3,
            "minilm-full is ahead with 94.8 % ± 1.9 right, not told apart from minilm-lora; 5 of 7 candidates",
        ),
        (
            "out of budget",
            2,
            "The race ran out of budget in round 3 of 3: minilm-full is ahead with 89.1 % ± 4.5 right, not",
        ),
        ("stopped", 1, "The race was stopped in round 2 of 3: minilm-full is ahead"),
        ("stopped", 0, "The race ended before anybody led"),
    ],
)
def test_the_first_line_says_who_leads_who_is_in_and_what_was_spent(status: str, rounds: int, said: str) -> None:
    assert said in words.headline(race_report(status, rounds))


def test_only_who_is_told_apart_from_all_others_has_won() -> None:
    report = race_report("finished", 3)
    sure = [one.model_copy(update={"chance": 0.99 if one.candidate == "minilm-full" else 0.01})
            for one in report.standings]  # fmt: skip
    alone = report.model_copy(update={"standings": tuple(sure)})
    assert words.headline(alone).startswith("minilm-full won with 94.8 % ± 1.9 right; 5 of 7")
    front = race_report("finished", 3, aim="front")
    assert ", and minilm-lora may be on the front too" in words.headline(front)
    unknown = report.model_copy(update={"standings": tuple(one.model_copy(update={"chance": float("nan")})
                                                           for one in report.standings)})  # fmt: skip
    assert "minilm-full" in words.headline(unknown)


def test_every_limit_is_told_and_none_is_invented() -> None:
    report = race_report("running", 1, budget=Budget(minutes=20, usd=0.5, kwh=0.05))
    assert "Spent 6 min 50 s of 20 min, $0.031 of $0.50, 9.4 Wh of 50 Wh" in words.headline(report).replace(
        "spent", "Spent"
    )
    shares = [share for *_, share in words.budget_lines(report)]
    assert shares == pytest.approx([410 / 1200, 0.062, 0.188])
    free = race_report("running", 1, budget=Budget())
    assert "without a limit." in words.headline(free)
    assert [share for *_, share in words.budget_lines(free)] == [None, None, None]
    unknown = report.model_copy(update={"spent": Saved()})
    assert "unknown of $0.50" in words.headline(unknown)


def test_what_was_saved_is_marked_as_estimated_and_a_loss_is_called_one() -> None:
    running, over = race_report("running", 1), race_report("finished", 3)
    assert words.saving_sentence(running).startswith("12 min · $0.060 · 18 Wh saved so far (estimated); all candidates")
    assert "Nothing saved so far" in words.saving_sentence(race_report("running", 0))
    assert words.saving_sentence(over).endswith("would take about 26 min (estimated): 74 % less.")
    dear = over.model_copy(update={"spent": Saved(seconds=2000.0)})
    assert words.saving_sentence(dear).endswith("28 % more.")
    assert "not known" in words.saving_sentence(over.model_copy(update={"full_grid": Saved()}))


def test_risk_taken_stands_beside_the_risk_allowed() -> None:
    assert words.risk_sentence(race_report("running", 0)) == "No risk taken yet: nobody was dropped (5.0 % is allowed)."
    assert "one of the 5 dropped would have won is 1.2 %; 5.0 % is allowed" in words.risk_sentence(race_report())
    assert "be on the front" in words.risk_sentence(race_report(aim="front"))


def test_what_happened_is_told_with_when_and_to_whom() -> None:
    start = "2026-11-21T12:00:00.000+00:00"
    assert words.moment("2026-11-21T12:03:20.000+00:00", start, UTC) == "3 min 20 s after the start, 12:03:20"
    assert words.moment("once", start) == "once"
    assert words.moment(start, start, UTC) == "at the start, 12:00:00"
    seeds = Event(at=start, what="unaffordable", round=3, candidate="a")
    assert words.event_words(seeds, 3)[1] == "a: out of budget in round 3"
    event = Event(at=start, what="dropped", round=1, candidate="a", why="It cannot win.", chance=0.01)
    lost = event.model_copy(update={"chance": None, "why": "Its run failed."})
    assert words.event_words(lost, 3)[1:] == ("a: out in round 2", "Its run failed.")
    assert words.event_words(event, 3)[1:] == ("a: dropped in round 2", "It cannot win.")
    for what in ("started", "round", "dropped", "unaffordable", "resumed", "more_seeds", "finished", "stopped"):
        icon, said, _ = words.event_words(Event(at=start, what=what, round=0, why="Round 1 of 3: x"), 3)  # type: ignore[arg-type]
        assert icon.startswith(":material/")
        assert said


def drawn(report: RaceReport, dark: bool = False) -> dict:  # type: ignore[type-arg]
    return json.loads(race_chart(report, methods_of(report.race), dark).figure.to_json())


def test_a_line_a_candidate_ends_with_a_mark_where_it_was_dropped() -> None:
    figure = drawn(race_report("running", 2))
    lines = {trace["name"]: trace for trace in figure["data"] if trace["mode"] == "lines+markers"}
    assert set(lines) == set(NAMES)
    assert len(lines["majority"]["x"]) == 1
    assert len(lines["minilm-full"]["x"]) == 2
    ends = [trace for trace in figure["data"] if trace["name"] == "dropped"]
    assert len(ends) == 5
    assert {trace["marker"]["symbol"] for trace in ends} == {"x-thin-open"}
    assert all(trace["error_y"]["arrayminus"][0] > 0.05 for trace in lines.values())
    assert "reaches at most 83 %" in lines["majority"]["hovertemplate"][-1].replace("<br>", " ")
    assert "Dropped" not in lines["minilm-full"]["hovertemplate"][-1]
    unpaid = drawn(race_report("out of budget", 2))
    assert {trace["marker"]["symbol"] for trace in unpaid["data"] if trace["name"] == "unaffordable"} == {
        "line-ns-open"
    }


def test_the_chart_speaks_the_grammar_of_all_charts() -> None:
    report = race_report("finished", 3)
    figure, methods = drawn(report), methods_of(report.race)
    assert figure["layout"]["xaxis"]["title"]["text"].endswith("(training texts seen, share of all)")
    assert figure["layout"]["xaxis"]["ticktext"][1] == "Round 2<br>1,333 texts (33 %)"
    families = {one.candidate: one.family for one in report.standings}
    for trace in figure["data"]:
        assert colours(trace) <= palette(), trace["name"]
        if trace["name"] in methods:
            assert trace["marker"]["symbol"] == theme.symbol(methods[trace["name"]])
            assert trace["marker"]["color"] == theme.family_colour(families[trace["name"]], dark=False)
    assert {note["text"].strip("<b>/") for note in figure["layout"]["annotations"]} == set(NAMES)
    assert drawn(report, dark=True) != figure


def test_long_names_keep_their_ends() -> None:
    names = {short_name(f"tfidf-linear [max_features={most}]") for most in (100, 1000, 3000)}
    assert "tfidf-linear …atures=1000]" in names
    assert len(names) == 3
    assert all(len(name) <= 26 for name in names)
    assert short_name("majority") == "majority"


def test_the_chart_is_told_in_words() -> None:
    alt = race_chart(race_report("running", 2), {}).alt
    assert alt.startswith("Right answers on validation by round. minilm-full: 80 % ± 10 in round 1, then 89.1 % ± 4.5")
    assert "majority: 21 % ± 10 in round 1, dropped" in alt
    assert alt.endswith(".")
    assert "nothing yet" in race_chart(race_report("running", 0), {}).alt


def test_hundreds_of_candidates_and_hostile_names_stand_in_a_chart() -> None:
    report = race_report("running", 2)
    many = [one.model_copy(update={"candidate": f"<img src=x> {number}", "why": "<b>so</b> & so"})
            for number in range(30) for one in report.standings]  # fmt: skip
    figure = drawn(report.model_copy(update={"standings": tuple(many), "leader": many[0].candidate}))
    assert len(figure["layout"]["annotations"]) == 12
    assert all("<img" not in note["text"] for note in figure["layout"]["annotations"])
    reach = [x for trace in figure["data"] for x in trace["x"]]
    assert min(reach) >= -0.25
    assert max(reach) <= 1.25
