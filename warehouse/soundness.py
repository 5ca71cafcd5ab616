"""What must not be found in any lake, as queries that find it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Fault:
    """A way in which a lake may be wrong: the table, what it is, and the query for the rows that are wrong.

    Where it `is_of_ledger`, dumps are missing there: a rebuild knows of no others, and would leave out their records.
    """

    where: str
    what: str
    sql: str
    is_of_ledger: bool = False


FAULTS: Final = (
    Fault(
        "paper_records",
        "a record without a paper, or with several",
        "SELECT record_id, count(paper_id) AS n FROM records LEFT JOIN paper_records USING (record_id)"
        " GROUP BY ALL HAVING n <> 1",
    ),
    Fault("paper_records", "a row without its record", "FROM paper_records ANTI JOIN records USING (record_id)"),
    Fault("paper_records", "a row without its paper", "FROM paper_records ANTI JOIN papers USING (paper_id)"),
    Fault("papers", "a paper without records", "FROM papers ANTI JOIN paper_records USING (paper_id)"),
    Fault("papers", "a paper twice", "SELECT paper_id FROM papers GROUP BY ALL HAVING count(*) > 1"),
    Fault("records", "a record twice", "SELECT record_id FROM records GROUP BY ALL HAVING count(*) > 1"),
    Fault("dumps", "a dump twice", "SELECT dump_id FROM dumps GROUP BY ALL HAVING count(*) > 1"),
    Fault(
        "papers",
        "a paper that counts its records wrongly",
        "SELECT paper_id, record_count, count(*) AS n FROM papers JOIN paper_records USING (paper_id)"
        " GROUP BY ALL HAVING n <> record_count",
    ),
    Fault(
        "papers",
        "a paper with wrong days",
        "SELECT papers.paper_id FROM papers JOIN paper_records USING (paper_id) JOIN records USING (record_id)"
        " GROUP BY papers.paper_id, first_seen_date, last_seen_date"
        " HAVING min(seen_date) <> first_seen_date OR max(seen_date) <> last_seen_date",
    ),
    Fault(
        "dumps",
        "a dump whose entries were lost",
        "FROM dumps WHERE status = 'published' AND entries_read <> records_kept + entries_rejected",
    ),
    Fault(
        "dumps",
        "a dump that counts its records wrongly",
        "SELECT dumps.dump_id, records_kept, count(record_id) AS n FROM dumps LEFT JOIN records USING (dump_id)"
        " GROUP BY ALL HAVING n <> records_kept",
    ),
    Fault(
        "dumps",
        "a dump that counts its rejects wrongly",
        "SELECT dumps.dump_id, entries_rejected, count(rejects.position) AS n"
        " FROM dumps LEFT JOIN rejects USING (dump_id) GROUP BY ALL HAVING n <> entries_rejected",
    ),
    Fault(
        "records",
        "a position that is both record and reject, or neither",
        "SELECT dump_id FROM (SELECT dump_id, position FROM records UNION ALL SELECT dump_id, position FROM rejects)"
        " GROUP BY dump_id HAVING count(*) <> count(DISTINCT position) OR max(position) <> count(*)",
    ),
    Fault(
        "records",
        "a record of no dump",
        "FROM records ANTI JOIN (FROM dumps WHERE status = 'published') USING (dump_id)",
        is_of_ledger=True,
    ),
    Fault(
        "rejects",
        "a reject of no dump",
        "FROM rejects ANTI JOIN (FROM dumps WHERE status = 'published') USING (dump_id)",
        is_of_ledger=True,
    ),
    Fault("paper_redirects", "a redirect to nowhere", "FROM paper_redirects ANTI JOIN papers USING (paper_id)"),
    Fault(
        "paper_redirects",
        "a redirect of a paper that is there",
        "FROM paper_redirects SEMI JOIN papers ON paper_redirects.old_paper_id = papers.paper_id",
    ),
    Fault(
        "matches",
        "a match with no record",
        "FROM matches WHERE record_id_a NOT IN (SELECT record_id FROM records)"
        " OR record_id_b NOT IN (SELECT record_id FROM records) OR record_id_a >= record_id_b",
    ),
    Fault(
        "matches",
        "a linked match across papers",
        "SELECT record_id_a, record_id_b FROM matches JOIN paper_records a ON a.record_id = record_id_a"
        " JOIN paper_records b ON b.record_id = record_id_b WHERE is_linked AND a.paper_id <> b.paper_id",
    ),
    Fault(
        "decisions",
        "a decision that does not hold",
        "FROM (FROM decisions QUALIFY row_number() OVER (PARTITION BY record_id_a, record_id_b ORDER BY decided_at DESC)"
        " = 1) AS latest JOIN paper_records a ON a.record_id = record_id_a JOIN paper_records b ON b.record_id ="
        " record_id_b WHERE verdict <> 'undo' AND (verdict = 'same') <> (a.paper_id = b.paper_id)",
    ),
    Fault("variant_keys", "a key of no variant", "FROM variant_keys ANTI JOIN records USING (variant_id)"),
    Fault("dumps", "a dump of no run", "FROM dumps ANTI JOIN runs USING (run_id)"),
    Fault(
        "runs",
        "a run that counts wrongly",
        "SELECT runs.run_id FROM runs LEFT JOIN dumps ON dumps.run_id = runs.run_id AND dumps.status = 'published'"
        " WHERE started_at > coalesce((SELECT max(started_at) FROM runs WHERE status = 'rebuilt'), '-infinity')"
        " GROUP BY runs.run_id, runs.records_kept HAVING coalesce(sum(dumps.records_kept), 0) <> runs.records_kept",
    ),
)
