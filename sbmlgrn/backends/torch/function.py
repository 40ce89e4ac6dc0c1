"""Vector functions of (t, y, p) whose gradient is symbolic.

One evaluation is one node of the autograd graph, whatever the model's size, and its backward pass is generated
code too. Differentiating the expressions rather than the tensor operations also keeps the branches of a piecewise
function that are not taken out of the gradient, where autograd through ``torch.where`` yields 0·∞.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from sbmlgrn.backends.torch.source import compile_source
from sbmlgrn.expr import TIME, Expr, cotangent, symbol


class VectorFunction:
    """Expressions over time, states and parameters as a differentiable function of tensors.

    Args:
        name: for tracebacks.
        outputs: one expression per entry of the result.
        states: leaves along the last axis of `y`.
        parameters: leaves along the last axis of `p`.
    """

    def __init__(self, name: str, outputs: Sequence[Expr], states: Sequence[Expr], parameters: Sequence[Expr]) -> None:
        self._name = name
        self._outputs = tuple(outputs)
        self._vectors = {"y": tuple(states), "p": tuple(parameters)}
        self._value: Callable[..., tuple[Tensor, ...]] | None = None
        self._pullbacks: dict[tuple[bool, ...], Callable[..., tuple[Tensor, ...]]] = {}

    def __call__(self, t: Tensor, y: Tensor, p: Tensor) -> Tensor:
        """The outputs.

        Args:
            t: time, any shape that broadcasts with the leading axes of `y` and `p`.
            y: ``[..., state]``.
            p: ``[..., parameter]``.

        Returns:
            ``[..., output]`` over the broadcast leading axes.
        """
        if torch.is_grad_enabled() and (t.requires_grad or y.requires_grad or p.requires_grad):
            return _Evaluate.apply(self, t, y, p)  # type: ignore[return-value]
        return self.value(t, y, p)

    def value(self, t: Tensor, y: Tensor, p: Tensor) -> Tensor:
        """The outputs, through plain tensor operations."""
        if self._value is None:
            self._value = compile_source(self._name, self._vectors, {"t": TIME}, [self._outputs])
        return self._value(t, y, p)[0]

    def pullback(self, t: Tensor, y: Tensor, p: Tensor, v: Tensor, needs: tuple[bool, ...]) -> list[Tensor | None]:
        """Products vᵀ∂f/∂(t, y, p), summed to the shapes of the arguments, where `needs` asks for them."""
        if needs not in self._pullbacks:
            self._pullbacks[needs] = self._compile_pullback(needs)
        products = iter(self._pullbacks[needs](t, y, p, v))
        result: list[Tensor | None] = []
        for needed, argument, scalar in zip(needs, (t, y, p), (True, False, False), strict=True):
            if not needed:
                result.append(None)
                continue
            product = next(products)
            result.append((product[..., 0] if scalar else product).sum_to_size(argument.shape))
        return result

    def _compile_pullback(self, needs: tuple[bool, ...]) -> Callable[..., tuple[Tensor, ...]]:
        seeds = tuple(symbol(f"v:{i}") for i in range(len(self._outputs)))
        groups = [g for g, needed in zip(((TIME,), *self._vectors.values()), needs, strict=True) if needed]
        flat = cotangent(self._outputs, seeds, [leaf for group in groups for leaf in group])
        products = iter(flat)
        outputs = [[next(products) for _ in group] for group in groups]
        return compile_source(f"{self._name}_pullback", self._vectors | {"v": seeds}, {"t": TIME}, outputs)


class _Evaluate(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(function: VectorFunction, t: Tensor, y: Tensor, p: Tensor) -> Tensor:
        return function.value(t, y, p)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.function = inputs[0]
        ctx.save_for_backward(*inputs[1:])

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, ...]:
        gradients = ctx.function.pullback(*ctx.saved_tensors, grad_outputs[0], tuple(ctx.needs_input_grad[1:]))
        return None, *gradients
