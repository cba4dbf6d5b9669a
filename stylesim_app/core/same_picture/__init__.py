"""Find the same picture: local features, an inverted file over visual words, and geometry.

A picture becomes about 300 local features (``features``), which a trained vocabulary turns into
visual words and short codes (``vocabulary``, ``compact``). An inverted file gives the works that
share most words with a query (``inverted_file``), and a geometric check of each candidate decides
(``matching``, ``geometry``). ``search`` puts these together. Needs OpenCV, but no Django and no
PyTorch.
"""
