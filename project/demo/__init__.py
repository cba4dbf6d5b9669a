"""The sample gallery, which the project draws itself, and what loads it."""
