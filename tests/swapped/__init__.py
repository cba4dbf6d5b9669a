"""A host project whose own model takes the place of the app's artwork."""
