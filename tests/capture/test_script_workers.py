"""Workers of a DataLoader, forked and spawned, under ``defib run``: the same batches, nothing printed twice."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from defib.recording import load, newest
from tests.conftest import Run

PROGRAM = """
    import sys
    import torch
    from torch import nn
    from torch.utils.data import DataLoader, Dataset, IterableDataset, get_worker_info

    def say(text):  # in one piece: where output is not buffered, a print is several writes, and processes mix them
        sys.stdout.write(text + "\\n")
        sys.stdout.flush()

    say(f"imported as {__name__}")

    class Rows(Dataset):
        def __len__(self):
            return 40

        def __getitem__(self, i):
            x = torch.tensor([i / 40, 1 - i / 40])
            return {"x": x, "y": x[:1], "worker": get_worker_info().id}

    class Stream(IterableDataset):
        def __iter__(self):
            for i in range(20):
                yield Rows()[i]

    if __name__ == "__main__":
        torch.manual_seed(0)
        model = nn.Linear(2, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for context, data in (("fork", Rows()), ("spawn", Rows()), ("fork", Stream())):
            shuffle = isinstance(data, Rows)
            for batch in DataLoader(data, 10, shuffle, num_workers=2, multiprocessing_context=context):
                optimizer.zero_grad()
                loss = nn.functional.mse_loss(model(batch["x"]), batch["y"])
                loss.backward()
                optimizer.step()
                say(f"{context} {sorted(set(batch['worker'].tolist()))} {loss.item()}")
        say(str([one.tolist() for one in model.parameters()]))
        sys.exit(3)
    """


def test_data_loader_workers(tmp_path: Path, python: Run, defib: Run) -> None:
    (tmp_path / "train.py").write_text(dedent(PROGRAM))
    plain, watched = python("train.py"), defib("run", "--quiet", "--no-trials", "train.py")
    assert plain.returncode == watched.returncode == 3, watched.stderr
    # Workers that are spawned print when they come up, in no order of theirs.
    assert sorted(watched.stdout.splitlines()) == sorted(plain.stdout.splitlines())
    assert watched.stderr == plain.stderr
    assert len(load(newest(tmp_path)).diagnoses) == 1
    assert len(list((tmp_path / ".defib").glob("*.jsonl"))) == 1
