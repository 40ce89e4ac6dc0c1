"""Systems as machine code, compiled in milliseconds through LLVM."""

from sbmlgrn.backends.kernel.evaluator import Evaluator as Evaluator
