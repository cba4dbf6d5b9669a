"""The work list, and the worker that works it off."""
