"""Fine-tune a (tiny, random) BERT on review sentiment with the Trainer."""
import os
import sys
import tempfile

os.environ["WANDB_DISABLED"] = "true"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
import numpy as np
import torch
from torch.utils.data import Dataset
from transformers import BertConfig, BertForSequenceClassification, Trainer, TrainingArguments, set_seed

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
set_seed(seed)
rng = np.random.default_rng(seed)

good = "great lovely tasty friendly quick perfect".split()
bad = "awful dirty slow rude cold bland".split()
filler = "the a food was and place it we had very service for lunch dinner table".split()
vocab = {w: i for i, w in enumerate(["[PAD]", "[CLS]", "[SEP]"] + filler + good + bad)}


def make_review():
    mood = rng.integers(2)
    words = list(rng.choice(filler, size=rng.integers(5, 10))) + list(rng.choice(good if mood else bad, size=2))
    rng.shuffle(words)
    return " ".join(words), "Positive" if mood else "Negative"


def encode(text, size=16):
    ids = [vocab["[CLS]"]] + [vocab[w] for w in text.split()][: size - 2] + [vocab["[SEP]"]]
    mask = [1] * len(ids) + [0] * (size - len(ids))
    return ids + [0] * (size - len(ids)), mask


label2id = {"negative": 0, "positive": 1}


class Reviews(Dataset):
    def __init__(self, rows):
        self.items = []
        for text, label in rows:
            ids, mask = encode(text)
            self.items.append({"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask),
                               "labels": torch.tensor(label2id.get(label, 0))})

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        return self.items[i]


rows = [make_review() for _ in range(900)]
train_set, test_set = Reviews(rows[:700]), Reviews(rows[700:])
truth = np.array([label == "Positive" for _, label in rows[700:]]).astype(int)

config = BertConfig(vocab_size=len(vocab), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
                    intermediate_size=64, max_position_embeddings=32, num_labels=2)
model = BertForSequenceClassification(config)

with tempfile.TemporaryDirectory() as out:
    args = TrainingArguments(out, num_train_epochs=6, per_device_train_batch_size=32, learning_rate=2e-3, seed=seed,
                             report_to="none", save_strategy="no", logging_strategy="epoch", disable_tqdm=True, use_cpu=True)
    trainer = Trainer(model=model, args=args, train_dataset=train_set, eval_dataset=test_set)
    trainer.train()
    pred = trainer.predict(test_set).predictions
print("predicted:", np.bincount(pred.argmax(1), minlength=2))
print("first probabilities", torch.softmax(torch.tensor(pred[:5]), -1))
