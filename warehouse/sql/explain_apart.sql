-- The pairs that match, or nearly do, of which only one record is in the paper: the nearest to a match first.
WITH members AS (SELECT record_id FROM paper_records WHERE paper_id = $paper_id)

SELECT
    matches.record_id_a,
    matches.record_id_b,
    matches.rule,
    matches.probability,
    others.paper_id,
    papers.title
FROM matches
INNER JOIN paper_records AS others
    ON others.record_id IN (matches.record_id_a, matches.record_id_b) AND others.paper_id <> $paper_id
INNER JOIN papers ON papers.paper_id = others.paper_id
WHERE (matches.record_id_a IN (SELECT record_id FROM members) OR matches.record_id_b IN (SELECT record_id FROM members))
ORDER BY matches.probability DESC, matches.record_id_a, matches.record_id_b
LIMIT 10;
