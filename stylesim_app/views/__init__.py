"""The pages. Each asks a service and hands what it says to a template."""
