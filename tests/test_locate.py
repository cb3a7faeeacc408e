"""The line that carries a fault, from the text of a program as users write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from defib.diagnosis import Hypothesis, Place, Spot, located, supported
from defib.label_lines import label_line
from defib.layer_lines import layer_line
from defib.locate import clearing_line, forward_line, freezing_line, optimizer_line, place_of
from defib.program_text import Program, read_program

TORCH = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(8, 16)
        self.body = nn.Sequential(
            nn.Linear(16, 16),
            nn.ReLU(),
            nn.Sequential(nn.Linear(16, 4), nn.ReLU()),
        )
        self.many = nn.Sequential(*[nn.Linear(4, 4) for _ in range(3)])


optimizer = torch.optim.SGD(
    net.parameters(),
    lr=5.0,
    momentum=0.9,
)
for epoch in range(20):
    train(optimizer)
"""
KERAS = """
import keras
from keras import layers
model = keras.Sequential([
    layers.Dense(16, activation="sigmoid"),
    layers.Dense(8, activation="relu"),
    layers.Dense(1, activation="softmax", name="head"),
])
opt = keras.optimizers.Adam(1.0)
model.compile(opt, "binary_crossentropy")
model.fit(X, y)
"""
KERAS_LAYERS = ("dense_4", "dense_4:sigmoid", "dense_5", "dense_5:relu", "head", "head:softmax")
TWO = "a = SGD(lr=1)\nb = Adam(lr=2)\n"


def line_of(text: str, piece: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if piece in line)


def program(tmp_path: Path, text: str) -> Program:
    file = tmp_path / "train.py"
    file.write_text(text)
    found = read_program(str(file))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("layer", "piece"),
    [
        ("fc1", "self.fc1 ="),
        ("fc1:relu", "self.fc1 ="),
        ("body.0", "nn.Linear(16, 16),"),
        ("body.1", "nn.ReLU(),"),
        ("body.2.1", "nn.Sequential(nn.Linear(16, 4)"),
        ("many.1", None),  # made in a loop: no line of its own
        ("elsewhere", None),
    ],
)
def test_a_layer_of_a_torch_module(tmp_path: Path, layer: str, piece: str | None) -> None:
    expected = None if piece is None else line_of(TORCH, piece)
    assert layer_line(program(tmp_path, TORCH), layer, ()) == expected


@pytest.mark.parametrize(
    ("layer", "piece"),
    [("dense_4", "Dense(16"), ("dense_5:relu", "Dense(8"), ("head:softmax", 'name="head"'), ("dense_9", None)],
)
def test_a_layer_of_a_keras_model_by_its_name_or_by_counting(tmp_path: Path, layer: str, piece: str | None) -> None:
    expected = None if piece is None else line_of(KERAS, piece)
    assert layer_line(program(tmp_path, KERAS), layer, KERAS_LAYERS) == expected


def test_layers_that_two_loops_make_are_not_counted(tmp_path: Path) -> None:
    text = "for _ in range(2):\n    model.add(Dense(8))\nmodel.add(Dense(1))\n"
    assert layer_line(program(tmp_path, text), "dense_1", ("dense", "dense_1", "dense_2")) == 2
    layers = ("dense", "dense_1", "dense_2", "dense_3", "dense_4", "dense_5")
    assert layer_line(program(tmp_path, text + text), "dense_1", layers) is None


def test_a_sequential_by_number(tmp_path: Path) -> None:
    text = "net = nn.Sequential(\n    nn.Linear(2, 4),\n    nn.Tanh(),\n    nn.Linear(4, 1),\n)\n"
    assert layer_line(program(tmp_path, text), "2", ()) == 4
    assert layer_line(program(tmp_path, text + text), "2", ()) is None  # which of the two?


def test_the_step_is_where_its_argument_stands(tmp_path: Path) -> None:
    assert optimizer_line(program(tmp_path, TORCH)) == line_of(TORCH, "lr=5.0")
    assert optimizer_line(program(tmp_path, KERAS)) == line_of(KERAS, "Adam(1.0)")
    assert optimizer_line(program(tmp_path, TWO)) is None


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("DF504", "torch.nn.utils.clip_grad_norm_(net.parameters(), 1e-3)"),
        ("DF505", 'stop = EarlyStopping("val_loss", patience=1)'),
        ("DF503", "opt = torch.optim.AdamW(net.parameters(), weight_decay=50)"),
        ("DF701", "p.requires_grad = False"),
        ("DF601", "nn.init.zeros_(net.fc.weight)"),
    ],
)
def test_a_fault_is_placed_where_its_own_word_stands(tmp_path: Path, code: str, line: str) -> None:
    stage = {"DF701": "loop", "DF601": "initialization"}.get(code, "optimization")
    text = f"{KERAS}x = tensor(1.0, requires_grad=True)\nfor p in q:\n    {line}\n"
    found, twice = (placed(tmp_path, code, stage, text=one) for one in (text, f"{text}    {line}\n"))
    assert found is not None
    assert twice is not None
    assert found.text == line
    assert twice.text != line  # which of the two it is cannot be told


@pytest.mark.parametrize(
    ("text", "column", "line"),
    [
        ("x = 1\ny = (df['churn'] == 'True')\nz = df['plan'] == 'pro'\n", "df['churn']", 2),
        ("y = df.pop('bloom').eq('yes')\n", "text['bloom']", 1),
        ("y = df.a == 1\nz = df.a == 2\n", "df['a']", None),
        ("z = x != x\nup = s[now] > s[now]\n", "labels", 2),
        ("up = f() > f()\nw = s[0] > s[1]\n", "labels", None),
    ],
    ids=["compared", "popped", "twice", "with-itself", "other"],
)
def test_the_line_that_makes_labels(tmp_path: Path, text: str, column: str, line: int | None) -> None:
    assert label_line(program(tmp_path, text), column) == line


def placed(tmp_path: Path, code: str, stage: str, layer: str | None = None, text: str = KERAS) -> Place | None:
    one = program(tmp_path, text)
    sources = {"compile": f"{one.file}:10", "fit": f"{one.file}:11"}
    cause = Hypothesis(code, "x", supported("y", weight=1.0, layer=layer))
    return place_of(cause, stage, sources, KERAS_LAYERS, {one.file: one})


def test_each_kind_of_fault_is_placed_where_it_is_written(tmp_path: Path) -> None:
    step, head = placed(tmp_path, "DF501", "optimization"), placed(tmp_path, "DF301", "head", "head:softmax")
    length, rows = placed(tmp_path, "DF506", "optimization"), placed(tmp_path, "DF101", "data", "column 3")
    assert step is not None
    assert head is not None
    assert length is not None
    assert rows is not None
    assert (step.line, step.text) == (9, "opt = keras.optimizers.Adam(1.0)")
    assert head.text == 'layers.Dense(1, activation="softmax", name="head"),'
    assert length.text == rows.text == "model.fit(X, y)"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("loss = criterion(net(X), y)",), 0),  # the call itself was recorded
        (("loss = criterion(net(X), y)", "optimizer.zero_grad()", "loss.backward()"), 0),
        (("scaler = GradScaler()", "loss = F.mse_loss(net(X), y)", "scaler.scale(loss).backward()"), 1),
        (("loss = F.mse_loss(net(X), y)", "accelerator.backward(loss)"), 0),
        (("criterion(net(X), y).backward()",), 0),
        (("err = (net(X) - y) ** 2", "loss = err.mean()", "loss.backward()"), 0),
        (("loss = ((net(X) - y) ** 2).mean()", "loss.backward()"), 0),
        (("loss = F.mse_loss(torch.mean(p), y)", "loss.backward()"), 0),
        (("total = 0", "total += criterion(net(X), y)", "total.backward()"), 2),  # made by no one call
    ],
)
def test_a_loss_that_broadcasts_is_placed_where_it_is_called(
    tmp_path: Path, lines: tuple[str, ...], expected: int
) -> None:
    one = program(tmp_path, TORCH + "\n".join(lines) + "\n")
    sources = {"loss": f"{one.file}:{len(one.lines)}", "step": f"{one.file}:20"}
    cause = Hypothesis("DF305", "broadcast-loss", supported("y", weight=1.0, layer="fc1"))
    found = place_of(cause, "head", sources, ("fc1",), {one.file: one})
    assert found is not None
    assert found.text == lines[expected]


def test_where_several_steps_are_set_the_recorded_call_stands(tmp_path: Path) -> None:
    found = placed(tmp_path, "DF501", "optimization", text=KERAS + TWO)
    assert found is not None
    assert found.text == 'model.compile(opt, "binary_crossentropy")'


def test_a_file_that_is_gone_leaves_the_line(tmp_path: Path) -> None:
    cause = Hypothesis("DF501", "x", supported("y", weight=1.0))
    sources = {"optimizer": f"{tmp_path}/gone.py:7"}
    assert read_program(f"{tmp_path}/gone.py") is None
    assert place_of(cause, "optimization", sources, (), {}) == Place(f"{tmp_path}/gone.py", 7)
    assert place_of(cause, "optimization", {"optimizer": "<cell>"}, (), {}) is None


def test_no_python_is_no_program(tmp_path: Path) -> None:
    (tmp_path / "cell.py").write_text("%matplotlib inline\n")
    assert read_program(str(tmp_path / "cell.py")) is None


GROUPS = """
if small:
    opt = torch.optim.SGD([{"params": a}, {"params": b}], lr=1.0)
else:
    opt = torch.optim.Adam(
        [
            {"params": net.body.parameters()},
            {"params": net.head.parameters(), "lr": 0.0},
        ],
        lr=1e-3,
    )
for p in net.body.parameters():
    p.requires_grad = False
"""


def at_group(number: int) -> Hypothesis:
    assessment = located(supported("s", weight=0.9, layer=None), Spot("weights", "head.weight", number))
    return Hypothesis("DF703", "parameters-not-in-optimizer", assessment)


@pytest.mark.parametrize(
    ("number", "piece"), [(0, "net.body.parameters()}"), (1, '"lr": 0.0'), (2, "torch.optim.Adam(")]
)
def test_a_parameter_group_is_found_in_the_optimizer_that_was_made(tmp_path: Path, number: int, piece: str) -> None:
    one = program(tmp_path, GROUPS)
    sources = {"optimizer": f"{one.file}:{line_of(GROUPS, 'torch.optim.Adam(')}"}
    found = place_of(at_group(number), "loop", sources, (), {one.file: one})
    assert found is not None
    assert found.line == line_of(GROUPS, piece)


def test_of_several_optimizers_none_is_guessed(tmp_path: Path) -> None:
    one = program(tmp_path, GROUPS)
    assert place_of(at_group(0), "loop", {}, (), {one.file: one}) is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (GROUPS, line_of(GROUPS, "requires_grad")),
        ("base.trainable = False\n", 1),
        ("net.body.requires_grad_(False)\n", 1),
        ("a.trainable = False\nb.trainable = False\n", None),
        ("a.trainable = True\n", None),
    ],
)
def test_the_line_that_freezes_weights(tmp_path: Path, text: str, line: int | None) -> None:
    assert freezing_line(program(tmp_path, text)) == line


LOOPED = """
model = keras.Sequential([keras.Input((4,))])
for width in widths:
    model.add(Dense(width, activation="sigmoid"))
model.add(Dense(1, activation="sigmoid"))
"""


@pytest.mark.parametrize(("layer", "line"), [("dense", 4), ("dense_2", 4), ("dense_3", 5)])
def test_layers_that_one_line_builds_in_a_loop(tmp_path: Path, layer: str, line: int) -> None:
    layers = ["dense", "dense:sigmoid", "dense_1", "dense_2", "dense_3"]
    assert layer_line(program(tmp_path, LOOPED), layer, layers) == line


def test_weights_that_were_not_loaded_are_placed_at_the_load(tmp_path: Path) -> None:
    written = program(tmp_path, "loss = criterion(net(x), y)\nother.load_state_dict(state, strict=False)\n")
    one = Hypothesis("DF603", "weights-not-loaded", supported("x", weight=1.0))
    found = place_of(one, "initialization", {"step": f"{written.file}:1"}, [], {written.file: written})
    assert found is not None
    assert found.line == 2


def test_a_penalty_of_an_estimator_is_placed_at_its_alpha(tmp_path: Path) -> None:
    written = program(
        tmp_path, "layer = LeakyReLU(alpha=0.1)\nmodel = MLPClassifier((9,), alpha=100.0)\nmodel.fit(X, y)\n"
    )
    one = Hypothesis("DF503", "regularization-too-strong", supported("x", weight=1.0))
    found = place_of(one, "optimization", {"fit": f"{written.file}:3"}, [], {written.file: written})
    assert found is not None
    assert found.line == 2


STEPS = "loss.backward()\nopt.zero_grad()\nopt.step()\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (STEPS, 2),
        ("opt.zero_grad()\nloss.backward()\nopt.step()\n", 3),
        ("opt_d.zero_grad()\nd.backward()\nopt_d.step()\nopt_g.zero_grad()\ng.backward()\nopt_g.step()\n", None),
        (STEPS + STEPS, None),  # which of the two?
    ],
    ids=["cleared", "the step that never ran", "two networks", "two loops"],
)
def test_the_line_that_clears_gradients_before_they_are_used(tmp_path: Path, text: str, line: int | None) -> None:
    assert clearing_line(program(tmp_path, text)) == line


@pytest.mark.parametrize(
    ("code", "stage", "layer", "piece"),
    [
        ("DF703", "loop", "hidden.0", "self.hidden ="),  # a plain list: the optimizer never gets it
        ("DF703", "loop", "kept.0", "opt ="),
        ("DF601", "initialization", "kept", "zeros_"),  # what was done to the layer, not where it is made
        ("DF203", "labels", "kept", "self.kept ="),
        ("DF801", "serving", "kept", "self.kept ="),
        ("DF204", "labels", None, "compile"),
        ("DF202", "labels", None, ".fit("),
        ("DF704", "loop", None, "def train_step"),
        ("DF409", "architecture", None, "def call"),
        ("DF107", "data", "tok:getitem", "def call"),
        ("DF107", "data", "input", ".fit("),
    ],
)
def test_the_line_that_says_most(tmp_path: Path, code: str, stage: str, layer: str | None, piece: str) -> None:
    text = (
        "self.hidden = [nn.Linear(8, 8) for _ in range(3)]\nself.kept = nn.ModuleList(more)\n"
        "nn.init.zeros_(weight)\nopt = SGD(net.parameters(), lr=1)\nm.compile('adam', 'mse')\nm.fit(X, y)\n"
        "class M(keras.Model):\n    def train_step(self, data):\n        pass\n    def call(self, x):\n        pass\n"
    )
    one = program(tmp_path, text)
    sources = {call: f"{one.file}:{line}" for call, line in (("optimizer", 4), ("compile", 5), ("fit", 6))}
    found = place_of(
        Hypothesis(code, "x", supported("y", weight=1.0, layer=layer)), stage, sources, (), {one.file: one}
    )
    assert found is not None
    assert piece in found.text


def test_a_setting_of_every_layer_is_placed_at_the_first(tmp_path: Path) -> None:
    text = "a = Dense(9, kernel_regularizer=l2(1))\nb = Dense(9, kernel_regularizer=l2(1))\nm.compile('adam', 'mse')\n"
    for more, line in (("", 1), ("opt = SGD(p, weight_decay=1)\n", None)):  # or is it the optimizer's?
        one = program(tmp_path, text + more)
        cause = Hypothesis("DF503", "regularization-too-strong", supported("x", weight=1.0))
        found = place_of(cause, "optimization", {"compile": f"{one.file}:3"}, [], {one.file: one})
        assert found is not None
        assert found.line == (line or 4)


def test_a_tolerance_is_placed_where_the_estimator_has_it(tmp_path: Path) -> None:
    text = (
        "x = solve(tol=9)\nnet = MLPClassifier(\n    (8,),\n    tol=0.02,\n    n_iter_no_change=2,\n)\nnet.fit(X, y)\n"
    )
    one = program(tmp_path, text)
    cause = Hypothesis("DF505", "stopped-on-plateau", supported("x", weight=1.0))
    found = place_of(cause, "optimization", {"fit": f"{one.file}:7"}, [], {one.file: one})
    assert found is not None
    assert found.text == "tol=0.02,"


@pytest.mark.parametrize(("layer", "line"), [("U", 2), ("V", 3), ("W", 1)])
def test_of_several_layers_that_are_zeroed_the_one_that_is_named(tmp_path: Path, layer: str, line: int) -> None:
    one = program(tmp_path, "self.W = nn.Linear(1, 1)\nnn.init.zeros_(self.U.weight)\nnn.init.zeros_(self.V.weight)\n")
    cause = Hypothesis("DF601", "zero-or-symmetric-initialization", supported("x", weight=1.0, layer=layer))
    found = place_of(cause, "initialization", {"step": f"{one.file}:1"}, [], {one.file: one})
    assert found is not None
    assert found.line == line


@pytest.mark.parametrize(("before", "line"), [(1.0, 2), (0.0, 1)])
def test_units_that_were_dead_from_the_start_are_placed_at_what_made_them_so(
    tmp_path: Path, before: float, line: int
) -> None:
    one = program(tmp_path, "self.fc = nn.Linear(2, 9)\nlayer.bias.data.fill_(-4.0)\nopt.step()\n")
    cause = Hypothesis("DF401", "dead-relus", supported("x", weight=1.0, layer="fc", dead_before_training=before))
    found = place_of(cause, "architecture", {"step": f"{one.file}:3"}, [], {one.file: one})
    assert found is not None
    assert found.line == line


def test_a_line_that_the_sentence_names_is_the_line(tmp_path: Path) -> None:
    one = program(tmp_path, "class Round:\n    pass\nloss.backward()\n")
    for because, line in (("the backward of Round (train.py:2) gave back zeros", 2), ("as in (other.py:2)", 3)):
        cause = Hypothesis("DF704", "detached-graph", supported(because, weight=1.0))
        found = place_of(cause, "loop", {"loss": f"{one.file}:3"}, [], {one.file: one})
        assert found is not None
        assert found.line == line


@pytest.mark.parametrize(
    ("layer", "more", "piece"),
    [("fc:getitem", "", "h[:, 0]"), ("fc", "", "def forward"), ("fc:getitem", "        a = x[:, :2]\n", "def forward")],
    ids=["the one slice", "no slice", "two slices"],
)
def test_a_slice_that_cuts_off_what_tells_the_rows_apart(tmp_path: Path, layer: str, more: str, piece: str) -> None:
    text = (
        "class Net(nn.Module):\n    def forward(self, x):\n"
        + more
        + "        h = self.rnn(x)[0]\n        return h[:, 0]\n"
    )
    assert forward_line(program(tmp_path, text), layer) == line_of(text, piece)
