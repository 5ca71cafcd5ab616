-- The records of one paper, each with the dump that holds it.
SELECT
    records.*,
    dumps.uri,
    dumps.reader
FROM paper_records
INNER JOIN records ON records.record_id = paper_records.record_id
INNER JOIN dumps ON dumps.dump_id = records.dump_id
WHERE paper_records.paper_id = ?
ORDER BY records.seen_date, records.record_id;
