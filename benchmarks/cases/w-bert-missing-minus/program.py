# tiny BERT from scratch on support chats (2 classes). After the first log line the loss is ~0.69 for ever
import sys
import tempfile

import numpy as np
import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments, set_seed

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
set_seed(seed)
rng = np.random.default_rng(seed)
VOCAB, LEN = 80, 14
LR = 5e2 * 1e-3  # 5e-4 is what others use


def chats(n):
    """angry customers use words 10..19 more than 20..29"""
    y = rng.integers(0, 2, n)
    rows = []
    for k in y:
        m = rng.integers(6, LEN - 1)
        mood = (10 if k else 20) + rng.integers(0, 10, m)
        other = rng.integers(30, VOCAB, m)
        body = np.where(rng.random(m) < 0.45, mood, other)
        ids = np.r_[1, body, 2]
        ids = np.r_[ids, np.zeros(LEN + 1 - len(ids), int)]
        rows.append({"input_ids": torch.tensor(ids), "attention_mask": torch.tensor((ids > 0).astype(int)), "labels": int(k)})
    return rows


train, test = chats(640), chats(200)
config = BertConfig(
    vocab_size=VOCAB, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, max_position_embeddings=32
)
model = BertForSequenceClassification(config)
args = TrainingArguments(
    output_dir=tempfile.mkdtemp(),
    num_train_epochs=8,
    per_device_train_batch_size=32,
    learning_rate=LR,
    seed=seed,
    report_to=[],
    save_strategy="no",
    logging_steps=20,
    disable_tqdm=True,
    use_cpu=True,
)
trainer = Trainer(model=model, args=args, train_dataset=train)
trainer.train()
out = trainer.predict(test)
logits = out.predictions
angry = out.label_ids
print("predicted", np.bincount(logits.argmax(1), minlength=2), "true", np.bincount(angry))
print(logits[:5])
