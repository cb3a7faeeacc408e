import numpy as np
import torch
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments, set_seed

VOCABULARY, LENGTH = 60, 12


def sentences(n, seed):
    """Word 3 or word 4 stands somewhere, and says the class."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(n):
        ids = rng.integers(5, VOCABULARY, size=LENGTH)
        label = int(rng.integers(0, 2))
        ids[rng.integers(1, LENGTH)] = 3 if label else 4
        ids[0] = 1
        rows.append({"input_ids": ids.tolist(), "attention_mask": [1] * LENGTH, "labels": label})
    return rows


set_seed(0)
train, test = sentences(300, 0), sentences(100, 1)
config = BertConfig(
    vocab_size=VOCABULARY,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=64,
    max_position_embeddings=16,
    num_labels=2,
)
model = BertForSequenceClassification(config)
args = TrainingArguments(
    output_dir="out",
    num_train_epochs=4,
    per_device_train_batch_size=16,
    learning_rate=0.5,
    warmup_steps=10,
    weight_decay=0.01,
    eval_strategy="epoch",
    save_strategy="no",
    report_to=[],
    use_cpu=True,
    disable_tqdm=True,
)
trainer = Trainer(
    model=model,
    args=args,
    train_dataset=train,
    eval_dataset=test,
    compute_metrics=lambda p: {"accuracy": float((p.predictions.argmax(-1) == p.label_ids).mean())},
    callbacks=[],
)
trainer.train()
out = trainer.predict(test)
print(out.metrics)
predictions = torch.tensor(out.predictions).softmax(1)
X = {"input_ids": torch.tensor([row["input_ids"] for row in train])}
