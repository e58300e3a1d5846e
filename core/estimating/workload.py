"""What decides how long a run takes and how much memory, of a planned run as of a past one."""

from typing import Any

from core.spec import Record

INSTRUCTION_TOKENS = 40
"""What a prompt says beside its texts, labels and examples, about."""
LABEL_TOKENS = 3.0
LONGEST_OVER_MEAN = 2
"""The longest text of a batch, in mean lengths, about."""
REASONING_TOKENS = {"cot": 80.0, "carp": 160.0}
"""What the styles that reason write before the label, about."""
SPAN_EVERY = 12.0
"""Tokens of text for each labelled span, about."""


class Workload(Record):
    """A run in numbers. Lengths are in tokens; those of prompts and answers are rough by nature."""

    method: str
    model: str | None
    settings: dict[str, Any]
    device: str
    labels: int
    train_texts: int
    validation_texts: int
    predict_texts: int
    mean_tokens: float
    task: str = "single_label"

    def setting(self, name: str, default: float) -> float:
        """A numeric setting, or the default where the method has none of that name."""
        value = self.settings.get(name, default)
        return float(value) if isinstance(value, int | float) else default

    @property
    def kind(self) -> str:
        """`encoder`, `seq2seq` or `decoder` where the method is named after one, else empty."""
        if self.method == "setfit":
            return "encoder"
        return self.method.split("-")[0] if self.training else ""

    @property
    def training(self) -> str:
        """`full`, `lora` or `qlora` where a network is trained, else empty."""
        if self.method == "setfit":
            return "full"
        kind, _, training = self.method.partition("-")
        return training if kind in ("encoder", "seq2seq", "decoder") else ""

    @property
    def width(self) -> int:
        """Bytes of a number that matrix products are computed with."""
        precision = self.settings.get("precision", "auto")
        if self.device == "cuda":
            return 4 if precision == "fp32" else 2
        return 2 if precision == "bf16" else 4

    @property
    def writes(self) -> bool:
        """Whether the model scores or writes tokens of a vocabulary."""
        return self.method == "prompt" or (self.kind in ("seq2seq", "decoder") and not self.classifies)

    @property
    def classifies(self) -> bool:
        """Whether a decoder got a classification head in place of its vocabulary."""
        return self.settings.get("head") == "classify"

    @property
    def scores(self) -> bool:
        """Whether answers are chosen among the labels rather than written."""
        if self.settings.get("answer", "auto") == "generate" or self.settings.get("style") in REASONING_TOKENS:
            return False
        return self.task == "single_label"

    @property
    def reads_labels(self) -> bool:
        """Whether an encoder reads the labels beside each text."""
        return self.method in ("gliclass", "gliner")

    @property
    def text_tokens(self) -> float:
        """A text as it is read."""
        longest = self.setting("max_tokens", self.setting("max_text_tokens", 256))
        return min(self.mean_tokens + 2, longest)

    @property
    def answer_tokens(self) -> float:
        """An answer as it is written."""
        spans = 2 + self.mean_tokens / SPAN_EVERY * (LABEL_TOKENS + 3)
        by_task = {"single_label": LABEL_TOKENS + 2, "multi_label": 2 * LABEL_TOKENS + 4}
        written = by_task.get(self.task, spans) + REASONING_TOKENS.get(str(self.settings.get("style")), 0.0)
        return min(written, self.setting("max_new_tokens", 1e9))

    @property
    def prefix_tokens(self) -> float:
        """What stands before the text in a prompt: instruction, labels and demonstrations."""
        shots = self.setting("shots", 0) * (self.text_tokens + self.answer_tokens + 6)
        return INSTRUCTION_TOKENS + LABEL_TOKENS * min(self.labels, 200) + shots

    @property
    def longest_tokens(self) -> float:
        """The longest text of a batch: the others are padded to it."""
        longest = self.setting("max_tokens", self.setting("max_text_tokens", 256))
        return min(longest, LONGEST_OVER_MEAN * self.mean_tokens + 8)

    @property
    def step_texts(self) -> float:
        """Texts whose activations are held at once in training."""
        if self.kind == "encoder":
            return self.setting("batch_size", 16) * (2 if self.method == "setfit" else 1)
        row = self.longest_tokens + self.answer_tokens + (self.prefix_tokens if self.kind == "seq2seq" else 8)
        return max(1.0, min(self.setting("batch_size", 16), self.setting("train_tokens", 4096) / row))

    @property
    def step_tokens(self) -> float:
        """Tokens, padding included, whose activations are held at once in training."""
        if self.kind == "encoder":
            return self.step_texts * self.longest_tokens
        row = self.longest_tokens + self.answer_tokens
        if self.kind == "seq2seq":
            return self.step_texts * (row + self.prefix_tokens)
        # Decoders read what all prompts of a batch share once.
        return self.step_texts * (row + 8) + self.prefix_tokens
