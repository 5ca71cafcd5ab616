-- One row per dump of a batch: what its reader counted, and what stands in the files of the split.
--
-- Out of step: a title shares most of its words with its own abstract (75 to 85 % of those of five
-- letters or more, in listings of arXiv, Hugging Face and PubMed) and few with that of its neighbour
-- (10 to 20 %). Where a page is read one line out of step, the two change places. A record is a
-- misfit when the abstract before or after it holds 30 percentage points more of its title's words
-- than its own: at most 0.4 % of the records of good listings, 87 to 95 % of those out of step.
-- Only what is read as running text can fall out of step, and such pages are short: the first 300
-- entries are looked at. The neighbours of a title that shares more than 70 % of its words with its
-- own abstract cannot hold 30 points more, and are spared the search.
CREATE TABLE staged_dumps AS
WITH keeping AS (
    SELECT
        dump_id,
        count(*) AS records_kept,
        count(*) FILTER (length(title) > 250 AND length(title) > length(abstract)) AS swapped_records
    FROM kept GROUP BY dump_id
),
rejecting AS (
    SELECT dump_id, count(*) AS entries_rejected FROM rejected GROUP BY dump_id
),
positions AS (
    SELECT
        dump_id,
        count(DISTINCT position) AS distinct_positions,
        min(position) AS lowest_position,
        max(position) AS highest_position
    FROM (SELECT dump_id, position FROM kept UNION ALL SELECT dump_id, position FROM rejected)
    GROUP BY dump_id
),
texts AS (
    SELECT
        dump_id,
        position,
        lower(abstract) AS abstract,
        list_distinct(regexp_extract_all(lower(title), '\p{L}{5,}')) AS words
    FROM kept
    WHERE position <= 300 AND title IS NOT NULL AND abstract IS NOT NULL
),
places AS (
    SELECT dump_id, position, row_number() OVER (PARTITION BY dump_id ORDER BY position) AS place
    FROM kept
    WHERE position <= 300 AND title IS NOT NULL AND abstract IS NOT NULL
),
shares AS MATERIALIZED (
    SELECT
        dump_id,
        position,
        words,
        len(list_filter(words, lambda word: contains(abstract, word))) / len(words) AS own_share
    FROM texts WHERE len(words) >= 3
),
doubtful AS (
    SELECT dump_id, place, words, own_share FROM shares JOIN places USING (dump_id, position) WHERE own_share <= 0.7
),
pairs AS (
    SELECT doubtful.*, beside.position
    FROM doubtful, (VALUES (-1), (1)) AS steps (step)
    JOIN places AS beside ON beside.dump_id = doubtful.dump_id AND beside.place = doubtful.place + step
),
neighbours AS (
    SELECT pairs.*, lower(abstract) AS abstract FROM pairs JOIN kept USING (dump_id, position)
),
misfitting AS (
    SELECT DISTINCT dump_id, place
    FROM neighbours
    WHERE len(list_filter(words, lambda word: contains(abstract, word))) / len(words) >= own_share + 0.3
),
fitting AS (
    SELECT dump_id, compared_records, coalesce(misfits, 0) AS misfits
    FROM (SELECT dump_id, count(*) AS compared_records FROM shares GROUP BY dump_id)
    LEFT JOIN (SELECT dump_id, count(*) AS misfits FROM misfitting GROUP BY dump_id) USING (dump_id)
)
SELECT
    dump_number,                                           -- place of the dump in the batch
    dump_id,
    entries_read,                                          -- as its reader counted them
    coalesce(records_kept, 0) AS records_kept,
    coalesce(entries_rejected, 0) AS entries_rejected,
    coalesce(distinct_positions, 0) AS distinct_positions,
    coalesce(lowest_position, 0) AS lowest_position,
    coalesce(highest_position, 0) AS highest_position,
    coalesce(compared_records, 0) AS compared_records,     -- records whose title can be compared with abstracts
    coalesce(misfits, 0) AS misfits,                       -- of these, records that fit a neighbour far better
    coalesce(swapped_records, 0) AS swapped_records        -- records with a title as long as an abstract, and longer than theirs
FROM dumps
LEFT JOIN keeping USING (dump_id)
LEFT JOIN rejecting USING (dump_id)
LEFT JOIN positions USING (dump_id)
LEFT JOIN fitting USING (dump_id)
