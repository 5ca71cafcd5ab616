-- One record with its dump and the paper it speaks of now.
SELECT
    records.*,
    dumps.uri,
    dumps.reader,
    paper_records.paper_id
FROM records
INNER JOIN dumps ON dumps.dump_id = records.dump_id
INNER JOIN paper_records ON paper_records.record_id = records.record_id
WHERE records.record_id = ?;
