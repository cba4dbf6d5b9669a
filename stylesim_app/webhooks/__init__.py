"""Webhooks: a wing that posts events about artworks to other programs."""
