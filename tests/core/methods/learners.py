"""Tiny random models with a vocabulary of their own texts: they learn twenty examples by heart in seconds."""

from collections.abc import Sequence
from pathlib import Path

VOCABULARY = 500
ANSWERS = ["Text: Label: Labels: Entities: Intent: Intents: none | , . ( ) Classify the text. Name all labels of the "
           "text. Find the entities in the text. intent slots"] * 3  # fmt: skip


def learning_decoder(folder: Path, texts: Sequence[str], hidden: int = 64) -> Path:
    """A random Llama (2 layers) with a byte-level vocabulary of `texts`."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        [*texts, *ANSWERS],
        trainers.BpeTrainer(
            vocab_size=VOCABULARY, special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False,
        ),
    )  # fmt: skip
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", unk_token="<|endoftext|>",
        additional_special_tokens=["<|im_start|>"], model_max_length=512,
    )  # fmt: skip
    wrapped.save_pretrained(folder)
    config = LlamaConfig(
        vocab_size=len(wrapped), hidden_size=hidden, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        intermediate_size=2 * hidden, max_position_embeddings=512, eos_token_id=2, bos_token_id=None,
        tie_word_embeddings=True, initializer_range=0.08,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def learning_seq2seq(folder: Path, texts: Sequence[str], hidden: int = 64) -> Path:
    """A random T5 (2 + 2 layers) with a vocabulary of `texts` that lacks `{`, `}` and line ends, as T5's own does."""
    import torch
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace("\n", " "), normalizers.Strip(False, True)]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.train_from_iterator(
        [*texts, *ANSWERS],
        trainers.UnigramTrainer(
            vocab_size=VOCABULARY, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False,
            initial_alphabet=list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:;|[]()\"'#@_-/*"),
        ),
    )  # fmt: skip
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", model_max_length=512,
    )  # fmt: skip
    wrapped.add_tokens([AddedToken(f"<extra_id_{i}>", special=True) for i in range(20)], special_tokens=True)
    wrapped.save_pretrained(folder)
    config = T5Config(
        vocab_size=len(wrapped) + 8, d_model=hidden, d_kv=16, d_ff=2 * hidden, num_layers=2, num_decoder_layers=2,
        num_heads=4, decoder_start_token_id=0, pad_token_id=0, eos_token_id=1, feed_forward_proj="gated-gelu",
        tie_word_embeddings=False, dropout_rate=0.0,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        T5ForConditionalGeneration(config).save_pretrained(folder)
    return folder
