-- Makes room for the changed rows that are appended next; runs inside the publishing transaction.

DELETE FROM papers WHERE paper_id IN (
    SELECT paper_id FROM changed_papers
    UNION ALL
    SELECT old_paper_id FROM changed_paper_redirects
);

DELETE FROM paper_records WHERE record_id IN (SELECT record_id FROM changed_paper_records);

UPDATE matches SET is_linked = turned.is_linked
FROM changed_turned_matches AS turned
WHERE matches.record_id_a = turned.record_id_a AND matches.record_id_b = turned.record_id_b;

UPDATE paper_redirects SET paper_id = further.paper_id
FROM changed_paper_redirects AS further
WHERE paper_redirects.paper_id = further.old_paper_id;
