-- What people decided on the records of one paper, the latest word on each pair, undone ones included.
WITH members AS (SELECT record_id FROM paper_records WHERE paper_id = ?)

SELECT decisions.*
FROM decisions
WHERE decisions.record_id_a IN (SELECT record_id FROM members)
    OR decisions.record_id_b IN (SELECT record_id FROM members)
QUALIFY row_number() OVER (PARTITION BY record_id_a, record_id_b ORDER BY decided_at DESC) = 1
ORDER BY decisions.decided_at;
