"""The sample gallery, drawn by the project itself, and the command that loads it."""
