"""Fine-tuned encoder-decoders (T5, Flan-T5): they read the prompt and learn to write the answer."""

from transformers import AutoModelForSeq2SeqLM

from core.methods.generator import Generator


class Seq2Seq(Generator):
    """All weights are fine-tuned."""

    method = "seq2seq-full"
    kind = AutoModelForSeq2SeqLM
    task_type = "SEQ_2_SEQ_LM"
    seq2seq = True


class Seq2SeqLora(Seq2Seq):
    """Low-rank adapters are fine-tuned; for prediction they are added into the weights."""

    method = "seq2seq-lora"


class Seq2SeqQlora(Seq2Seq):
    """Low-rank adapters beside weights of four bits; they stay apart for prediction too."""

    method = "seq2seq-qlora"
