-- The records that $reference names: itself, or the one that founded the paper of that name, past or present.
SELECT record_id FROM records WHERE record_id = $reference
UNION
SELECT substr(paper_id, 2) FROM papers
WHERE paper_id = $reference OR doi = lower($reference) OR arxiv_id = $reference
UNION
SELECT substr(old_paper_id, 2) FROM paper_redirects WHERE old_paper_id = $reference
ORDER BY ALL;
