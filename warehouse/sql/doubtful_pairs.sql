-- Pairs that nobody decided on, the least certain first: matches and near misses, linked or not.
SELECT
    record_id_a,
    record_id_b,
    probability
FROM matches
ANTI JOIN (
    SELECT record_id_a, record_id_b
    FROM decisions
    QUALIFY row_number() OVER (PARTITION BY record_id_a, record_id_b ORDER BY decided_at DESC) = 1 AND verdict <> 'undo'
) AS decided USING (record_id_a, record_id_b)
WHERE rule <> $copies
ORDER BY abs(probability - $threshold), record_id_a, record_id_b
LIMIT $limit;
