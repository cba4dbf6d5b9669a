"""How the `paintings` weights are made: VGG19 trained on pictures of artworks, for the measure."""
