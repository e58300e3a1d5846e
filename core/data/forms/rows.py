"""From a table's rows to texts with encoded targets, by the form that they stand in."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from core.data.formats.table import Table, plural
from core.data.forms import inline, labels
from core.data.forms import spans as given_spans
from core.data.forms.tags import Scheme, runs, scheme_of
from core.data.forms.tokens import place_tokens, words_of
from core.data.layout import Layout
from core.errors import TradeoffError
from core.tasks import Span, Target, get_task

MOST_UNREADABLE = 0.05
MENDED_TAGS = "tags that begin, go on or end where they cannot were read as conlleval does"
OTHER_TOKENS = "texts that do not hold their tokens were replaced by the tokens with spaces between"
OTHER_MARKED = "texts that differ from their marked form were replaced by it"
JOINED_INTENTS = "texts with several intents got one that joins them, as in a#b"
EMPTY_TOKENS = "empty tokens were left out"


@dataclass
class Reader:
    """Reads the examples of tables in one layout; counts what was mended, and the rows that cannot be read."""

    scheme: Scheme | None = None
    mended: Counter[str] = field(default_factory=Counter)
    unreadable: list[tuple[int, str]] = field(default_factory=list)

    def read(self, table: Table, layout: Layout) -> list[tuple[str, str | None]]:
        """Text and encoded target of every row; None is a row without a target, or one that cannot be read.

        Raises:
            TradeoffError: many rows cannot be read; the first is named.
        """
        self.unreadable = []
        if layout.task == "single_label":
            return list(self._single(table, layout))
        encode = get_task(layout.task).encode
        read = self._labels if layout.task == "multi_label" else self._spans
        found = [(text, None if target is None else encode(target)) for text, target in read(table, layout)]
        if len(self.unreadable) > max(1, MOST_UNREADABLE * len(table)):
            number, what = self.unreadable[0]
            raise TradeoffError(
                f"{plural(len(self.unreadable), 'row')} cannot be read; in {_where(table, number)} {what}",
                table.reading.filename, _REMEDIES[layout.form],
            )  # fmt: skip
        return found

    def _single(self, table: Table, layout: Layout) -> Iterator[tuple[str, str | None]]:
        for text, label in zip(_column(table, layout, "text"), _column(table, layout, "label"), strict=True):
            found = inline.unmarked(text or "") if layout.marked_text else None
            yield found[0] if found else text or "", (label or "").strip() or None

    def _labels(self, table: Table, layout: Layout) -> Iterator[tuple[str, Target | None]]:
        if layout.form == "indicators":
            found = self._indicated(table, layout)
        else:
            cells = table.column(layout.roles["label"])
            found = (
                labels.label_list(cell) if layout.form == "list" else labels.split_labels(cell, layout.separator)
                for cell in cells
            )
        for number, text, listed in zip(table.numbers, _column(table, layout, "text"), found, strict=True):
            if listed is None:
                self._refuse(number, "the labels are neither a list nor 0 and 1")
            yield text or "", None if listed is None else Target.of(listed)

    def _indicated(self, table: Table, layout: Layout) -> Iterator[list[str] | None]:
        for cells in zip(*(table.column(name) for name in layout.indicators), strict=True):
            flags = [labels.flag(cell) for cell in cells]
            named = zip(layout.indicators, flags, strict=True)
            yield None if None in flags else [name for name, is_set in named if is_set]

    def _spans(self, table: Table, layout: Layout) -> Iterator[tuple[str, Target | None]]:
        read = {"tags": self._tagged, "spans": self._placed, "inline": self._marked}[layout.form]
        intents = _column(table, layout, "intent") if layout.task == "intent_slots" else [""] * len(table)
        for (text, spans), intent in zip(read(table, layout), intents, strict=True):
            label = self._intent(intent)
            if spans is None or (layout.task == "intent_slots" and not label):
                yield text, None
            else:
                yield text, Target.of([label] if label else [], spans)

    def _intent(self, cell: str | None) -> str:
        """The intent in a cell; several in a list become one, as in ATIS."""
        listed = labels.label_list(cell) if (cell or "").lstrip().startswith("[") else None
        if listed is None:
            return (cell or "").strip()
        self.mended[JOINED_INTENTS] += len(listed) > 1
        return "#".join(listed)

    def _tagged(self, table: Table, layout: Layout) -> Iterator[tuple[str, Sequence[Span] | None]]:
        for number, (text, tokens, tags) in zip(table.numbers, tagged_rows(table, layout), strict=True):
            if tokens is None or tags is None or len(tokens) != len(tags):
                self._refuse(number, _uneven(tokens, tags))
                yield text or "", None
                continue
            if "" in tokens:
                self.mended[EMPTY_TOKENS] += tokens.count("")
                kept = [place for place, token in enumerate(tokens) if token]
                tokens, tags = [tokens[place] for place in kept], [tags[place] for place in kept]
            found, mended = runs(tags, self.scheme or "BIO")
            shown, places, as_given = place_tokens(tokens, text)
            self.mended[MENDED_TAGS] += mended
            self.mended[OTHER_TOKENS] += not as_given
            yield shown, [Span(places[run.first][0], places[run.last][1], run.label) for run in found]

    def _placed(self, table: Table, layout: Layout) -> Iterator[tuple[str, Sequence[Span] | None]]:
        texts = _column(table, layout, "text")
        for number, text, cell in zip(table.numbers, texts, table.column(layout.roles["tags"]), strict=True):
            spans = given_spans.spans_in(cell)
            if spans is None:
                self._refuse(number, "the spans are not a list of [start, end, label]")
            yield text or "", None if spans is None else given_spans.clean(spans, text or "", self.mended)

    def _marked(self, table: Table, layout: Layout) -> Iterator[tuple[str, Sequence[Span] | None]]:
        texts = _column(table, layout, "text")
        for number, text, cell in zip(table.numbers, texts, table.column(layout.roles["tags"]), strict=True):
            found = inline.unmarked(cell or "")
            if found is None:
                self._refuse(number, "a mark is not closed, is empty or stands inside another")
                yield cell or "", None
                continue
            spans = None if text is None else inline.moved(*found, text)
            self.mended[OTHER_MARKED] += text is not None and spans is None
            yield found if spans is None or text is None else (text, spans)

    def _refuse(self, number: int, what: str) -> None:
        self.unreadable.append((number, what))


def tagged_rows(
    table: Table, layout: Layout
) -> Iterator[tuple[str | None, list[str] | None, list[str] | None]]:  # fmt: skip
    """Text, tokens and tags of every row; None where a cell holds none. Numbers are turned into the tags they mean.

    Raises:
        TradeoffError: tags are numbers whose names are not told, or are none of them.
    """
    texts = _column(table, layout, "text")
    words = _column(table, layout, "tokens") if "tokens" in layout.roles else texts
    for number, text, cell, tags in zip(
        table.numbers, texts, words, table.column(layout.roles["tags"]), strict=True
    ):  # fmt: skip
        found = words_of(tags)
        if found and all(map(is_number_tag, found)):
            found = _named(found, table, layout, number)
        yield text, words_of(cell), found


def mended_sentences(mended: Mapping[str, int]) -> list[str]:
    """What was mended, in sentences: `Empty tokens were left out: 3.`"""
    return [f"{what[0].upper()}{what[1:]}: {count:,}." for what, count in mended.items() if count]


def find_scheme(tables: Iterable[tuple[Table, Layout]]) -> Scheme:
    """The scheme of the tags of all tables together."""
    return scheme_of(
        tags for table, layout in tables for _, _, tags in tagged_rows(table, layout) if tags is not None
    )  # fmt: skip


def is_number_tag(tag: str) -> bool:
    """Whether a tag is a number that stands for one."""
    return tag.strip().lstrip("-").isdigit()


def _named(numbers: Sequence[str], table: Table, layout: Layout, row: int) -> list[str]:
    names = layout.tag_names
    if not names:
        raise TradeoffError(
            f'The tags of the column "{layout.roles["tags"]}" are numbers, and their names are not in the file',
            table.reading.filename,
            "Name the tags in the order of their numbers (--tag-names O,B-person,I-person,… on the command line).",
        )
    odd = next((number for number in numbers if not 0 <= int(number) < len(names)), None)
    if odd is not None:
        raise TradeoffError(
            f"The tag {odd} in {_where(table, row)} has no name: {len(names)} names were given, from 0",
            table.reading.filename, "Name all tags in the order of their numbers.",
        )  # fmt: skip
    return [names[int(number)] for number in numbers]


def _column(table: Table, layout: Layout, role: str) -> Sequence[str | None]:
    name = layout.roles.get(role)  # type: ignore[call-overload]
    return table.column(name) if name else [None] * len(table)


def _where(table: Table, number: int) -> str:
    return f"{'the sentence at line' if table.reading.format == 'CoNLL' else 'row'} {number:,}"


def _uneven(tokens: Sequence[str] | None, tags: Sequence[str] | None) -> str:
    if tokens is None or tags is None:
        return f"there are no {'tokens' if tokens is None else 'tags'}"
    return f"there are {plural(len(tokens), 'token')} and {plural(len(tags), 'tag')}"


_REMEDIES = {
    "tags": "Give each token one tag.",
    "spans": 'Write spans as [[0, 6, "city"]] or [{"start": 0, "end": 6, "label": "city"}].',
    "inline": "Write spans as [time : five am], none inside another.",
    "list": 'Write labels as ["a", "b"].',
    "indicators": "Write 1 where a label holds, 0 where not.",
    "separated": "Write labels with one sign between them.",
}
