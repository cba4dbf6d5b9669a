"""Sets of artworks that people keep: found, changed, shared, exported and imported."""
