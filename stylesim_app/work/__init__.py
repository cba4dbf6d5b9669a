"""The work list, and the worker that processes it."""
