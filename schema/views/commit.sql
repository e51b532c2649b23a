-- The commit log: the only order across partitions.
CREATE OR REPLACE VIEW assay.commit AS
    SELECT c.position, c.known_at FROM record.commit_log c;
GRANT SELECT ON assay.commit TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON VIEW assay.commit IS
    'Every commit, in order.';
COMMENT ON COLUMN assay.commit.position IS 'dense, from 1';
COMMENT ON COLUMN assay.commit.known_at IS 'its stamp, strictly rising: system time';
