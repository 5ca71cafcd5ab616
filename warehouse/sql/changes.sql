-- What became of the papers since a snapshot: for jobs that take over only what is new.
WITH touched AS (
    SELECT DISTINCT paper_id FROM {changed}
),
before AS (
    SELECT papers.* FROM papers AT (VERSION => {since}) SEMI JOIN touched USING (paper_id)
),
after AS (
    SELECT papers.* FROM papers SEMI JOIN touched USING (paper_id)
),
unchanged AS (
    SELECT {compared} FROM before INTERSECT SELECT {compared} FROM after
)
SELECT
    CASE
        WHEN after.paper_id IS NULL AND paper_redirects.paper_id IS NOT NULL THEN 'merged'
        WHEN after.paper_id IS NULL THEN 'removed'
        WHEN before.paper_id IS NULL THEN 'added'
        ELSE 'changed'
    END AS change,
    paper_redirects.paper_id AS merged_into,
    touched.paper_id,
    after.* EXCLUDE (paper_id)
FROM touched
LEFT JOIN before USING (paper_id)
LEFT JOIN after USING (paper_id)
LEFT JOIN paper_redirects ON paper_redirects.old_paper_id = touched.paper_id
WHERE (before.paper_id IS NOT NULL OR after.paper_id IS NOT NULL)
    AND touched.paper_id NOT IN (SELECT paper_id FROM unchanged)
ORDER BY change, touched.paper_id
