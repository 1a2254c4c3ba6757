"""Pages for the people who run the installation: what is normal and what is not, and the few buttons to act on it."""
