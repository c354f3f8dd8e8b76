-- True for the merges in :losers, a JSON array of [chunk, loser], of the chunks from :low to :high. A fragment.
chunk BETWEEN :low AND :high AND (chunk, loser_id) IN (SELECT value ->> '$[0]', value ->> '$[1]' FROM json_each(:losers))
