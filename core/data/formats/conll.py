"""CoNLL files: a token a line with its tag, a blank line after each sentence.

The tag stands in the last column that holds tags, the token in the first column that is no counter. A sentence
becomes a row: its tokens and tags as JSON lists, and the text and id that comments such as `# text = …` tell. Lines
that begin with -DOCSTART- tell documents; without other ids these are `document#sentence`, so that intervals know
which sentences belong together.
"""

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from core.data.formats.encoding import Encoding
from core.data.formats.source import Source
from core.data.formats.table import Builder, Reading, Table, plural
from core.errors import TradeoffError

PREFIXED = re.compile(r"[BIESLUM][-_]\S.*|[BIOESLUM]", re.IGNORECASE)
NAMED = (".conll", ".conll03", ".conll2003", ".bio", ".iob", ".iob1", ".iob2", ".bioes", ".bilou", ".ner")
DOCUMENT = "-DOCSTART-"
COMMENT = re.compile(r"#\s*(text|sent_id|id)\s*(?:=|\s)\s*(\S.*)")
NAMED_COMMENT = re.compile(r"#\s*\w+\s*=\s|#\s*id\s")
SAMPLE_LINES = 3_000
FITTING = 0.95
MOST_PLAIN_LABELS = 50
MOST_BROKEN = 0.05
WORDS_OF_A_ROW = 4
"""A limit of rows is one of four times as many words: a sentence takes longer to read than a row of a table."""


@dataclass(frozen=True)
class Shape:
    """Where things stand in a line: columns separated by tabs or blanks, how many, which hold token and tag."""

    tabs: bool
    width: int
    token: int
    tag: int
    prefixed: bool = True
    """Whether tags have prefixes such as B-."""

    def cells(self, line: str) -> list[str]:
        """The columns of a line."""
        return _cells(line, self.tabs)

    def comments(self, line: str, cells: Sequence[str]) -> bool:
        """Whether the line is a comment: a token can begin with # too, but then its line has all columns and a tag."""
        if not line.startswith("#"):
            return False
        if len(cells) != self.width or NAMED_COMMENT.match(line):
            return True
        return self.prefixed and PREFIXED.fullmatch(cells[self.tag]) is None


@dataclass
class Sentence:
    """A sentence as it is read: the number of its first line, tokens, tags, and what its comments tell."""

    number: int
    tokens: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    told: dict[str, str] = field(default_factory=dict)
    broken: int = 0
    """The number of the first line that cannot be read."""

    def placed(self, document: int, place: int) -> "Sentence":
        """The same, which has its place in its document as id where the file has documents and gives no ids."""
        if document:
            self.told.setdefault("id", f"{document}#{place}")
        return self


def shape_of(lines: Iterable[str], filename: str = "") -> Shape | None:
    """How the lines of a CoNLL file are made up, or None when it does not look like one."""
    sample = [line.rstrip("\r\n") for line in itertools.islice(lines, SAMPLE_LINES)]
    if sample and sample[0].startswith("\ufeff"):
        sample[0] = sample[0][1:]
    blanks = any(not line.strip() for line in sample[:-1])
    filled = [line for line in sample if line.strip() and not line.startswith(DOCUMENT)]
    tabs = sum("\t" in line for line in filled) > len(filled) / 2
    # A line that begins with # can be a comment or a token, so it tells nothing.
    rows = [_cells(line, tabs) for line in filled if not line.startswith("#")]
    width = Counter(map(len, rows)).most_common(1)[0][0] if rows else 0
    same = [row for row in rows if len(row) == width]
    named = filename.lower().removesuffix(".gz").endswith(NAMED)
    if width < 2 or not (blanks or named) or len(same) < (0.5 if named else 0.8) * len(rows):
        return None
    columns = list(zip(*same, strict=True))
    counter = width > 2 and all(cell.isdigit() for cell in columns[0])
    tag = next((place for place in range(width - 1, counter, -1) if _holds_tags(columns[place])), None)
    if tag is None and _holds_plain_labels(columns[-1], named):
        tag = width - 1
    if tag is None:
        return None
    return Shape(tabs, width, int(counter), tag, _holds_tags(columns[tag]))


def read(source: Source, encoding: Encoding, reading: Reading, limit: int | None) -> Table:
    """The sentences of a CoNLL file, a row each; `numbers` are the lines at which they begin.

    Raises:
        TradeoffError: many lines have no tag; the first is named.
    """
    reading.format, reading.header = "CoNLL", False
    with source.text(encoding.name, encoding.errors) as (stream, _):
        shape = shape_of(stream, source.filename)
    if shape is None:
        raise TradeoffError("The file is not in CoNLL form", source.filename, "Write a token and its tag a line.")
    reading.delimiter = "\t" if shape.tabs else " "
    builder = Builder(["tokens", "tags", "text", "id"])
    complete, broken, seen, words = True, [], 0, 0
    with source.text(encoding.name, encoding.errors) as (stream, counted):
        sentences = _sentences(stream, shape)
        for sentence in sentences:
            seen += 1
            if sentence.broken:
                broken.append(sentence.broken)
                if len(broken) > 3 + MOST_BROKEN * seen:
                    break
                continue
            builder.add(_row(sentence), sentence.number)
            words += len(sentence.tokens)
            if limit and max(len(builder), words // WORDS_OF_A_ROW) >= limit:
                complete = next(sentences, None) is None
                break
        share = 1.0 if complete else counted.share
    _tell(broken, seen, reading)
    columns = builder.finish(reading)
    unused = [name for name in ("text", "id") if columns.column(name).null_count]
    return Table(columns.drop_columns(unused), builder.numbers, reading, complete, share)


def _sentences(lines: Iterable[str], shape: Shape) -> Iterator[Sentence]:
    sentence, document, place = Sentence(0), 0, 0
    for number, raw in enumerate(lines, 1):
        line = raw.rstrip("\r\n").removeprefix("\ufeff" if number == 1 else "")
        cells = shape.cells(line)
        if not line.strip() or line.startswith(DOCUMENT):
            if sentence.tokens or sentence.broken:
                place += 1
                yield sentence.placed(document, place)
                sentence = Sentence(0)
            if line.startswith(DOCUMENT):
                document, place = document + 1, 0
        elif shape.comments(line, cells):
            comment = COMMENT.fullmatch(line.strip())
            if comment:
                sentence.told["id" if comment[1] == "sent_id" else comment[1]] = comment[2].strip()
        elif len(cells) <= max(shape.token, shape.tag):
            sentence.broken = sentence.broken or number
        else:
            sentence.number = sentence.number or number
            sentence.tokens.append(cells[shape.token])
            # Of a line that is longer than the others the token is taken to hold blanks.
            sentence.tags.append(cells[shape.tag - shape.width])
    if sentence.tokens or sentence.broken:
        yield sentence.placed(document, place + 1)


def _row(sentence: Sentence) -> list[str | None]:
    tokens, tags = (json.dumps(cells, ensure_ascii=False) for cells in (sentence.tokens, sentence.tags))
    return [tokens, tags, sentence.told.get("text"), sentence.told.get("id")]


def _tell(broken: Sequence[int], seen: int, reading: Reading) -> None:
    if not broken:
        return
    if len(broken) > max(1, MOST_BROKEN * seen):
        raise TradeoffError(
            f"Line {broken[0]:,} has no tag, and {plural(len(broken), 'sentence')} in all cannot be read",
            reading.filename, "Write each token and its tag in one line, and a blank line after each sentence.",
        )  # fmt: skip
    reading.left_out["a line without a tag"] = len(broken)
    reading.warn(f"Left out {plural(len(broken), 'sentence')} in which a line has no tag, first in line {broken[0]:,}.")


def _cells(line: str, tabs: bool) -> list[str]:
    # Only blanks and tabs separate: other white space, such as U+00A0, can stand in a token.
    cells = line.split("\t") if tabs else re.split(r"[ \t]+", line.strip(" \t"))
    return [cell.strip() for cell in cells] if tabs else cells


def _holds_tags(cells: Sequence[str]) -> bool:
    fitting = sum(PREFIXED.fullmatch(cell) is not None for cell in cells)
    # Letters alone could be words: an O or a tag with a hyphen has to be there.
    return fitting >= FITTING * len(cells) and any(cell in ("O", "o") or "-" in cell for cell in cells)


def _holds_plain_labels(cells: Sequence[str], named: bool) -> bool:
    counts = Counter(cells)
    outside = counts["O"]
    return bool(outside) and len(counts) <= MOST_PLAIN_LABELS and (named or outside > 0.3 * len(cells))
