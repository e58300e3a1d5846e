"""What charts on pages and in documents share: a colour a family, a mark a method, words for how energy is known.

The colours are Okabe and Ito's, told apart by people with any colour vision; on white the orange and green are
darkened until a mark has a contrast of 3:1, on dark all are lightened.
"""

FAMILIES: dict[str, tuple[str, str, str]] = {
    "baseline": ("Baseline", "#6B7280", "#9AA4B0"),
    "encoder": ("Encoder", "#0072B2", "#56B4E9"),
    "finetuned_llm": ("Fine-tuned language model", "#C77700", "#F0B040"),
    "prompted_llm": ("Prompted language model", "#00845F", "#35C79C"),
    "api": ("API", "#A8548A", "#DE9CC3"),
    "cascade": ("Cascade", "#9E2A00", "#FF9575"),
}
"""Each family: its name in plain words, its colour on light and on dark."""

SYMBOLS = {
    "majority": "line-ew",
    "tfidf-linear": "square",
    "embedding-linear": "diamond",
    "encoder-full": "circle",
    "encoder-lora": "triangle-up",
    "setfit": "cross",
    "gliclass": "diamond-tall",
    "gliner": "diamond-wide",
    "seq2seq-full": "octagon",
    "seq2seq-lora": "triangle-left",
    "seq2seq-qlora": "triangle-right",
    "decoder-full": "hexagon2",
    "decoder-lora": "triangle-down",
    "decoder-qlora": "bowtie",
    "prompt": "pentagon",
    "api-prompt": "star",
    "cascade": "hourglass",
}
"""The mark of each method; a method that is not here gets a hexagon."""

PROVENANCE = {
    "measured": ("measured", "green", "Read from a hardware counter"),
    "modelled": ("modelled", "orange", "Computed from the device's rated power, not measured"),
    "estimated": ("estimated", "violet", "Estimated from published figures of an API model"),
    "unknown": ("unknown", "gray", "No figure could be found"),
}
"""Word, colour and meaning of how an energy figure came about."""
