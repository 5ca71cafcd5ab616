-- Counts one dump into staged_dumps.
--
-- Out of step: a title shares most of its words with its own abstract (75 to 85 % of those of five
-- letters or more, in listings of arXiv, Hugging Face and PubMed) and few with that of its neighbour
-- (10 to 20 %). Where a page is read one line out of step, the two change places. A record is a
-- misfit when the abstract before or after it holds 30 percentage points more of its title's words
-- than its own: at most 0.4 % of the records of good listings, 87 to 95 % of those out of step.
-- Only what is read as running text can fall out of step, and such pages are short: the first
-- 2,000 entries are looked at.
INSERT INTO staged_dumps
WITH neighbours AS (
    SELECT
        list_distinct(regexp_extract_all(lower(title), '\p{{L}}{{5,}}')) AS words,
        lower(abstract) AS own,
        coalesce(lag(lower(abstract)) OVER (ORDER BY position), '') AS before,
        coalesce(lead(lower(abstract)) OVER (ORDER BY position), '') AS after
    FROM {records}
    WHERE position <= 2000 AND title IS NOT NULL AND abstract IS NOT NULL
),
fits AS (
    SELECT
        len(list_filter(words, lambda word: contains(own, word))) / len(words) AS own_share,
        len(list_filter(words, lambda word: contains(before, word))) / len(words) AS before_share,
        len(list_filter(words, lambda word: contains(after, word))) / len(words) AS after_share
    FROM neighbours
    WHERE len(words) >= 3
),
positions AS (
    SELECT position FROM {kept} UNION ALL SELECT position FROM {rejected}
)
SELECT
    $number,
    $dump_id,
    $read,
    (SELECT count(*) FROM {kept}),
    (SELECT count(*) FROM {rejected}),
    (SELECT count(DISTINCT position) FROM positions),
    (SELECT coalesce(min(position), 0) FROM positions),
    (SELECT coalesce(max(position), 0) FROM positions),
    (SELECT count(*) FROM {kept} WHERE dump_id IS DISTINCT FROM $dump_id),
    (SELECT count(*) FROM fits),
    (SELECT count(*) FROM fits WHERE greatest(before_share, after_share) >= own_share + 0.3),
    (SELECT count(*) FROM {kept} WHERE length(title) > 250 AND length(title) > length(abstract))
