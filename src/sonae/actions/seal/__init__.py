"""The verbs of seals."""
