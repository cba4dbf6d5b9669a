"""A wing: an optional app that uses every door of stylesim, and no file of it."""
