-- What an operator did to the ledger: months put into files, and names erased. Neither is derived.

-- Months that are not part of record.ledger: detached, and once the file is kept, dropped. See
-- detach_month, drop_month, attach_month.
CREATE TABLE record.archive (
    month       text PRIMARY KEY,       -- as in the table's name: 2026_11
    from_batch  bigint NOT NULL,
    past_batch  bigint NOT NULL,        -- the first that is not in it
    records     bigint NOT NULL,
    detached_at timestamptz NOT NULL DEFAULT now(),
    file_sha256 bytea,                  -- of the file; NULL: the rows are still here
    dropped_at  timestamptz
);

-- Records some bytes of which were erased. The digest is that of the value as it was received: who
-- holds a copy can prove that it was this record, and the facts' order goes on by it.
CREATE TABLE record.erasure (
    batch       bigint   NOT NULL,      -- of the ledger's row
    topic       smallint NOT NULL,
    partition   integer  NOT NULL,
    incarnation integer  NOT NULL,
    "offset"    bigint   NOT NULL,
    sha256      bytea    NOT NULL,      -- of the value; of nothing for a tombstone
    whole       boolean  NOT NULL,      -- nothing of it is left (erase_refused)
    erased_at   timestamptz NOT NULL,   -- the last time
    reason      text     NOT NULL,      -- of every time
    PRIMARY KEY (batch, topic, partition, "offset")
);

-- privileges.sql grants by name and is applied only where it has changed.
GRANT SELECT ON record.archive, record.erasure TO assay_aggregator, assay_auditor;
