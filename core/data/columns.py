"""Which column holds the text, the label, the split and the id: told by the user, else guessed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from core.data.formats.table import Table, is_number
from core.errors import TradeoffError, unknown
from core.spec import TaskName

Role = Literal["text", "label", "split", "id", "tokens", "tags", "intent"]
ROLES: tuple[Role, ...] = ("text", "label", "split", "id")
"""The roles of columns for the tasks that label whole texts."""
ROLES_OF: dict[TaskName, tuple[Role, ...]] = {
    "single_label": ROLES,
    "multi_label": ROLES,
    "token_labels": ("text", "tokens", "tags", "split", "id"),
    "intent_slots": ("text", "tokens", "tags", "intent", "split", "id"),
}
"""The roles by task. `tags` is a column of tags word by word, of spans by their characters, or of marked texts."""

KNOWN: dict[Role, tuple[str, ...]] = {
    "text": (
        "text", "sentence", "question", "utterance", "tweet", "statement", "content", "message", "review", "comment",
        "query", "document", "body", "description", "input_text", "input", "prompt", "headline", "title", "abstract",
        "sms", "email", "post", "texts", "sentences", "texte", "answer_from_user", "utt",
    ),
    "label": (
        "label", "labels", "gold_label", "label_text", "intent", "category", "class", "sentiment", "target",
        "polarity", "topic", "emotion", "stance", "verdict", "rating", "stars", "spam", "coarse_label", "gold",
        "annotation", "output", "y",
    ),
    "split": ("split", "partition", "subset", "fold", "set", "dataset_split"),
    "id": ("id", "uid", "uuid", "guid", "example_id", "text_id", "sentence_id", "answerid", "tweet_id", "key"),
    "tokens": ("tokens", "words", "token_list", "word_list"),
    "tags": (
        "tags", "ner_tags", "slots", "slot_labels", "slot_tags", "bio_tags", "bio", "ner", "token_labels", "entities",
        "spans", "labels", "label", "entity_spans", "annotations", "annot_utt", "annotated", "tag_ids", "pos_tags",
    ),
    "intent": ("intent", "intents", "intent_name", "intent_label"),
}  # fmt: skip
SPLIT_WORDS: Mapping[str, str] = {
    **dict.fromkeys(("train", "training", "trn", "tr", "learn"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev", "development", "eval", "evaluation"), "validation"),
    **dict.fromkeys(("test", "testing", "tst", "te", "heldout", "held-out", "holdout"), "test"),
}
MOST_LABELS_GUESSED = 500


@dataclass(frozen=True)
class Mapped:
    """The columns' names by role. `guessed` are the roles that were guessed from content, not told or known by name."""

    text: str
    label: str
    split: str | None = None
    id: str | None = None
    guessed: tuple[Role, ...] = ()


def known_role(name: str) -> Role | None:
    """The role that a column's name stands for.

    >>> known_role("Sentence "), known_role("price")
    ('text', None)
    """
    plain = _plain(name)
    return next((role for role in ROLES if plain in KNOWN[role]), None)


def split_word(value: str | None) -> str | None:
    """The split that a cell names, however it is spelled."""
    return SPLIT_WORDS.get((value or "").strip().lower())


def choose(
    table: Table, text: str | None = None, label: str | None = None, split: str | None = None, id: str | None = None
) -> Mapped:
    """The columns by role: those told, the others guessed.

    Raises:
        TradeoffError: a told column does not exist, or text or label cannot be guessed.
    """
    told: dict[Role, str] = {
        role: resolve(table.names, name) for role, name in zip(ROLES, (text, label, split, id), strict=True) if name
    }
    if len(set(told.values())) < len(told):
        raise TradeoffError("One column was chosen twice", table.reading.filename, "Choose a column for each role.")
    found = guess(table, told)
    for role in ("text", "label"):
        if role not in found:
            raise TradeoffError(
                f"It is not clear which column holds the {role}s",
                table.reading.filename,
                f"Choose the {role} column (--{role} on the command line): {_listed(table.names)}.",
            )
    sure = {role for role, name in found.items() if role in told or known_role(name) == role}
    return Mapped(**found, guessed=tuple(role for role in ROLES if role in found and role not in sure))  # type: ignore[arg-type]


def resolve(names: Sequence[str], name: str) -> str:
    """The column called `name`.

    Raises:
        TradeoffError: there is none; the nearest is named.
    """
    if name in names:
        return name
    same = [known for known in names if known.strip().casefold() == name.strip().casefold()]
    if len(same) == 1:
        return same[0]
    raise unknown("column", name, names)


def guess(table: Table, told: Mapping[Role, str] | None = None) -> dict[Role, str]:
    """The likeliest column of each role, beginning with those told. A role that no column fits is left out."""
    found: dict[Role, str] = dict(told or {})
    for role, candidates in (
        ("split", _splits), ("text", _texts), ("label", _labels), ("id", _ids)
    ):  # fmt: skip
        if role not in found:
            free = [name for name in table.names if name not in found.values()]
            best = next(candidates(table, free), None)
            if best is not None:
                found[role] = best  # type: ignore[index]
    return found


def by_name(role: Role, free: Sequence[str]) -> Iterator[str]:
    """The columns whose name stands for `role`, the likeliest first."""
    ranked = [(KNOWN[role].index(_plain(name)), place, name) for place, name in enumerate(free)
              if _plain(name) in KNOWN[role]]  # fmt: skip
    yield from (name for _, _, name in sorted(ranked))


def _splits(table: Table, free: Sequence[str]) -> Iterator[str]:
    for name in by_name("split", free):
        values = set(first_cells(table, name))
        if values and len(values) <= 20 and all(split_word(value) for value in values):
            yield name


def _texts(table: Table, free: Sequence[str]) -> Iterator[str]:
    yield from (name for name in by_name("text", free) if not _mostly_numbers(first_cells(table, name)))
    lengths = []
    for name in free:
        cells = first_cells(table, name)
        distinct = len(set(cells)) / max(1, len(cells))
        if cells and distinct > 0.3 and not _mostly_numbers(cells) and not _looks_like_links(cells):
            lengths.append((sum(map(len, cells)) / len(cells), name))
    if len(table.names) == 1 and free:
        yield free[0]
    yield from (name for length, name in sorted(lengths, reverse=True) if length >= 10)


def _labels(table: Table, free: Sequence[str]) -> Iterator[str]:
    yield from by_name("label", free)
    yield from (name for name in free if _plain(name).endswith(("_label", "label", "_class", "_category")))
    found = []
    for place, name in enumerate(free):
        cells = first_cells(table, name)
        distinct = len(set(cells))
        few = 2 <= distinct <= min(MOST_LABELS_GUESSED, max(2, len(cells) // 5))
        filled = len(cells) > 0.5 * min(len(table), SAMPLE)
        if few and filled and sum(map(len, cells)) / len(cells) <= 40:
            found.append((_mostly_numbers(cells), distinct, place, name))
    yield from (name for *_, name in sorted(found))


def _ids(table: Table, free: Sequence[str]) -> Iterator[str]:
    for name in (*by_name("id", free), *(name for name in free if _plain(name).endswith("_id"))):
        cells = [cell for cell in table.column(name) if cell and cell.strip()]
        if len(cells) == len(table) == len(set(cells)):
            yield name


SAMPLE = 5_000


def first_cells(table: Table, name: str) -> list[str]:
    """The cells of a column's first rows that are not blank."""
    cells = table.columns.column(name).slice(0, SAMPLE).to_pylist()
    return [cell for cell in cells if cell and cell.strip()]


def _mostly_numbers(cells: Sequence[str]) -> bool:
    return bool(cells) and sum(is_number(cell) for cell in cells) > 0.8 * len(cells)


def _looks_like_links(cells: Sequence[str]) -> bool:
    return sum(cell.startswith(("http://", "https://")) and " " not in cell for cell in cells) > 0.8 * len(cells)


def _plain(name: str) -> str:
    return "_".join(name.strip().lower().replace("-", "_").split())


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:15]) + (" …" if len(names) > 15 else "")
