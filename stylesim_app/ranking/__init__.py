"""One question answered: which works are similar to this one, and how similar."""
