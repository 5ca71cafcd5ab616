-- Of the wanted ids those that were ever minted: papers of now, and those that were redirected.
SELECT
    papers.paper_id,
    papers.run_id,
    papers.created_at,
    NULL::VARCHAR AS redirected_to,
    NULL::VARCHAR AS redirect_run_id,
    NULL::TIMESTAMPTZ AS redirected_at
FROM papers SEMI JOIN wanted ON papers.paper_id = wanted.paper_id
UNION ALL
SELECT
    paper_redirects.old_paper_id,
    paper_redirects.old_run_id,
    paper_redirects.old_created_at,
    paper_redirects.paper_id,
    paper_redirects.run_id,
    paper_redirects.redirected_at
FROM paper_redirects SEMI JOIN wanted ON paper_redirects.old_paper_id = wanted.paper_id;
