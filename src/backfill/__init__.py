"""R2 inventory → D1: walk a bucket, decide about what is there, and insert or upgrade its artifacts.

`run` is the recorded run, `slice` the loop around `walk`, which lists; `page` decides about the objects of a page and
writes them, `cursor` is the position we hand out, `progress` what KV remembers between ticks.
"""
