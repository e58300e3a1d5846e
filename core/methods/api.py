"""Asking a model behind an API: fitting chooses the demonstrations, predicting sends requests.

Light: torch is imported only to find similar demonstrations, which is done on this machine.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from core.clients.account import Account
from core.clients.asking import Asking, Desk, Request
from core.clients.faults import Filtered
from core.clients.journal import Answer
from core.clients.pool import run_all
from core.clients.reading import any_readable, elect, probabilities, sureness
from core.devices import resolve_device
from core.methods.base import EXCLUDED, Context, Prediction, Tokens
from core.methods.saved import read_about, write_about
from core.methods.settings.api import ApiPromptSettings
from core.prompts.demonstrations import Demonstrator
from core.prompts.messages import chat_messages
from core.prompts.styles import Demonstration, PromptStyle, Reading, style_of
from core.tasks.base import Example

EXPLAINING_TOKENS = 400
"""Most tokens of the reasoning that the model writes once for a demonstration."""
VARIED = 0.7
"""Temperature of answers that are asked for again: at 0 they would say the same."""
WINDOW = 512
"""Texts whose similar demonstrations are looked for at once."""
Asked = tuple[Example, list[Answer] | Filtered]


class ApiPrompt:
    """A model at an endpoint that is asked about each text. Nothing is trained, and nothing paid for is asked twice."""

    def __init__(self, settings: ApiPromptSettings, model: str | None = None) -> None:
        self.settings, self.model = settings, model or ""
        self.labels: list[str] = []
        self.demonstrator: Demonstrator | None = None
        self._explained: dict[str, Demonstration] = {}
        self._explaining: dict[str, asyncio.Lock] = {}

    def fit(self, train: Sequence[Example], validation: Sequence[Example], context: Context) -> None:  # noqa: ARG002
        """Choose the demonstrations; for styles that reason, have the model write their reasoning once.

        Raises:
            Cancelled: the run is to stop.
            TradeoffError: the endpoint refuses, stays away, or the cap is reached.
        """
        self.labels = list(context.labels)
        self.demonstrator = Demonstrator.choose(train, self.settings, _here(context, self.settings))
        style = self._style(context)
        if style.reasons and self.demonstrator.common:
            self._explain_common(style, context)
        context.notes["prompt_style"] = f"{style.name} {style.version}"
        shown = len(self.demonstrator.common) or min(self.settings.shots, len(self.demonstrator.pool))
        context.report({"phase": "fit", "step": 1, "steps": 1, "message": f"{shown} demonstrations"})

    def predict(self, examples: Sequence[Example], context: Context) -> Iterator[Prediction]:
        """A prediction an example, as they come; its seconds are those of the requests, its tokens what was billed.

        Raises:
            Cancelled: the run is to stop.
            TradeoffError: the endpoint refuses, stays away, or the cap is reached; what was answered is kept.
        """
        style = self._style(context)
        size = WINDOW if self._demonstrator.varies else max(1, len(examples))
        for start in range(0, len(examples), size):
            part = examples[start : start + size]
            shown = self._demonstrator.of([self._cut(example.text) for example in part])
            yield from self._ask_all(style, part, {e.id: s for e, s in zip(part, shown, strict=True)}, context)

    def save(self, folder: Path) -> None:
        """Write settings and demonstrations: JSON, and safetensors for the vectors of similar ones."""
        write_about(folder, "api-prompt", self.settings, self.labels, self.model)
        self._demonstrator.save(folder)

    @classmethod
    def load(cls, folder: Path, context: Context) -> Self:
        """The prompt as it was saved.

        Raises:
            TradeoffError: nothing is saved there, or the encoder that finds similar examples is gone.
        """
        about = read_about(folder)
        method = cls(ApiPromptSettings(**about["settings"]), about["model"])
        method.labels = about["labels"]
        method.demonstrator = Demonstrator.load(folder, method.settings, _here(context, method.settings))
        return method

    @property
    def _demonstrator(self) -> Demonstrator:
        assert self.demonstrator is not None, "fit or load comes first"
        return self.demonstrator

    def _style(self, context: Context) -> PromptStyle:
        return style_of(self.settings.model_dump(), context.task, self.labels)

    def _cut(self, text: str) -> str:
        return text[: self.settings.max_text_characters]

    def _desk(self, context: Context) -> Desk:
        account: Account = context.account
        asking = Asking(self.model, self.settings.timeout, self.settings.attempts)
        self._explaining = {}
        return Desk(account.endpoint, asking, account.journal, account.spending)

    def _ask_all(
        self, style: PromptStyle, examples: Sequence[Example], shown: dict[str, list[Example]], context: Context
    ) -> Iterator[Prediction]:
        desk = self._desk(context)
        instruction = style.instruction(self.settings.instruction, solved=any(shown.values()))
        plain = Request("", (), 0, self.settings.samples, self.settings.temperature, self.settings.max_new_tokens,
                        self.settings.logprobs, style.schema() if self.settings.structured else None)  # fmt: skip

        async def work(example: Example) -> Asked:
            solved = [await self._explain(desk, style, one) for one in shown[example.id]]
            messages = chat_messages(style, instruction, solved, self._cut(example.text))
            try:
                return example, await self._ask(
                    desk, style, replace(plain, about=example.id, messages=messages), example
                )
            except Filtered as filtered:
                return example, filtered

        most = self.settings.concurrency or desk.endpoint.concurrency
        for example, answers in run_all(desk, work, examples, most, context.should_stop):
            _note(context, "truncated_texts", self._cut(example.text) != example.text)
            if isinstance(answers, Filtered):
                yield Prediction(example.id, None, answers.what)
            else:
                yield self._prediction(style, example, answers, context)
        context.notes.update({f"asked_without_{name}": said for name, said in desk.dropped.items()})

    async def _ask(self, desk: Desk, style: PromptStyle, request: Request, example: Example) -> list[Answer]:
        """Answers with all samples, and further ones while none can be read and the policy says so."""
        answers: list[Answer] = []
        count, wanted, text = 0, self.settings.samples, self._cut(example.text)
        while count < wanted:  # an endpoint may send fewer at once than it is asked for
            answers.append(await desk.ask(replace(request, first=count, samples=wanted - count)))
            count += len(answers[-1].choices)
        if self.settings.invalid not in ("retry", "majority") or any_readable(style, text, answers):
            return answers
        again = replace(request, samples=1, temperature=request.temperature or VARIED)
        for _ in range(self.settings.retries):
            answers.append(await desk.ask(replace(again, first=count)))
            count += 1
            if self.settings.invalid == "retry" and any_readable(style, text, answers[-1:]):
                break
        return answers

    def _prediction(
        self, style: PromptStyle, example: Example, answers: Sequence[Answer], context: Context
    ) -> Prediction:
        text = self._cut(example.text)
        elected = elect(style, text, answers)
        choice, reading = elected.choice, elected.reading
        by_label = probabilities(style, text, elected)
        if self.settings.logprobs:
            _note(context, "answers_without_logprobs", choice.tokens is None)
        if style.schema() is not None and self.settings.structured:
            _note(context, "answers_not_the_json_asked_for", not choice.text.lstrip().startswith("{"))
        self._note_policy(reading, len(answers), context)
        excluded = reading.target is None and self.settings.invalid == "exclude"
        reason = f"{EXCLUDED}{reading.reason}" if excluded else reading.reason
        return Prediction(
            example.id, reading.target, reason, sureness(elected, by_label), by_label, choice.text.strip(),
            sum(answer.seconds for answer in answers),
            sum((answer.tokens for answer in answers if answer.tokens), Tokens()),
        )  # fmt: skip

    def _note_policy(self, reading: Reading, requests: int, context: Context) -> None:
        """Count what could not be read, before and after the policy, by the names that other prompts use."""
        _note(context, "answers_written", True)
        asked_again = requests > 1 and self.settings.samples == 1
        unreadable = reading.target is None
        _note(context, "answers_unreadable", unreadable or asked_again)
        if self.settings.invalid != "wrong" and (unreadable or asked_again):
            _note(context, "answers_unreadable_after_policy", unreadable)
            context.notes["unreadable_answers_are"] = self.settings.invalid
        for name, count in reading.counts.items():
            context.notes[name] = context.notes.get(name, 0) + count

    def _explain_common(self, style: PromptStyle, context: Context) -> None:
        desk = self._desk(context)

        async def work(example: Example) -> Example:
            return await self._explain(desk, style, example)

        shown = self._demonstrator.common
        found = list(run_all(desk, work, shown, desk.endpoint.concurrency, context.should_stop))
        self._demonstrator.with_thoughts([one for one in found if isinstance(one, Demonstration)])

    async def _explain(self, desk: Desk, style: PromptStyle, example: Example) -> Example:
        """A demonstration with the reasoning that the model, told the right answer, writes for it once."""
        if not style.reasons or isinstance(example, Demonstration):
            return example
        async with self._explaining.setdefault(example.id, asyncio.Lock()):
            if example.id not in self._explained:
                content = style.explaining(example.text, example.target)  # type: ignore[attr-defined]
                messages = ({"role": "user", "content": content},)
                about = f"reasoning of {example.id}"
                request = Request(about, messages, max_new_tokens=EXPLAINING_TOKENS, phase="fit")
                said = (await desk.ask(request)).choices[0].text.removeprefix(style.opening)
                shown = Demonstration(example.id, example.text, example.target)
                self._explained[example.id] = style.explained(shown, said)  # type: ignore[attr-defined]
        return self._explained[example.id]


def _here(context: Context, settings: ApiPromptSettings) -> Context:
    """The context for what is computed on this machine: an encoder that finds similar examples."""
    device = resolve_device("auto") if settings.shots and settings.demonstrations == "similar" else "cpu"
    if settings.shots and settings.demonstrations == "similar":
        context.notes["similar_examples_found_on"] = f"{device} of this machine; its energy is not counted"
    return replace(context, device=device)


def _note(context: Context, name: str, more: bool) -> None:
    if more:
        context.notes[name] = context.notes.get(name, 0) + 1
