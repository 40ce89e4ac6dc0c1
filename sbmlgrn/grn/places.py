"""Where genes and inputs stand in a drawing of a circuit."""

from __future__ import annotations

import math

from sbmlgrn.grn.circuit import Circuit


def places(circuit: Circuit) -> dict[str, tuple[float, float]]:
    """Coordinates by name, y upwards, genes on an ellipse about the origin with half axes of 1.3 and 1.

    Genes with inputs stand on the left and their inputs beside them, outputs on the right, hidden genes alternately
    above and below. Without inputs the genes are spread evenly, an output first.
    """
    outputs = [g for g in circuit.genes if g in circuit.outputs]
    supplied = [g for g in circuit.genes if g in circuit.inputs.values() and g not in outputs]
    hidden = [g for g in circuit.genes if g not in outputs and g not in supplied]
    if not supplied:
        order = [*outputs, *hidden]
        angles = {g: 2 * math.pi * i / len(order) for i, g in enumerate(order)}
    else:
        angles = _side(outputs, 0.0) | _side(supplied, math.pi)
        for side, own in ((1, hidden[::2]), (-1, hidden[1::2])):
            for i, gene in enumerate(own):
                angles[gene] = side * math.pi * (0.78 - 0.56 * (i + 1) / (len(own) + 1))
    result = {g: (1.3 * math.cos(a), math.sin(a)) for g, a in angles.items()}
    for name, gene in circuit.inputs.items():
        if gene in result:
            x, y = result[gene]
            result[name] = (x - 0.95, y) if gene in supplied else (x, y - 0.95)
    return result


def _side(genes: list[str], middle: float) -> dict[str, float]:
    """Angles around `middle`, from the top down on either side."""
    width = min(0.42 * math.pi, 0.9 * math.pi / max(len(genes), 1))
    direction = -1 if middle == 0 else 1
    offsets = [(0.5 * (len(genes) - 1) - i) * width for i in range(len(genes))]
    return {g: middle - direction * o for g, o in zip(genes, offsets, strict=True)}
