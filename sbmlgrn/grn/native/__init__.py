"""The loops over [gene, condition], compiled once for all circuits."""
