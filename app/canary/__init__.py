"""New versions of an assistant for a share of callers: who gets one, how they fare, and when it is taken back."""
