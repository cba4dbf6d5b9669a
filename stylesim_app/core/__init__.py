"""The numeric core: images, feature maps, descriptors, distances and ranking.

Nothing here imports Django or reads a setting; every parameter is passed in.
"""
