"""From the choices that came back to one prediction: what each says, the vote among samples, and how sure it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.clients.journal import Answer, Choice
from core.clients.likelihood import confidence, label_probabilities
from core.prompts.styles import PromptStyle, Reading
from core.prompts.voting import vote

_LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Elected:
    """The answer that counts, what it means, and the share of samples that agree; None for a single one."""

    choice: Choice
    reading: Reading
    share: float | None


def read(style: PromptStyle, text: str, choice: Choice) -> Reading:
    """What a choice means, with the reason where it means nothing that the style can read."""
    if choice.refusal or choice.finish == "content_filter":
        said = f"the model refused to answer: {choice.refusal or 'content filter'}"
        return Reading(None, said[:_LONGEST_REASON])
    reading = style.read(text, choice.text)
    if reading.target is None and not choice.text.lstrip().startswith(style.opening.strip()):
        again = style.read(text, style.opening + choice.text)
        reading = again if again.target is not None else reading
    if reading.target is None and choice.finish == "length":
        return Reading(None, f"{reading.reason} (cut by max_new_tokens)")
    return reading


def any_readable(style: PromptStyle, text: str, answers: Sequence[Answer]) -> bool:
    """Whether one of the choices means something."""
    return any(read(style, text, choice).target is not None for answer in answers for choice in answer.choices)


def elect(style: PromptStyle, text: str, answers: Sequence[Answer]) -> Elected:
    """What the choices say by vote; without any that can be read, the first choice and why it means nothing."""
    found = [(choice, read(style, text, choice)) for answer in answers for choice in answer.choices]
    reading, share = vote([reading for _, reading in found], style.task)
    choice = next((choice for choice, own in found if own.target == reading.target), found[0][0])
    return Elected(choice, reading, share if len(found) > 1 else None)


def probabilities(style: PromptStyle, text: str, elected: Elected) -> list[float] | None:
    """Label probabilities where the answer is one label of the text and the endpoint told alternatives; else None."""
    task, labels, tokens = style.task, style.labels, elected.choice.tokens
    if task.text_labels != "one" or task.has_spans or style.reasons or elected.reading.target is None:
        return None
    if not tokens or not any(alternatives for _, _, alternatives in tokens):
        return None
    answers = {}
    for label in labels:
        whole = style.answer(text, label)
        answers[label] = (whole, whole.removeprefix(style.opening).lstrip())
    found = label_probabilities(tokens, answers, elected.reading.target)
    return [found[label] for label in labels]


def sureness(elected: Elected, by_label: Sequence[float] | None) -> float | None:
    """How sure the answer is: the vote's share, the label's probability, or that of the wording; None if not told."""
    if elected.share is not None:
        return elected.share
    if by_label is not None:
        return max(by_label)
    return confidence(elected.choice.tokens) if elected.choice.tokens else None
