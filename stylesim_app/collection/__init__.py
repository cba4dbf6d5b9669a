"""The host's artworks: model, fields, filters, pictures and visibility."""
