import sys
import tempfile

import numpy as np
import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments, set_seed

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
set_seed(seed)
rng = np.random.default_rng(seed)

# Product reviews, already tokenised with our own 300 word vocabulary.
POS, NEG = np.arange(10, 40), np.arange(40, 70)


def reviews(n, length=16):
    y = rng.integers(0, 2, n)
    ids = rng.integers(70, 300, (n, length))
    for row, label in zip(ids, y):
        where = rng.choice(np.arange(1, length), 5, replace=False)
        row[where] = rng.choice(POS if label else NEG, 5)
    ids[:, 0] = 2
    return ids, y


class Reviews(torch.utils.data.Dataset):
    def __init__(self, ids, y):
        self.ids, self.y = ids, y

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return {"input_ids": torch.tensor(self.ids[i]), "attention_mask": torch.ones(len(self.ids[i]), dtype=torch.long),
                "labels": torch.tensor(int(self.y[i]))}


config = BertConfig(vocab_size=300, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
                    max_position_embeddings=32, num_labels=2)
model = BertForSequenceClassification(config)

train_ds = Reviews(*reviews(800))
test_ds = Reviews(*reviews(200))
args = TrainingArguments(
    output_dir=tempfile.mkdtemp(),
    num_train_epochs=3,
    per_device_train_batch_size=32,
    per_device_eval_batch_size=64,
    learning_rate=2e-5,
    weight_decay=0.01,
    warmup_steps=10,
    logging_steps=25,
    report_to=[],
    save_strategy="no",
    disable_tqdm=True,
    use_cpu=True,
    seed=seed,
)
trainer = Trainer(model=model, args=args, train_dataset=train_ds)
trainer.train()
out = trainer.predict(test_ds)
sentiment = torch.softmax(torch.tensor(out.predictions), -1).numpy()
gold = out.label_ids
print(sentiment[:8], gold[:8])
