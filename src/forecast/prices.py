"""Cloudflare's published prices, beyond what the paid plan includes."""

from __future__ import annotations

MILLION = 1_000_000

AS_OF = "2026-11"

PRICES = {
    "lists": 4.50,
    "heads": 0.36,
    "rows_read": 0.001,
    "rows_written": 1.00,
    "kv_reads": 0.50,
    "kv_writes": 5.00,
    "requests": 0.30,
}
"""Dollars a million: R2 class A and B (r2/pricing), D1 rows (d1/platform/pricing, 2026-04-21), KV
(kv/platform/pricing), Worker requests (workers/platform/pricing)."""
