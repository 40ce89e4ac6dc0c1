"""Generated stubs of the contract in proto/sbmlgrn/v1: `python proto/generate.py` makes them."""
