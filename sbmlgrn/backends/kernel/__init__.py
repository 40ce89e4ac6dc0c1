"""Systems as machine code, compiled in milliseconds through LLVM."""

from sbmlgrn.backends.kernel.evaluator import Evaluator as Evaluator
from sbmlgrn.backends.kernel.field import Field as Field
from sbmlgrn.backends.kernel.field import field as field
from sbmlgrn.backends.kernel.once import once as once
