-- Every table of a lake made anew, as temporary views; the current database is the old lake.
-- In the temporary table named stand the record_id and paper_id of every new record.
CREATE OR REPLACE TEMP VIEW minted AS
SELECT * FROM (
    SELECT
        paper_id,
        run_id,
        created_at,
        NULL::VARCHAR AS redirect_run_id,
        NULL::TIMESTAMPTZ AS redirected_at,
        paper_id AS held_by
    FROM papers
    UNION ALL
    SELECT
        old_paper_id,
        old_run_id,
        old_created_at,
        run_id,
        redirected_at,
        paper_id
    FROM paper_redirects
)
QUALIFY row_number() OVER (PARTITION BY paper_id ORDER BY redirected_at NULLS FIRST) = 1;

CREATE OR REPLACE TEMP VIEW settled_settings AS FROM {beside}.settings;

CREATE OR REPLACE TEMP VIEW settled_records AS FROM {beside}.records;

CREATE OR REPLACE TEMP VIEW settled_variant_keys AS FROM {beside}.variant_keys;

CREATE OR REPLACE TEMP VIEW settled_paper_records AS FROM named;

CREATE OR REPLACE TEMP VIEW settled_dumps AS
SELECT * FROM {beside}.dumps
UNION ALL BY NAME
SELECT * FROM dumps ANTI JOIN {beside}.dumps AS anew USING (dump_id);

CREATE OR REPLACE TEMP VIEW settled_rejects AS
SELECT anew.* REPLACE (
    coalesce(old.run_id, {run_id}) AS run_id,
    coalesce(old.rejected_at, {now}) AS rejected_at
)
FROM {beside}.rejects AS anew
LEFT JOIN (
    SELECT dump_id, position, min(run_id) AS run_id, min(rejected_at) AS rejected_at FROM rejects GROUP BY ALL
) AS old USING (dump_id, position);

CREATE OR REPLACE TEMP VIEW settled_matches AS
SELECT anew.* REPLACE (coalesce(old.run_id, {run_id}) AS run_id)
FROM {beside}.matches AS anew
LEFT JOIN (
    SELECT record_id_a, record_id_b, rule, min(run_id) AS run_id FROM matches GROUP BY ALL
) AS old USING (record_id_a, record_id_b, rule);

CREATE OR REPLACE TEMP TABLE renamed AS
SELECT DISTINCT anew.paper_id AS name_beside, named.paper_id
FROM {beside}.paper_records AS anew JOIN named USING (record_id);

CREATE OR REPLACE TEMP VIEW settled_papers AS
SELECT
    renamed.paper_id,
    {merged},
    coalesce(minted.run_id, {run_id}) AS run_id,
    coalesce(minted.created_at, {now}) AS created_at,
    coalesce(old.updated_run_id, {run_id}) AS updated_run_id
FROM {beside}.papers AS anew
JOIN renamed ON renamed.name_beside = anew.paper_id
LEFT JOIN minted ON minted.paper_id = renamed.paper_id
LEFT JOIN papers AS old ON old.paper_id = renamed.paper_id AND {same};

-- An id that is not used leads to the paper of its founding record; where that is no more, to the paper
-- that holds the most of the records that it had.
CREATE OR REPLACE TEMP TABLE settled_paper_redirects AS
WITH unused AS (
    SELECT * FROM minted ANTI JOIN renamed USING (paper_id)
),
heirs AS (
    SELECT unused.paper_id, named.paper_id AS heir, count(*) AS taken
    FROM unused
    JOIN paper_records ON paper_records.paper_id = unused.held_by
    JOIN named USING (record_id)
    GROUP BY ALL
),
first_heirs AS (
    SELECT * FROM heirs QUALIFY row_number() OVER (PARTITION BY paper_id ORDER BY taken DESC, heir) = 1
)
SELECT
    unused.paper_id AS old_paper_id,
    coalesce(founder.paper_id, first_heirs.heir) AS paper_id,
    coalesce(unused.redirect_run_id, {run_id}) AS run_id,
    coalesce(unused.redirected_at, {now}) AS redirected_at,
    unused.run_id AS old_run_id,
    unused.created_at AS old_created_at
FROM unused
LEFT JOIN named AS founder ON founder.record_id = substr(unused.paper_id, 2)
LEFT JOIN first_heirs ON first_heirs.paper_id = unused.paper_id
WHERE coalesce(founder.paper_id, first_heirs.heir) IS NOT NULL;
