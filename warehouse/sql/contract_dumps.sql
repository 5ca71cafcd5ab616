-- One row per dump of a batch: what its reader counted, and what stands in the files that the split wrote.
CREATE TABLE staged_dumps (
    dump_number BIGINT,        -- place of the dump in the batch
    dump_id VARCHAR,
    entries_read BIGINT,       -- as its reader counted them
    records_kept BIGINT,
    entries_rejected BIGINT,
    distinct_positions BIGINT,
    lowest_position BIGINT,
    highest_position BIGINT,
    foreign_records BIGINT,    -- records that name another dump
    compared_records BIGINT,   -- records whose title can be compared with abstracts
    misfits BIGINT,            -- of these, records whose title fits the abstract of a neighbour far better
    swapped_records BIGINT     -- records with a title as long as an abstract and longer than their abstract
)
