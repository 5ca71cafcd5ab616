-- The papers that $reference names, each once.
SELECT paper_id FROM papers WHERE paper_id = $reference
UNION
SELECT paper_id FROM paper_redirects WHERE old_paper_id = $reference
UNION
SELECT paper_id FROM paper_records WHERE record_id = $reference
UNION
SELECT paper_id FROM papers WHERE doi = lower($reference) OR arxiv_id = $reference
ORDER BY paper_id;
