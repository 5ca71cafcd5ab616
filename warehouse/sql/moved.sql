-- What moved in a rebuild: after settle.sql, in the same connection.
WITH spread AS (
    SELECT old.paper_id, count(DISTINCT named.paper_id) AS papers
    FROM paper_records AS old JOIN named USING (record_id) GROUP BY ALL
)
SELECT
    (SELECT count(*) FROM papers) AS papers_before,
    (SELECT count(*) FROM settled_papers) AS papers_now,
    (SELECT count(*) FROM settled_papers SEMI JOIN papers USING (paper_id)) AS papers_kept,
    (SELECT count(*) FROM papers SEMI JOIN settled_paper_redirects AS led ON led.old_paper_id = papers.paper_id) AS papers_merged,
    (SELECT count(*) FROM spread WHERE papers > 1) AS papers_split,
    (SELECT count(*) FROM settled_papers ANTI JOIN minted USING (paper_id)) AS papers_new,
    (SELECT count(*) FROM settled_papers SEMI JOIN paper_redirects AS led ON led.old_paper_id = settled_papers.paper_id)
        AS papers_returned,
    (
        SELECT count(*) FROM papers ANTI JOIN settled_papers USING (paper_id)
        ANTI JOIN settled_paper_redirects AS led ON led.old_paper_id = papers.paper_id
    ) AS papers_gone,
    (SELECT count(*) FROM records) AS records_before,
    (SELECT count(*) FROM settled_records) AS records_now,
    (SELECT count(*) FROM settled_records ANTI JOIN records USING (record_id)) AS records_gained,
    (SELECT count(*) FROM records ANTI JOIN settled_records USING (record_id)) AS records_lost,
    (
        SELECT count(*) FROM records ANTI JOIN settled_records USING (record_id)
        SEMI JOIN settled_rejects AS refused
            ON refused.dump_id = records.dump_id AND refused.position = records.position
    ) AS records_lost_to_rejects,
    (
        SELECT count(*) FROM dumps JOIN settled_dumps AS anew USING (dump_id)
        WHERE dumps.status = 'published' AND anew.status <> 'published'
    ) AS dumps_refused,
    (
        SELECT count(*) FROM dumps JOIN settled_dumps AS anew USING (dump_id)
        WHERE dumps.status <> 'published' AND anew.status = 'published'
    ) AS dumps_accepted,
    (
        SELECT count(*) FROM decisions
        WHERE record_id_a NOT IN (SELECT record_id FROM named) OR record_id_b NOT IN (SELECT record_id FROM named)
    ) AS decisions_without_record;
