from __future__ import annotations

from playwright.sync_api import expect

# Other tests and their workers have the cores meanwhile, and no test asserts a time.
expect.set_options(timeout=30_000)
