CREATE VIEW appearances AS
SELECT
    paper_records.paper_id,
    records.seen_date,
    records.dump_id,
    records.position,
    records.record_id,
    records.source
FROM records
INNER JOIN paper_records ON paper_records.record_id = records.record_id;

COMMENT ON VIEW appearances IS 'Each time a paper stood in a dump: which dump, the day it shows, the place in it.';

CREATE VIEW new_papers AS
SELECT
    papers.created_at,
    papers.created_at::DATE AS created_date,
    papers.run_id,
    papers.paper_id,
    papers.title,
    papers.abstract,
    papers.authors,
    papers.year,
    papers.doi,
    papers.arxiv_id,
    papers.url,
    papers.first_seen_date,
    papers.record_count
FROM papers;

COMMENT ON VIEW new_papers IS 'Papers by the run and the day they came into the lake.';
