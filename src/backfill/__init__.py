"""R2 inventory → D1: walk a bucket, classify what is there, and insert or upgrade its artifacts.

`cursor` is the position we hand out, `walk` the loop over pages, `progress` what KV remembers between ticks,
`runner` the recorded run around a walk.
"""
