"""Several processes that train together: one reports for all, nobody waits for anybody, the training is as it was."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest
import torch
import torch.distributed as dist
from torch import nn

from defib.adapters.torch import TorchSubject
from defib.adapters.torch.clone import clone_module
from defib.adapters.torch.quiet import quiet
from defib.capture.launchers import launch_of
from defib.capture.ranks import Ranks, share_of
from defib.capture.ranks_pool import pool
from defib.capture.script import watch
from defib.recording import load, newest
from defib.subject import Subject
from tests.conftest import run_python

TRAIN = """
    import sys, torch, torch.distributed as dist
    from torch import nn
    from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

    dist.init_process_group("gloo")
    rank = dist.get_rank()
    torch.manual_seed(0)
    X = torch.randn(96, 4)
    y = (X[:, :1] > 0).float()
    data = TensorDataset(X, y)
    loader = DataLoader(data, batch_size=8, sampler=DistributedSampler(data, shuffle=False))
    model = nn.parallel.DistributedDataParallel(
        nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.2), nn.Linear(8, 1), nn.Softmax(dim=1))
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(4):
        for xb, yb in loader:
            optimizer.zero_grad()
            nn.functional.binary_cross_entropy(model(xb), yb).backward()
            optimizer.step()
        if "--crash" in sys.argv and epoch == 2 and rank == 1:
            raise ValueError("process 1 breaks")
    state = [one.tolist() for one in model.state_dict().values()]
    open(f"{sys.argv[1]}-{rank}", "w").write(f"{state} {torch.get_rng_state().tolist()}")
    dist.destroy_process_group()
    """
TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2")


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "train.py").write_text(dedent(TRAIN))
    return run_python(*arguments, cwd=folder)


def test_the_launcher_under_defib_gives_one_report_on_the_rows_of_both(tmp_path: Path) -> None:
    plain = run(tmp_path, *TORCHRUN, "train.py", "plain")
    assert plain.returncode == 0, plain.stderr
    watched = run(tmp_path, "-m", "defib", "run", "--no-trials", *TORCHRUN, "train.py", "watched")
    assert watched.returncode == 0, watched.stderr
    for rank in "01":
        assert (tmp_path / f"plain-{rank}").read_text() == (tmp_path / f"watched-{rank}").read_text()
    (diagnosis,) = load(newest(tmp_path)).diagnoses
    assert diagnosis.causes[0].code == "DF301"
    assert watched.stdout.count("single-unit-softmax (DF301)") == 1
    assert "process 0: 48 rows, 24 steps" in diagnosis.notes[0]
    assert "process 1: 48 rows, 24 steps" in diagnosis.notes[0]
    recipe = load(newest(tmp_path)).of("model")[0]["recipe"]
    assert (recipe.batch_size, recipe.n_epochs) == (16, 4)
    assert {one.name.rpartition(".")[2] for one in (tmp_path / ".defib").iterdir()} == {"gitignore", "jsonl"}


def test_when_one_process_fails_the_other_still_reports(tmp_path: Path) -> None:
    ended = run(tmp_path, *TORCHRUN, "-m", "defib", "run", "train.py", "x", "--crash")
    assert ended.returncode == 1
    assert "ValueError: process 1 breaks" in ended.stderr
    (diagnosis,) = load(newest(tmp_path)).diagnoses
    assert diagnosis.causes[0].code == "DF301"
    assert diagnosis.trials == ()


SHARDED = """
    import sys, torch, torch.distributed as dist
    from torch import nn
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import FullyShardedDataParallel, fully_shard

    dist.init_process_group("gloo")
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1), nn.Softmax(dim=1))
    if sys.argv[1] == "FullyShardedDataParallel":
        model = FullyShardedDataParallel(model, device_id=torch.device("cpu"))
    else:
        fully_shard(model, mesh=init_device_mesh("cpu", (2,)))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    rows = torch.randn(16, 4)
    for _ in range(3):
        optimizer.zero_grad()
        nn.functional.binary_cross_entropy(model(rows), (rows[:, :1] > 0).float()).backward()
        optimizer.step()
    print(f"{type(model).__name__} trained")  # one text: two processes write to one pipe
    dist.destroy_process_group()
    """


@pytest.mark.parametrize("kind", ["FullyShardedDataParallel", "FSDPSequential"])
def test_a_network_in_pieces_is_not_followed_and_this_is_said(tmp_path: Path, kind: str) -> None:
    (tmp_path / "train.py").write_text(dedent(SHARDED))
    ended = run_python(*TORCHRUN, "-m", "defib", "run", "train.py", kind, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count(f"{kind} trained") == 2
    assert ended.stderr.count(f"the weights of {kind} are spread over several processes") == 1
    assert "DistributedDataParallel or in one process" in ended.stderr
    assert "because of" not in ended.stdout


def subject(seed: int, rows: slice) -> Subject:
    """One process's training of the same small model on some of 40 rows; ``seed`` makes the weights."""
    generator = torch.Generator().manual_seed(1)
    X = torch.randn(40, 3, generator=generator)
    y = (X[:, :1] > 0).float()
    torch.manual_seed(seed)
    model = nn.Linear(3, 1)
    with watch() as watched:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
        for _ in range(3):
            for start in range(rows.start, rows.stop, 10):
                optimizer.zero_grad()
                nn.functional.mse_loss(model(X[start : start + 10]), y[start : start + 10]).backward()
                optimizer.step()
    (found,) = watched.subjects()
    return found


def ranks(folder: Path, rank: int, world: int = 2) -> Ranks:
    return Ranks(rank, world, tuple(range(world)), folder / "ranks")


def pooled(folder: Path, mine: Subject, other: Subject) -> Subject:
    ranks(folder, 1).begin()
    ranks(folder, 1).hand_over([other])
    pool(ranks(folder, 0), [mine])
    return mine


def test_rows_are_dealt_back_one_by_one(tmp_path: Path) -> None:
    mine, other = subject(0, slice(0, 20)), subject(0, slice(20, 40))
    first, second = share_of(0, mine), share_of(1, other)
    found = pooled(tmp_path, mine, other)
    assert found.training is not None
    np.testing.assert_array_equal(found.training.X[::2], first.X)
    np.testing.assert_array_equal(found.training.X[1::2], second.X)
    np.testing.assert_array_equal(found.training.y[1::2], second.y)  # type: ignore[index]
    assert found.recipe.batch_size == 20
    assert isinstance(found, TorchSubject)
    assert (found.captured.epoch_rows, found.captured.batches_per_epoch) == (40, 2)
    assert not (tmp_path / "ranks").exists()


def test_the_same_rows_everywhere_are_said(tmp_path: Path) -> None:
    found = pooled(tmp_path, subject(0, slice(0, 20)), subject(0, slice(0, 20)))
    assert any("every process was given the same rows" in note for note in found.trace.notes)
    assert found.training is not None
    assert len(found.training) == 20


def test_models_that_do_not_share_their_gradients_are_said(tmp_path: Path) -> None:
    found = pooled(tmp_path, subject(0, slice(0, 20)), subject(1, slice(20, 40)))
    assert any("each trained a model of its own" in note for note in found.trace.notes)
    assert found.training is not None
    assert len(found.training) == 20


def test_a_process_that_is_gone_is_not_waited_for(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    folder = tmp_path / "ranks"
    folder.mkdir()
    (folder / "1.pid").write_text(str(ended.pid))
    assert ranks(tmp_path, 0).collect(patience=60) == []
    found = subject(0, slice(0, 20))
    pool(ranks(tmp_path, 0, world=8), [found])
    assert "what 7 others saw is not known" in found.trace.notes[-1]


def test_a_process_that_lives_and_says_nothing_is_waited_for_a_while(tmp_path: Path) -> None:
    folder = tmp_path / "ranks"
    folder.mkdir()
    (folder / "1.pid").write_text(str(os.getpid()))
    assert ranks(tmp_path, 0).collect(patience=0.2) == []


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"RANK": "0", "WORLD_SIZE": "1"}, None),
        ({"RANK": "one", "WORLD_SIZE": "2"}, None),
        ({"RANK": "5", "WORLD_SIZE": "8", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "4"}, (5, 8, (4, 5, 6, 7))),
    ],
)
def test_who_i_am(environment: dict[str, str], expected: Any) -> None:
    found = Ranks.here(environment)
    assert (found and (found.rank, found.world, found.local)) == expected


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--nproc_per_node", "2", "train.py", "--lr", "1"],
         ["--nproc_per_node", "2", "--module", "defib", "run", "--quiet", "train.py", "--lr", "1"]),
        (["--nproc_per_node=2", "-m", "pkg.train", "-m"],
         ["--nproc_per_node=2", "--module", "defib", "run", "--quiet", "-m", "pkg.train", "-m"]),
        (["--no-python", "train.sh"], None),
        (["--help"], None),
    ],
)  # fmt: skip
def test_the_launchers_arguments(args: list[str], expected: list[str] | None) -> None:
    launch = launch_of("torch.distributed.run", args, ["--quiet"], as_module=True)
    assert (launch and list(launch.args)) == expected
    assert launch_of("train.py", args, [], as_module=False) is None


def test_a_clone_makes_no_collective_call() -> None:
    """With a group of one process: a clone must not even ask it."""

    class Gathers(nn.Module):  # type: ignore[misc]  # torch is Any to mypy
        def forward(self, x: Any) -> Any:
            assert not dist.is_initialized()
            return x

    clone = clone_module(nn.Sequential(nn.Linear(3, 3), nn.SyncBatchNorm(3)))
    assert not any(isinstance(one, nn.SyncBatchNorm) for one in clone.modules())
    torch.testing.assert_close(clone(torch.randn(50, 3)).mean(0), torch.zeros(3), atol=1e-5, rtol=0)
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    try:
        with quiet(seed=0):
            Gathers()(torch.ones(1))
            with pytest.raises(ValueError, match="not been initialized"):
                dist.all_reduce(torch.ones(1))
        assert dist.is_initialized()
    finally:
        dist.destroy_process_group()


def test_shares_survive_the_way_through_the_file(tmp_path: Path) -> None:
    one = subject(0, slice(0, 20))
    ranks(tmp_path, 1).begin()
    ranks(tmp_path, 1).hand_over([one])
    ((read,),) = ranks(tmp_path, 0).collect()
    sent = share_of(1, one)
    np.testing.assert_array_equal(read.X, sent.X)
    np.testing.assert_array_equal(read.labels, sent.labels)
    assert replace(read, X=None, y=None, labels=None, places=()) == replace(
        sent, X=None, y=None, labels=None, places=()
    )
