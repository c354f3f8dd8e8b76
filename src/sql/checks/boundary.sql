-- The last key of the next ?1 rows after a position, or no row where fewer are left; rows without a key do not count.
-- A number beyond 2^53 is a text: the column it is compared with makes it a number again.
SELECT {{shown_keys}} FROM {{rows}} WHERE {{first_key}} IS NOT NULL ORDER BY {{keys}} LIMIT 1 OFFSET ?1 - 1
