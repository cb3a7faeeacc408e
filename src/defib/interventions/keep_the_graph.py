"""Every operation from the weights to the loss in the framework's own, differentiable functions."""

from __future__ import annotations

from defib.interventions._advice import advice

INTERVENTION = advice(
    "keep-the-graph",
    "take out what cuts the loss off from the weights, in the model's own code or in the loss",
    keras="""
    # between the weights and the loss: no .numpy(), no tf.stop_gradient, no np.*, no argmax, no round, no comparison
    out = keras.ops.clip(out, -50, 50)  # instead of np.clip(out.numpy(), -50, 50)
    """,
    torch="""
    # between the weights and the loss: no .detach(), .data, .item(), .numpy(), no_grad(), argmax, round or comparison
    # and in a torch.autograd.Function of your own, backward gives a gradient back: return gradient  # straight through
    out = out.clamp(-50, 50)  # instead of torch.from_numpy(np.clip(out.detach().numpy(), -50, 50))
    # after loss.backward(): every name printed here has been cut off
    print([name for name, parameter in model.named_parameters() if not torch.is_tensor(parameter.grad)])
    """,
    jax="""
    # between the weights and the loss: no jax.lax.stop_gradient, argmax, round, sign or comparison
    loss = optax.sigmoid_binary_cross_entropy(model(x), y).mean()
    """,
    size=2,
)
