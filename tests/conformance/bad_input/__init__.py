"""Documents that are wrong, odd or hostile, made with a fixed seed, and what becomes of them."""
