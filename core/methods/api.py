"""Asking a model behind an API: fitting draws the demonstrations, predicting sends requests. No torch."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from core import files
from core.clients.account import Account
from core.clients.asking import Asking, Desk
from core.clients.faults import Filtered
from core.clients.journal import Answer, Choice
from core.clients.likelihood import confidence, label_probabilities
from core.clients.pool import run_all
from core.methods.base import Context, Prediction, Tokens
from core.methods.saved import read_about, write_about
from core.methods.settings.api import ApiPromptSettings
from core.prompts.demonstrations import draw
from core.prompts.messages import chat_messages
from core.prompts.styles import Demonstration, PromptStyle, Reading, get_style
from core.tasks.base import Example

PROMPT_FILE = "prompt.json"
REASONING_TOKENS = 400
"""Most tokens of the reasoning that is written once for a demonstration."""
Read = tuple[Choice, Reading]


class ApiPrompt:
    """A model at an endpoint that is asked about each text. Nothing is trained, and nothing paid for is asked twice."""

    def __init__(self, settings: ApiPromptSettings, model: str | None = None) -> None:
        self.settings, self.model = settings, model or ""
        self.labels: list[str] = []
        self.demonstrations: list[Example] = []

    def fit(self, train: Sequence[Example], validation: Sequence[Example], context: Context) -> None:  # noqa: ARG002
        """Draw the demonstrations; for styles that reason, have the model write their reasoning once.

        Raises:
            Cancelled: the run is to stop.
            TradeoffError: the endpoint refuses, stays away, or the cap is reached.
        """
        self.labels = list(context.labels)
        self.demonstrations = draw(train, self.settings.shots, self.settings.demonstrations, context.seed)
        style = self._style(context)
        if style.reasons:
            self._explain(style, context)
        context.notes["prompt_style"] = f"{style.name} {style.version}"
        said = f"{len(self.demonstrations)} demonstrations"
        context.report({"phase": "fit", "step": 1, "steps": 1, "message": said})

    def predict(self, examples: Sequence[Example], context: Context) -> Iterator[Prediction]:
        """A prediction an example, as they come; its seconds are those of the requests, its tokens what was billed.

        Raises:
            Cancelled: the run is to stop.
            TradeoffError: the endpoint refuses, stays away, or the cap is reached; what was answered is kept.
        """
        style = self._style(context)
        desk = self._desk(context, "predict", style.schema() if self.settings.structured else None)
        instruction = style.instruction(self.settings.instruction, solved=bool(self.demonstrations))

        async def work(example: Example) -> tuple[Example, list[Answer] | Filtered, bool]:
            text = example.text[: self.settings.max_text_characters]
            messages = chat_messages(style, instruction, self._shown(example), text)
            try:
                return example, await self._ask(desk, style, example.id, text, messages), text != example.text
            except Filtered as filtered:
                return example, filtered, text != example.text

        most = self.settings.concurrency or desk.endpoint.concurrency
        for example, answers, cut in run_all(desk, work, examples, most, context.should_stop):
            _count(context, "truncated_examples", cut)
            if isinstance(answers, Filtered):
                yield Prediction(example.id, None, answers.what)
            else:
                yield self._prediction(style, example, answers, context)
        for parameter, said in desk.dropped.items():
            context.notes[f"asked_without_{parameter}"] = said

    def save(self, folder: Path) -> None:
        """Write settings and demonstrations as JSON."""
        write_about(folder, "api-prompt", self.settings, self.labels, self.model)
        files.write_json(folder / PROMPT_FILE, {"demonstrations": [asdict(shown) for shown in self.demonstrations]})

    @classmethod
    def load(cls, folder: Path, context: Context) -> Self:  # noqa: ARG003
        """The prompt as it was saved.

        Raises:
            TradeoffError: nothing is saved there.
        """
        about, content = read_about(folder), files.read_json(folder / PROMPT_FILE, {})
        method = cls(ApiPromptSettings(**about["settings"]), about["model"])
        method.labels = about["labels"]
        method.demonstrations = [
            Demonstration(**shown) if "reasoning" in shown else Example(**shown)
            for shown in content.get("demonstrations", [])
        ]
        return method

    def _style(self, context: Context) -> PromptStyle:
        return get_style(self.settings.style, context.task, self.labels)

    def _shown(self, example: Example) -> list[Example]:  # noqa: ARG002
        return self.demonstrations

    def _desk(self, context: Context, phase: str, schema: dict[str, Any] | None = None) -> Desk:
        account: Account = context.account
        asking = Asking(
            self.model, self.settings.temperature, self.settings.max_new_tokens, self.settings.logprobs,
            self.settings.timeout, self.settings.attempts, schema,
        )  # fmt: skip
        return Desk(account.endpoint, asking, account.journal, account.spending, phase)

    async def _ask(
        self, desk: Desk, style: PromptStyle, about: str, text: str, messages: Sequence[dict[str, str]]
    ) -> list[Answer]:
        """Answers with `samples` choices in all, and further ones while none can be read and the policy says so."""
        answers: list[Answer] = []
        count = 0
        while count < self.settings.samples:
            answers.append(await desk.ask(about, messages, count, self.settings.samples - count))
            count += len(answers[-1].choices)
        for _ in range(self.settings.retries if self.settings.invalid == "retry" else 0):
            if any(read(style, text, choice).target is not None for answer in answers for choice in answer.choices):
                break
            answers.append(await desk.ask(about, messages, count))
            count += len(answers[-1].choices)
        return answers

    def _prediction(
        self, style: PromptStyle, example: Example, answers: Sequence[Answer], context: Context
    ) -> Prediction:
        text = example.text[: self.settings.max_text_characters]
        found = [(choice, read(style, text, choice)) for answer in answers for choice in answer.choices]
        choice, reading, share = _elected(found)
        sure = confidence(choice.tokens) if choice.tokens else None
        probabilities = self._probabilities(style, text, choice, reading.target, context)
        if probabilities is not None and reading.target is not None:
            sure = probabilities[self.labels.index(reading.target)]
        _count(context, "answers_with_logprobs", choice.tokens is not None)
        _count(
            context,
            "answers_not_json_as_asked",
            style.schema() is not None and not choice.text.lstrip().startswith("{"),
        )
        tokens = sum((answer.tokens for answer in answers if answer.tokens), Tokens())
        return Prediction(
            example.id, reading.target, reading.reason, share if share is not None else sure, probabilities,
            choice.text.strip(), sum(answer.seconds for answer in answers), tokens,
        )  # fmt: skip

    def _probabilities(
        self, style: PromptStyle, text: str, choice: Choice, target: str | None, context: Context
    ) -> list[float] | None:
        """Label probabilities where the answer is one label and the endpoint told alternatives."""
        if context.task.kind != "single_label" or style.reasons or target is None or not choice.tokens:
            return None
        if not any(alternatives for _, _, alternatives in choice.tokens):
            return None
        answers = {}
        for label in self.labels:
            whole = style.answer(text, context.task.encode(context.task.decode(label)))
            answers[label] = (whole, whole.removeprefix(style.opening).lstrip())
        found = label_probabilities(choice.tokens, answers, target)
        return [found[label] for label in self.labels]

    def _explain(self, style: PromptStyle, context: Context) -> None:
        """The reasoning of each demonstration, written by the model that is told the right answer."""
        desk = self._desk(context, "fit")

        async def work(example: Example) -> tuple[str, Example]:
            content = style.explaining(example.text, example.target)  # type: ignore[attr-defined]
            messages = [{"role": "user", "content": content}]
            limit = max(REASONING_TOKENS, self.settings.max_new_tokens)
            answer = await desk.ask(f"reasoning of {example.id}", messages, max_new_tokens=limit)
            shown = Demonstration(example.id, example.text, example.target)
            said = answer.choices[0].text.removeprefix(style.opening)
            return example.id, style.explained(shown, said)  # type: ignore[attr-defined]

        explained = dict(run_all(desk, work, self.demonstrations, desk.endpoint.concurrency, context.should_stop))
        self.demonstrations = [explained[example.id] for example in self.demonstrations]


def read(style: PromptStyle, text: str, choice: Choice) -> Reading:
    """What a choice means, with the reason where it means nothing that the style can read."""
    if choice.refusal or choice.finish == "content_filter":
        return Reading(None, f"the model refused to answer: {choice.refusal or 'content filter'}"[:300])
    reading = style.read(text, choice.text)
    if reading.target is None and not choice.text.lstrip().startswith(style.opening.strip()):
        again = style.read(text, style.opening + choice.text)
        reading = again if again.target is not None else reading
    if reading.target is None and choice.finish == "length":
        return Reading(None, f"{reading.reason} (cut by max_new_tokens)")
    return reading


def _elected(found: Sequence[Read]) -> tuple[Choice, Reading, float | None]:
    """The answer that most samples give, of equals the first, with its share of them; None for a single sample."""
    votes = Counter(reading.target for _, reading in found if reading.target is not None)
    if not votes:
        return *found[0], None
    target, count = votes.most_common(1)[0]
    choice, reading = next((choice, reading) for choice, reading in found if reading.target == target)
    return choice, reading, count / len(found) if len(found) > 1 else None


def _count(context: Context, note: str, more: bool) -> None:
    if more:
        context.notes[note] = context.notes.get(note, 0) + 1
