"""Training of the `paintings` weights: VGG19 on pictures of artworks, for the measure."""
