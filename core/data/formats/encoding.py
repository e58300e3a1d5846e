"""Which encoding a text file has: strict UTF-8 or a byte order mark first, a guess that is told last."""

import codecs
import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from encodings.aliases import aliases

from core.data.formats.source import Source
from core.errors import TradeoffError

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
CHUNK = 1 << 20
SAMPLE_BYTES = 200_000
FEW_BROKEN = 0.1
TIE = 0.01
NAMES = {"cp1252": "windows-1252", "cp1250": "windows-1250", "cp1251": "windows-1251", "utf_8": "utf-8"}


@dataclass(frozen=True)
class Encoding:
    """An encoding's name, whether it is a guess, what happens to bytes that do not fit, and what to tell."""

    name: str
    guessed: bool = False
    errors: str = "strict"
    warning: str = ""


def detect(source: Source, wanted: str | None = None) -> Encoding:
    """The encoding of a text file; `wanted` is taken as it is when it is an encoding and fits.

    Raises:
        TradeoffError: there is no such encoding as `wanted`.
    """
    if wanted:
        return Encoding(checked(wanted))
    head = source.head(4096)
    for mark, name in MARKS:
        if head.startswith(mark):
            return Encoding(name)
    wide = _without_mark(head)
    if wide:
        return Encoding(wide, True, warning=f"The encoding was guessed as {wide}; please check the preview.")
    if _fits(source, "utf-8"):
        return Encoding("utf-8")
    return _guess(source)


def checked(name: str) -> str:
    """`name`, when it is a text encoding that Python knows.

    Raises:
        TradeoffError: it is not.
    """
    try:
        info = codecs.lookup(name)
        usable = info._is_text_encoding and info.name not in ("undefined", "idna", "punycode")
    except (LookupError, ValueError):
        usable = False
    if not usable:
        near = difflib.get_close_matches(name.lower(), sorted({*aliases, *aliases.values(), "utf-8"}), n=1)
        raise TradeoffError(
            f'There is no encoding "{name}"',
            remedy=f'Did you mean "{near[0]}"?' if near else "Examples: utf-8, utf-16, windows-1252.",
        )
    return name


def _without_mark(head: bytes) -> str:
    """UTF-16 without a byte order mark shows as a NUL at every second place of Latin text."""
    if len(head) < 8:
        return ""
    even, odd = head[0::2].count(0) / len(head[0::2]), head[1::2].count(0) / len(head[1::2])
    if odd > 0.4 and even < 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 and odd < 0.05 else ""


def _fits(source: Source, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    with source.binary() as stream:
        try:
            while piece := stream.read(CHUNK):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _guess(source: Source) -> Encoding:
    sample = _foreign_lines(source)
    as_utf8 = sample.decode("utf-8", "replace")
    broken, foreign = as_utf8.count("\ufffd"), sum(ord(character) > 127 for character in as_utf8)
    if broken <= FEW_BROKEN * foreign:
        told = "A few bytes are not valid UTF-8; each was replaced by the sign \ufffd."
        return Encoding("utf-8", True, "replace", told)
    for name in _candidates(sample):
        if _fits(source, name):
            shown = NAMES.get(name, name.replace("_", "-"))
            return Encoding(shown, True, warning=f"The encoding was guessed as {shown}; please check the preview.")
    told = "The encoding was guessed as windows-1252 and some bytes did not fit; please check the preview."
    return Encoding("windows-1252", True, "replace", told)


def _foreign_lines(source: Source) -> bytes:
    """Lines with bytes beyond ASCII: a guess from the head of a file would often see none."""
    found: list[bytes] = []
    size = 0
    with source.binary() as stream:
        rest = b""
        while size < SAMPLE_BYTES and (piece := stream.read(CHUNK)):
            *lines, rest = (rest + piece).split(b"\n")
            rest = rest[-CHUNK:]
            for line in lines:
                if not line.isascii():
                    found.append(line[:20_000])
                    size += len(found[-1])
        if not rest.isascii():
            found.append(rest[:20_000])
    return b"\n".join(found)[: 2 * SAMPLE_BYTES]


def _candidates(sample: bytes) -> Iterable[str]:
    """Guesses, the likeliest first. windows-1252 wins a tie: it is by far the commonest, but the guesser lists
    encodings by alphabet that read a Western text equally well.
    """
    from charset_normalizer import from_bytes

    matches = list(from_bytes(sample, enable_fallback=False))
    if matches and not (matches[0].encoding == "cp1254" and matches[0].language == "Turkish"):
        best = min(match.chaos for match in matches)
        if any("cp1252" in match.could_be_from_charset for match in matches if match.chaos <= best + TIE):
            yield "cp1252"
    yield from (match.encoding for match in matches)
    yield "cp1252"
