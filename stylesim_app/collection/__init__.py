"""The host's artworks: their model, fields, filters, pictures and who may see them."""
