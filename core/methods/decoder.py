"""Fine-tuned decoders (Llama and its kin): they learn to go on from the prompt with the answer."""

from transformers import AutoModelForCausalLM

from core.methods.generator import Generator


class Decoder(Generator):
    """All weights are fine-tuned."""

    method = "decoder-full"
    kind = AutoModelForCausalLM
    task_type = "CAUSAL_LM"
    seq2seq = False


class DecoderLora(Decoder):
    """Low-rank adapters are fine-tuned; for prediction they are added into the weights."""

    method = "decoder-lora"


class DecoderQlora(Decoder):
    """Low-rank adapters beside weights of four bits; they stay apart for prediction too."""

    method = "decoder-qlora"
