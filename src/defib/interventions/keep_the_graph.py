"""Every operation from the weights to the loss in the framework's own, differentiable functions."""

from __future__ import annotations

from defib.evidence import Book
from defib.interventions import Intervention
from defib.interventions._writing import by_framework
from defib.recipe import Arm


def _code(book: Book, framework: str) -> str:
    return by_framework(
        framework,
        keras="""
        # between the weights and the loss: no .numpy(), tf.stop_gradient, np.*, argmax, round or comparison
        out = keras.ops.clip(out, -50, 50)  # instead of np.clip(out.numpy(), -50, 50)
        """,
        torch="""
        # between the weights and the loss: no .detach(), .data, .item(), .numpy(), no_grad(), argmax, round, comparison
        # and in a torch.autograd.Function of your own, backward gives a gradient: return gradient  # straight through
        out = out.clamp(-50, 50)  # instead of torch.from_numpy(np.clip(out.detach().numpy(), -50, 50))
        # after loss.backward(): every name printed here has been cut off
        print([name for name, parameter in model.named_parameters() if not torch.is_tensor(parameter.grad)])
        """,
        jax="""
        # between the weights and the loss: no jax.lax.stop_gradient, argmax, round, sign or comparison
        outputs = model(x)  # not jax.lax.stop_gradient(model(x)); of a target or a frozen part it may stay
        """,
    )


INTERVENTION = Intervention(
    name="keep-the-graph",
    does="take out what cuts the loss off from the weights, in the model's own code or in the loss",
    kind="train",
    arm=lambda book: Arm().with_edit("pass_gradients"),
    code=_code,
    size=2,
    impossible_in=("sklearn",),
)
