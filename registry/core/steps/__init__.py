"""The steps of a verdict, each by the name that the verdict gives it (docs/spec/verdict.md)."""
