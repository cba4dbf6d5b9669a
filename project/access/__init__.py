"""Access to the reference site: sign-in, limits on passwords, and tokens of the API."""
