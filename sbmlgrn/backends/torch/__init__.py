"""Systems as differentiable torch modules."""

from sbmlgrn.backends.torch.model import Model as Model
