"""Random labelled examples, and every form in which they can be written to a file."""

import csv
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from core.data.forms.inline import marked
from core.data.forms.tags import Run, Scheme, tags_of
from core.tasks import Span, Target

VOCABULARY = [
    "fly", "from", "to", "the", "St.", "Louis", "São", "Paulo", "7am", "--", "don't", "e.g.", "#1", "北京", "naïve",
    "🙂", "U.S.", "5:30", "a/b", "x=y", '"quoted"', "it's", "(see)", "3,50", "end.",
]  # fmt: skip
LABELS = ("city", "time-of day", "per_son", "O2", "B-52", "été")
INTENTS = ("book", "ask me", "a#b", "cancel")


class Made(NamedTuple):
    """A text of words with single spaces, its words, the spans in words, and the target."""

    text: str
    tokens: list[str]
    runs: list[Run]
    target: Target


def made(count: int, seed: int, labels: Sequence[str] = LABELS) -> list[Made]:
    """Examples with one intent and any number of spans; the texts differ."""
    generator = random.Random(seed)
    examples = []
    for number in range(count):
        tokens = [generator.choice(VOCABULARY) for _ in range(generator.randint(2, 12))] + [f"n{number}"]
        runs, place = [], 0
        while place < len(tokens):
            length = generator.randint(1, 3)
            if generator.random() < 0.4 and place + length <= len(tokens):
                runs.append(Run(place, place + length - 1, generator.choice(labels)))
                place += length
            else:
                place += 1
        starts = [sum(len(token) + 1 for token in tokens[:place]) for place in range(len(tokens))]
        spans = [Span(starts[run.first], starts[run.last] + len(tokens[run.last]), run.label) for run in runs]
        examples.append(Made(" ".join(tokens), tokens, runs, Target.of([generator.choice(INTENTS)], spans)))
    return examples


def conll(examples: Sequence[Made], scheme: Scheme = "BIO", sign: str = "\t", extra: int = 0) -> str:
    """A CoNLL file: token, `extra` columns, tag; with document marks and comments."""
    lines = [sign.join(["-DOCSTART-", *["-X-"] * extra, "O"]), ""]
    for number, example in enumerate(examples):
        lines.append(f"# sent_id = s{number}")
        tags = tags_of(example.runs, len(example.tokens), scheme)
        lines += [sign.join([token, *["NN"] * extra, tag]) for token, tag in zip(example.tokens, tags, strict=True)]
        lines.append("")
    return "\n".join(lines)


def tagged(example: Made, scheme: Scheme = "BIO") -> list[str]:
    return tags_of(example.runs, len(example.tokens), scheme)


def plain_spans(example: Made) -> list[list]:
    return [[span.start, span.end, span.label] for span in example.target.spans]


def span_objects(example: Made, start: str = "start", end: str = "end", label: str = "label") -> list[dict]:
    return [
        {start: span.start, end: span.end, label: span.label, "text": example.text[span.start : span.end]}
        for span in example.target.spans
    ]


def inline(example: Made) -> str:
    return marked(example.text, example.target.spans)


def write_jsonl(path: Path, rows: Sequence[dict]) -> Path:
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n", encoding="utf-8")
    return path


def write_csv(path: Path, rows: Sequence[dict]) -> Path:
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path
