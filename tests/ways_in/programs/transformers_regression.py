import numpy as np
import torch
from torch.utils.data import Dataset
from transformers import DistilBertConfig, DistilBertForSequenceClassification, Trainer, TrainingArguments, set_seed

set_seed(1)
value = np.random.default_rng(0).normal(size=40)


class Reviews(Dataset):
    def __init__(self, n, seed):
        rng = np.random.default_rng(seed)
        self.rows = [rng.integers(0, 40, size=rng.integers(4, 11)) for _ in range(n)]

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        row = self.rows[i]
        return {"ids": [1, *(row + 3).tolist(), 2], "price": float(4000 + 900 * value[row].mean())}


def collate(batch):
    n = max(len(one["ids"]) for one in batch)
    ids = torch.tensor([one["ids"] + [0] * (n - len(one["ids"])) for one in batch])
    return {
        "input_ids": ids,
        "attention_mask": (ids != 0).long(),
        "labels": torch.tensor([one["price"] for one in batch]),
    }


config = DistilBertConfig(
    vocab_size=43, dim=32, hidden_dim=64, n_layers=2, n_heads=2, max_position_embeddings=16, num_labels=1
)
model = DistilBertForSequenceClassification(config)
args = TrainingArguments(
    "out",
    num_train_epochs=4,
    per_device_train_batch_size=8,
    gradient_accumulation_steps=2,
    learning_rate=1e-3,
    save_strategy="no",
    report_to="none",
    remove_unused_columns=False,
    use_cpu=True,
    disable_tqdm=True,
)
trainer = Trainer(model, args, train_dataset=Reviews(320, 0), data_collator=collate, callbacks=[])
trainer.train()
predictions = trainer.predict(Reviews(80, 1)).predictions
print(predictions[:5].ravel(), predictions.std())
