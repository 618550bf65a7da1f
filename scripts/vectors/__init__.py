"""What makes `tests/vectors/*.json`, a module for each file; `scripts/make_vectors.py` calls it."""
