"""CSV and its relatives: the delimiter, the quoting and the header are judged by content.

The quoting is tried in this order: as RFC 4180 has it; with quotes escaped by a backslash; quotes as ordinary
characters, when every line then has the same number of fields; last, row by row with a count of what was odd.
"""

import csv
import itertools
import math
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence

from core.data.columns import known_role
from core.data.formats.encoding import Encoding
from core.data.formats.shape import Shape, modal_width, shape_of
from core.data.formats.source import Source
from core.data.formats.table import Builder, Reading, Table, plural
from core.errors import TradeoffError

DELIMITERS = (",", "\t", ";", "|")
SPOKEN = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}
SAMPLE_CHARACTERS = 1_000_000
SAMPLE_RECORDS = 2_000
LONGEST_FIELD = 50_000_000
NO_DELIMITER = "\x1f"
MOST_LINES_OF_A_FIELD = 200
STEADY = 0.99
Records = Iterator[list[str]]


def read(
    source: Source, encoding: Encoding, reading: Reading, delimiter: str | None, header: bool | None, limit: int | None
) -> Table:
    """The table in a delimited text file.

    Raises:
        TradeoffError: the delimiter is none, or nothing but a header was found.
    """
    csv.field_size_limit(LONGEST_FIELD)
    sample, declared = _sample(source, encoding)
    chosen = delimiter_of(delimiter) if delimiter else declared or sniff(sample, source.filename)
    reading.delimiter = chosen
    reading.format = "TSV" if chosen == "\t" else "CSV"
    if chosen == "\t" and ".csv" in source.filename.lower():
        reading.warn("The file is named .csv but its columns are separated by tabs; it was read so.")
    for attempt in (_quoted, _escaped, _literal, _repaired):
        fresh = Reading(**reading.as_dict())
        try:
            with source.text(encoding.name, encoding.errors) as (stream, counted):
                lines = itertools.islice(stream, 1 if declared else 0, None)
                records = attempt(lines, chosen or NO_DELIMITER, sample, fresh)
                table = _table(records, fresh, header, limit)
                if not table.complete:
                    table.consumed = counted.share
        except csv.Error:
            continue
        if attempt is _quoted and chosen == "\t" and _swallowed(source, encoding, chosen):
            continue
        return table
    raise AssertionError("the last attempt reads everything")


def delimiter_of(told: str) -> str:
    """A delimiter as a user may write it, as one character.

    Raises:
        TradeoffError: it is not one character, or one that cannot separate.
    """
    found = SPOKEN.get(told.strip().lower(), told)
    if len(found) != 1 or found in '"\r\n\0':
        raise TradeoffError(f'"{told}" cannot be a delimiter', remedy="Give one character, or: tab, comma, semicolon.")
    return found


def sniff(sample: Sequence[str], filename: str = "") -> str | None:
    """The delimiter of the sample's lines, or None when there is a single column."""
    best: tuple[tuple[float, ...], str | None] = ((0.0,), None)
    for place, delimiter in enumerate(DELIMITERS):
        records = _sample_records(sample, delimiter)
        width = modal_width(records)
        if width < 2:
            continue
        filled = [record for record in records if any(cell.strip() for cell in record)]
        steady = sum(len(record) == width for record in filled) / len(filled)
        names = sum(known_role(cell) is not None for cell in filled[0]) if len(filled[0]) > 1 else 0
        if steady < 0.6 and not names:
            continue
        fits_name = (delimiter == "\t") == (".tsv" in filename.lower())
        same_width = len(filled[0]) == width
        score = (min(names, 2), steady > 0.9, same_width, round(steady, 2), fits_name, math.log(width), -place)
        best = max(best, (score, delimiter))
    return best[1]


def _sample(source: Source, encoding: Encoding) -> tuple[list[str], str | None]:
    """The first lines, and the delimiter that Excel's `sep=;` line declares."""
    with source.text(encoding.name, encoding.errors) as (stream, _):
        lines: list[str] = []
        size = 0
        for line in stream:
            lines.append(line)
            size += len(line)
            if size > SAMPLE_CHARACTERS:
                break
    declared = lines[0].strip().lower() if lines else ""
    if declared.startswith("sep=") and len(declared) == 5:
        return lines[1:], declared[4]
    return lines, "\t" if declared == "sep=" and "\t" in lines[0] else None


def _sample_records(sample: Sequence[str], delimiter: str) -> list[list[str]]:
    records = []
    try:
        for record in itertools.islice(csv.reader(sample, delimiter=delimiter), SAMPLE_RECORDS):
            records.append(record)
    except csv.Error:
        pass
    literal = [line.rstrip("\r\n").split(delimiter) for line in sample[:SAMPLE_RECORDS] if line.strip()]
    if len(literal) > 3 and _share_of_mode(map(len, literal)) > max(STEADY, _share_of_mode(map(len, records))):
        return literal
    return records if len(records) < 3 else records[:-1]


def _share_of_mode(widths: Iterable[int]) -> float:
    counts = Counter(widths)
    return max(counts.values(), default=0) / max(1, counts.total())


def _quoted(lines: Iterable[str], delimiter: str, _sample: Sequence[str], _reading: Reading) -> Records:
    return csv.reader(lines, delimiter=delimiter, strict=True)


def _escaped(lines: Iterable[str], delimiter: str, _sample: Sequence[str], reading: Reading) -> Records:
    reading.warn('Quotes inside quotes are written \\" and were read so.')
    return csv.reader((line.replace('\\"', '""') for line in lines), delimiter=delimiter, strict=True)


def _literal(lines: Iterable[str], delimiter: str, sample: Sequence[str], reading: Reading) -> Records:
    counts = [line.count(delimiter) for line in sample if line.strip()]
    if len(counts) < 2 or _share_of_mode(counts) < STEADY or counts.count(counts[0]) < len(counts) / 2:
        raise csv.Error("the lines differ in width")
    reading.warn("The quotation marks are not balanced, so they were read as ordinary characters: a row is a line.")
    return _steady(csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE), counts[0] + 1)


def _steady(records: Records, width: int) -> Records:
    """The records, as long as nearly all are `width` wide."""
    odd = 0
    for seen, record in enumerate(records):
        odd += bool(record) and len(record) != width
        if odd > 3 + (1 - STEADY) * seen:
            raise csv.Error("the lines differ in width")
        yield record


def _repaired(lines: Iterable[str], delimiter: str, sample: Sequence[str], reading: Reading) -> Records:
    """Row by row: a quote that is not closed, or not closed where a field ends, is an ordinary character."""
    width = modal_width(_sample_records(sample, delimiter))
    source = iter(lines)
    waiting: deque[str] = deque()
    odd = 0
    while True:
        line = waiting.popleft() if waiting else next(source, None)
        if line is None:
            break
        record = _joined(line, waiting, source, delimiter, width)
        if record is None:
            odd += 1
            record = next(csv.reader([line], delimiter=delimiter, quoting=csv.QUOTE_NONE), [])
            if len(record) != width:
                record = next(csv.reader([line], delimiter=delimiter), [])
        yield record
    if odd:
        reading.warn(
            f"Unbalanced quotation marks in {plural(odd, 'line')} were read as ordinary characters; please check."
        )


def _joined(line: str, waiting: deque[str], source: Iterator[str], delimiter: str, width: int) -> list[str] | None:
    """The record that begins at `line`; one that goes on over lines has to be as wide as the others.

    `waiting` are the lines that were looked at ahead; those of the record are taken out of it.
    """
    held = [line]
    while True:
        if len(held) == 1 or '"' in held[-1]:
            try:
                records = list(csv.reader(held, delimiter=delimiter, strict=True))
                if len(held) > 1 and len(records[0]) != width:
                    return None
            except csv.Error as error:
                if "unexpected end" not in str(error):
                    return None
            else:
                for _ in held[1:]:
                    waiting.popleft()
                return records[0] if records else []
        if len(held) > len(waiting):
            following = next(source, None)
            if following is None:
                return None
            waiting.append(following)
        if len(held) > MOST_LINES_OF_A_FIELD:
            return None
        held.append(waiting[len(held) - 1])


def _swallowed(source: Source, encoding: Encoding, delimiter: str) -> bool:
    """Whether well-formed quotes run over lines that are all whole rows themselves: then they are no quotes."""
    with source.text(encoding.name, encoding.errors) as (stream, _):
        run_over = False
        widths: Counter[int] = Counter()
        for line in stream:
            if line.strip():
                widths[line.count(delimiter)] += 1
                run_over = run_over or line.count('"') % 2 == 1
    return run_over and len(widths) == 1


def _table(records: Records, reading: Reading, header: bool | None, limit: int | None) -> Table:
    sample = list(itertools.islice(records, SAMPLE_RECORDS))
    shape = shape_of(sample, header)
    reading.header = shape.header
    for warning in shape.warnings:
        reading.warn(warning)
    rows = itertools.islice(itertools.chain(sample, records), shape.skip, None)
    first = next(rows, []) if shape.header else None
    builder = Builder(shape.names)
    fitter = Fitter(shape, reading.delimiter or ",", first)
    complete = True
    for number, row in enumerate((row for row in rows if row), 1):
        fitted = fitter.fit(row)
        if fitted is not None:
            builder.add(fitted, number)
        if limit and len(builder) >= limit:
            complete = next(rows, None) is None
            break
    fitter.tell(reading, len(builder))
    return Table(builder.finish(reading), builder.numbers, reading, complete)


class Fitter:
    """Gives every row as many cells as there are columns, and counts what it had to do."""

    def __init__(self, shape: Shape, delimiter: str, header: Sequence[str] | None) -> None:
        self.width, self.names, self.delimiter = len(shape.names), shape.names, delimiter
        self.header = list(header) if header is not None else None
        self.short: Counter[int] = Counter()
        self.long = self.joined = self.headers = 0
        roles = [known_role(name) for name in shape.names]
        self.ends: str | None = "last" if roles[-1:] == ["text"] else "first" if roles[:1] == ["text"] else None

    def fit(self, row: list[str]) -> Sequence[str | None] | None:
        """`row` with the right number of cells, or None when it has to be left out."""
        surplus = len(row) - self.width
        if self.header and row == self.header:
            self.headers += 1
            return None
        if surplus == 0:
            return row
        if surplus < 0:
            self.short[-surplus] += 1
            return [*row, *[None] * -surplus]
        if not any(cell.strip() for cell in row[self.width :]):
            return row[: self.width]
        if self.ends and self.width > 1:
            self.joined += 1
            if self.ends == "last":
                return [*row[: self.width - 1], self.delimiter.join(row[self.width - 1 :])]
            return [self.delimiter.join(row[: surplus + 1]), *row[surplus + 1 :]]
        self.long += 1
        return None

    def tell(self, reading: Reading, rows: int) -> None:
        """Put what was done into the warnings."""
        for missing, count in self.short.items():
            if count == rows:
                reading.warn(
                    f"The header names {self.width} columns but the rows hold {self.width - missing}: "
                    "the last stay empty; please check that the names stand above the right columns."
                )
            else:
                reading.warn(
                    f"{missing} fewer fields than the header in {plural(count, 'row')}; the last were left empty."
                )
        if self.joined:
            reading.warn(
                f"More fields than the header in {plural(self.joined, 'row')}; the surplus was taken into the text."
            )
        if self.long:
            reading.left_out["more fields than columns"] = self.long
            reading.warn(
                f"Left out {plural(self.long, 'row')} with more fields than the header: "
                "put texts that hold the delimiter in quotation marks."
            )
        if self.headers:
            reading.left_out["repeated header"] = self.headers
            reading.warn(f"Left out {plural(self.headers, 'row')} that repeat the header.")
