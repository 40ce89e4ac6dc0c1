"""Systems made executable: one package per way of computing."""
