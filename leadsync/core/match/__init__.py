"""Which records are the same person: features, keys, evidence, weights, clusters. Pure, and without the store.

A record becomes `Features` (features.py); these give its `keys` and the `terms` whose frequency counts (keys.py). Two
records that share a key are compared (evidence.py), the levels are weighed (model.py), pairs join clusters
(clusters.py). What has to be kept of a record is plain: text, and 63-bit numbers for keys and terms.
"""
