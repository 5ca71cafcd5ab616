-- The matches between records of one paper, the surest first.
WITH members AS (SELECT record_id FROM paper_records WHERE paper_id = ?)

SELECT
    matches.record_id_a,
    matches.record_id_b,
    matches.rule,
    matches.title_similarity,
    matches.abstract_similarity,
    matches.author_similarity,
    matches.venue_similarity,
    matches.probability,
    matches.is_linked
FROM matches
WHERE matches.record_id_a IN (SELECT record_id FROM members)
    AND matches.record_id_b IN (SELECT record_id FROM members)
ORDER BY matches.probability DESC, matches.record_id_a, matches.record_id_b;
