"""Rankings of the works similar to a query, with their distances."""
