"""What is known of how works look: descriptors, calibrations, lists of neighbours."""
