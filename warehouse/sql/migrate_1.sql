-- From version 1: redirects keep who minted the old id and lead to where its founding record is now; the
-- encoding of a dump is noted. DuckLake adds no column that must be filled, so that the table is made anew.
ALTER TABLE dumps ADD COLUMN encoding VARCHAR;

CREATE TEMP TABLE led AS
SELECT
    paper_redirects.old_paper_id,
    paper_records.paper_id,
    paper_redirects.run_id,
    paper_redirects.redirected_at,
    dumps.run_id AS old_run_id,
    dumps.ingested_at AS old_created_at
FROM paper_redirects
INNER JOIN records ON records.record_id = substr(paper_redirects.old_paper_id, 2)
INNER JOIN paper_records ON paper_records.record_id = records.record_id
INNER JOIN dumps ON dumps.dump_id = records.dump_id;

DROP TABLE paper_redirects;

CREATE TABLE paper_redirects (
    old_paper_id VARCHAR NOT NULL,
    paper_id VARCHAR NOT NULL,
    run_id VARCHAR NOT NULL,
    redirected_at TIMESTAMPTZ NOT NULL,
    old_run_id VARCHAR NOT NULL,
    old_created_at TIMESTAMPTZ NOT NULL
);

INSERT INTO paper_redirects FROM led;

DROP TABLE temp.led;
