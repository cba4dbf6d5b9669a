"""A host project whose own model replaces the app's artwork."""
