"""Labelled texts of three classes that a tiny model can learn, and a tiny encoder to start from."""

import csv
import random
from pathlib import Path

WORDS = {"calm": ("good", "love", "happy"), "cross": ("bad", "worst", "never"), "unmoved": ("the", "train", "day")}


def write_csv(path: Path, texts: int = 240, seed: int = 5) -> Path:
    """Write the columns review and mood; a text has two words of its class among others."""
    drawn = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["review", "mood"])
        for number in range(texts):
            mood = sorted(WORDS)[number % 3]
            noise = [drawn.choice("abcdefghijklm") for _ in range(3)]
            writer.writerow([" ".join([*noise, *drawn.choices(WORDS[mood], k=2), *noise[:2]]), mood])
    return path


def tiny_encoder(folder: Path) -> Path:
    """Write a DistilBERT encoder with random weights and no head, as save_pretrained does."""
    import torch
    from transformers import DistilBertConfig, DistilBertModel

    from tools.models.full_size import make_tokenizer

    torch.manual_seed(11)
    tokenizer = make_tokenizer(0, 64)
    config = DistilBertConfig(
        vocab_size=len(tokenizer), n_layers=1, dim=32, n_heads=2, hidden_dim=64, max_position_embeddings=64
    )
    DistilBertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
