"""A document held against the run folders: is it as it was made, and do the folders still say what it says?

Three things can be wrong, and each is told apart: the document was changed; a run folder was changed or is gone; or
the folders are as they were and this release computes something else. What happened since (new runs, new prices, a
newer version of the data) is no fault of the document and told beside.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from core.analysis.results import RunSummary
from core.data.dataset import load_dataset
from core.errors import TradeoffError
from core.findings.results import Pricing, dataset_runs, summary_of
from core.home import Home
from core.metering.prices import PriceBook
from core.preferences import load
from core.record.apart import NOT_COMPARED, differing, leaves, same
from core.record.gather import assembled, digests
from core.record.limits import limits
from core.record.page import page, renderer
from core.record.parts import RECORD_VERSION, DecisionRecord
from core.record.pdf import in_pdf
from core.record.pricing import RecordedBook
from core.record.signing import hash_of, in_page, is_sealed, read_signed
from core.runs import RunFolder
from core.spec import Record

LARGEST = 200 * 2**20
"""Bytes of a document that is still read."""
SHOWN = 60


class Verdict(Record):
    """What came of checking a document; it agrees when `faults` is empty."""

    file: str
    hash: str
    dataset: str
    made_at: str
    runs: int
    figures: int
    """How many figures and words were computed again and compared."""
    faults: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether the document is as it was made and the run folders say the same."""
        return not self.faults

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        if self.agrees:
            return (
                f"The document is as it was made, and its {self.runs} runs still say so: {self.figures:,} figures and "
                "words were computed again and agree."
            )
        count = len(self.faults)
        return f"The document does not agree with the run folders: {count} thing{'' if count == 1 else 's'} to see."


def verify(home: Home, path: Path) -> Verdict:
    """Check a document, .html or .pdf (or its JSON), against the run folders of `home`.

    Raises:
        TradeoffError: the file cannot be read, holds no record, or one of a release that this one cannot read.
    """
    signed, faults = _opened(path)
    content = signed["record"]
    if hash_of(content) != signed["hash"]:
        faults.append("The record in the document was changed: its hash is not the one it was signed with")
    try:
        record = DecisionRecord(**content)
    except (ValidationError, TypeError) as error:
        raise TradeoffError(
            f"The record is of a kind that this release cannot read (version {content.get('record_version')}, "
            f"this release reads {RECORD_VERSION})",
            str(path), "Check it with the release that made it; the document names it.",
        ) from error  # fmt: skip
    compared, changed = 0, list(_changed_folders(home, record))
    notices: list[str] = []
    faults += changed
    if not any(fault.startswith(GONE) for fault in changed):
        compared, otherwise, notices = _computed_again(home, record, content)
        if otherwise and not faults:
            notices.append(
                "The run folders are as they were: this release computes otherwise than the one that made the document "
                f"({record.made_with.get('commit', 'unknown')}), or the record was made up"
            )
        faults += otherwise
        notices += _since(home, record)
    return Verdict(
        file=path.name, hash=signed["hash"], dataset=record.data.name, made_at=record.made_at, runs=len(record.runs),
        figures=compared, faults=tuple(faults), notices=tuple(notices),
    )  # fmt: skip


def _opened(path: Path) -> tuple[dict[str, Any], list[str]]:
    """The signed record of a file, and what is wrong with the file itself."""
    try:
        if path.stat().st_size > LARGEST:
            raise TradeoffError("The file is too large to be a decision record", str(path))
        content = path.read_bytes()
    except OSError as error:
        raise TradeoffError(
            f"The file cannot be read: {error.strerror}", str(path), "Check its name and place."
        ) from None
    if content.startswith(b"%PDF"):
        signed, unchanged = in_pdf(content)
        return signed, [] if unchanged else ["The pages of the PDF are not those that were printed"]
    text = content.decode("utf-8", "replace").replace("\r\n", "\n")
    if path.suffix.lower() == ".json":
        return read_signed(text), []
    signed = in_page(text)
    return signed, list(_changed_page(text, signed["record"]))


def _changed_page(text: str, content: dict[str, Any]) -> Iterator[str]:
    """Whether words of the page were changed: its own hash, and the page drawn again where this release can."""
    if not is_sealed(text):
        yield "The page was changed by hand: it is not the one that was made from its record"
        return
    try:
        same_release = (content.get("made_with") or {}).get("drawn by") == renderer()
        if same_release and page(DecisionRecord(**content)) != text:
            yield "The page does not say what its record says"
    except (ValidationError, TypeError, AttributeError):
        return


GONE = "The run "


def _changed_folders(home: Home, record: DecisionRecord) -> Iterator[str]:
    """Runs that are gone, and files of runs that are not the ones the record was computed from."""
    for run in record.runs:
        folder = home.runs / run.run_id
        if "/" in run.run_id or run.run_id in ("", ".", "..") or not (folder / "spec.json").exists():
            yield f"{GONE}{run.run_id} of {run.candidate} is gone"
            continue
        now = digests(folder)
        for name, then in run.files.items():
            if name not in now:
                yield f"{name} of {run.run_id} is gone"
            elif now[name] != then:
                yield f"{name} of {run.run_id} was changed"
        for name in sorted(set(now) - set(run.files)):
            yield f"{name} of {run.run_id} was not there when the document was made"


def _computed_again(home: Home, record: DecisionRecord, content: dict[str, Any]) -> tuple[int, list[str], list[str]]:
    """How many figures and words were compared, which differ, and what has happened since."""
    try:
        dataset = load_dataset(home, record.data.name, record.data.fingerprint)
        runs = [_summary(home, run.run_id) for run in record.runs]
        book = RecordedBook.of_parts(record.prices)
        # What is paid by the token elsewhere is an assumption, like a price: it is taken as recorded.
        beside = record.costs.reference if record.costs else None
        again = assembled(
            home, dataset, runs, record.decision.question, book, record.scenario, record.train_size,
            lambda _rows, _scenario: beside,
        )  # fmt: skip
    except TradeoffError as error:
        return 0, [f"The record cannot be computed again: {error.what}"], []
    # Advice depends on what else has been tried since.
    decided = again.decision.model_copy(update={"next_steps": record.decision.next_steps})
    again, notices = again.model_copy(update={"decision": decided}), []
    if again.data.audit != record.data.audit:
        notices.append("The data was audited after the document was made")
        again = again.model_copy(
            update={"data": again.data.model_copy(update={"audit": record.data.audit}), "cleaned": record.cleaned}
        )
        again = again.model_copy(update={"limits": tuple(limits(again))})
    elif again.cleaned is None:
        again = again.model_copy(update={"cleaned": record.cleaned})
    whole = record.made_with.get("drawn by") == renderer()
    if not whole:
        notices.append("The document was made by another release; what only this one computes was not compared")
    found = list(differing(content, again.model_dump(mode="json"), whole))
    count = leaves({name: part for name, part in content.items() if name not in NOT_COMPARED})
    more = [f"{len(found) - SHOWN} more differ"] if len(found) > SHOWN else []
    return count, [*found[:SHOWN], *more], notices


def _summary(home: Home, run_id: str) -> RunSummary:
    return summary_of(RunFolder(home.runs / run_id))


def _since(home: Home, record: DecisionRecord) -> Iterator[str]:
    """What has happened since the document was made."""
    name = record.data.name
    try:
        current = load_dataset(home, name).info.fingerprint
        if current != record.data.fingerprint:
            yield f"{name} has a newer version ({current}); the document is about {record.data.fingerprint}"
        known = {run.run_id for run in record.runs}
        runs = dataset_runs(home, name, record.data.fingerprint)
    except TradeoffError:
        return
    new = [run.run_id for run in runs if run.run_id not in known and run.status == "finished"]
    if new:
        yield f"Runs on {name} that are not in the document have finished: {len(new)}, {new[0]} among them"
    now, then = Pricing(PriceBook.of(load(home))), Pricing(RecordedBook.of_parts(record.prices))
    changed = {
        run.spec.label
        for run in runs if run.run_id in known
        for usage in run.usage.values()
        if not same(now(usage, run.spec.candidate.model).usd, then(usage, run.spec.candidate.model).usd)
    }  # fmt: skip
    if changed:
        yield f"Prices were changed since; they would change the cost of {', '.join(sorted(changed)[:5])}"
