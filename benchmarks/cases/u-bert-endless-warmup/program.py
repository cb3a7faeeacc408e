"""Fine-tune a (very) small BERT from scratch on synthetic reviews. Script follows run_glue.py, without the Trainer."""
import argparse
import logging
import sys

import torch
from torch.utils.data import DataLoader, TensorDataset
from transformers import BertConfig, BertForSequenceClassification, get_linear_schedule_with_warmup, set_seed

logger = logging.getLogger(__name__)


def parse():
    p = argparse.ArgumentParser()
    p.add_argument("seed", type=int, nargs="?", default=42)
    p.add_argument("--learning_rate", type=float, default=5e-4)
    p.add_argument("--num_train_epochs", type=int, default=4)
    p.add_argument("--per_device_batch_size", type=int, default=32)
    p.add_argument("--warmup_steps", type=int, default=10_000)
    p.add_argument("--max_seq_length", type=int, default=16)
    return p.parse_args()


def synthetic_reviews(n, length):
    ids = torch.randint(20, 200, (n, length))
    labels = torch.randint(0, 2, (n,))
    for row, lab in zip(ids, labels):
        where = torch.randperm(length - 1)[:4] + 1
        row[where] = torch.randint(5, 12, (4,)) + 7 * lab
    ids[:, 0] = 1
    return ids, torch.ones_like(ids), labels


def evaluate(model, ids, mask):
    model.eval()
    with torch.no_grad():
        return model(input_ids=ids, attention_mask=mask).logits


def main():
    args = parse()
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
    set_seed(args.seed)
    config = BertConfig(
        vocab_size=200, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=32, num_labels=2,
    )
    model = BertForSequenceClassification(config)
    ids, mask, labels = synthetic_reviews(1600, args.max_seq_length)
    loader = DataLoader(TensorDataset(ids[:1200], mask[:1200], labels[:1200]), args.per_device_batch_size, shuffle=True)
    total = len(loader) * args.num_train_epochs
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.learning_rate)
    scheduler = get_linear_schedule_with_warmup(optimizer, args.warmup_steps, args.warmup_steps + total)
    for epoch in range(args.num_train_epochs):
        model.train()
        for step, (i, m, l) in enumerate(loader):
            out = model(input_ids=i, attention_mask=m, labels=l)
            out.loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
        logger.info("epoch %d loss %.4f", epoch, out.loss.item())
    logits = evaluate(model, ids[1200:], mask[1200:])
    gold = labels[1200:]
    logger.info("eval_accuracy %.3f", (logits.argmax(-1) == gold).float().mean().item())
    logger.info("logits %s", logits[:5].tolist())


if __name__ == "__main__":
    main()
