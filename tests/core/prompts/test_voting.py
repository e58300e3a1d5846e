"""Votes over several answers."""

from core.prompts.labels import Reading
from core.prompts.voting import vote
from core.tasks import Span, Target, get_task

ONE, ANY, SPANS, BOTH = (get_task(n) for n in ("single_label", "multi_label", "token_labels", "intent_slots"))


def readings(task, *targets):
    return [Reading(None, "unreadable") if t is None else Reading(task.encode(t)) for t in targets]


def test_one_label_is_the_most_frequent_of_those_that_could_be_read():
    found, share = vote([Reading("b"), Reading("a"), Reading(None, "x"), Reading("a")], ONE)
    assert (found.target, share) == ("a", 0.5)
    assert vote([Reading("b"), Reading("a")], ONE)[0].target == "b"


def test_labels_and_spans_need_more_than_half():
    target, _ = vote(readings(ANY, Target.of(["a", "b"]), Target.of(["a"]), Target.of(["c"])), ANY)
    assert target.target == '["a"]'
    city, time = Span(0, 2, "city"), Span(3, 5, "time")
    given = [Target.of(["go"], [city]), Target.of(["go"], [city, time]), Target.of(["stay"], [time])]
    assert BOTH.decode(vote(readings(BOTH, *given), BOTH)[0].target) == Target.of(["go"], [city, time])
    split = [Target.of((), [city]), Target.of((), [Span(0, 3, "city")])]
    assert SPANS.decode(vote(readings(SPANS, *split), SPANS)[0].target) == Target()


def test_nothing_that_can_be_read_keeps_the_reason():
    found, share = vote(readings(ONE, None, None), ONE)
    assert (found.target, found.reason, share) == (None, "unreadable", None)
