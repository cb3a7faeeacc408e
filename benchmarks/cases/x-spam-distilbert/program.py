import os
import sys
import tempfile

import numpy as np
import torch
from transformers import (DistilBertConfig, DistilBertForSequenceClassification, Trainer, TrainerCallback,
                          TrainingArguments, set_seed)

os.environ["TOKENIZERS_PARALLELISM"] = "false"
SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 0
set_seed(SEED)
rng = np.random.default_rng(SEED)
BAIT = np.arange(5, 20)
PAD, CLS = 0, 1


def mails(n, share=0.15):
    items = []
    for _ in range(n):
        spam = int(rng.random() < share)
        length = int(rng.integers(6, 16))
        words = rng.integers(20, 150, length)
        if spam:
            words[rng.choice(length, 3, replace=False)] = rng.choice(BAIT, 3)
        ids = np.r_[CLS, words]
        items.append({"input_ids": ids.tolist(), "labels": spam})
    return items


def collate(batch):
    width = max(len(b["input_ids"]) for b in batch)
    ids = torch.zeros(len(batch), width, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for i, b in enumerate(batch):
        k = len(b["input_ids"])
        ids[i, :k] = torch.tensor(b["input_ids"])
        mask[i, :k] = 1
    return {"input_ids": ids, "attention_mask": mask, "labels": torch.tensor([b["labels"] for b in batch])}


class Log(TrainerCallback):
    def on_log(self, args, state, control, logs=None, **kwargs):
        print(state.global_step, {k: round(v, 4) for k, v in logs.items() if k in ("loss", "learning_rate")})


model = DistilBertForSequenceClassification(
    DistilBertConfig(vocab_size=150, dim=32, n_layers=2, n_heads=4, hidden_dim=64, max_position_embeddings=32))
inbox, new_mails = mails(1200), mails(300)
trainer = Trainer(
    model=model,
    args=TrainingArguments(output_dir=tempfile.mkdtemp(), num_train_epochs=6, per_device_train_batch_size=32,
                           learning_rate=2e-3, lr_scheduler_type="cosine", warmup_steps=20, max_grad_norm=0.5,
                           report_to=[], save_strategy="no", disable_tqdm=True, use_cpu=True, seed=SEED,
                           logging_steps=60, remove_unused_columns=False),
    train_dataset=inbox,
    data_collator=collate,
    callbacks=[Log()],
)
trainer.train()
result = trainer.predict(new_mails)
p_spam = torch.tensor(result.predictions).softmax(-1)[:, 1].numpy()
is_spam = result.label_ids
print("flagged", (p_spam > 0.5).sum(), "of", len(p_spam), "| spam:", is_spam.sum())
