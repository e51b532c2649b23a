-- How far each partition has been taken, and whether every service is evaluated.
CREATE OR REPLACE VIEW assay.completeness AS
    SELECT t.name AS topic, p.partition, p.incarnation, p.next_offset, p.last_event_at,
           p.complete_through,
           (SELECT count(*) FROM record.commit_log l
            WHERE l.governance
              AND l.position > (SELECT min(s.governance) FROM record.service s)) AS evaluation_lag,
           p.halted, p.reason
    FROM record.partition p JOIN record.topic t ON t.topic = p.topic;
GRANT SELECT ON assay.completeness TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON VIEW assay.completeness IS
    'How far each partition has been taken, and whether every service is evaluated.';
COMMENT ON COLUMN assay.completeness.topic IS 'Kafka''s topic';
COMMENT ON COLUMN assay.completeness.partition IS 'partition of the topic';
COMMENT ON COLUMN assay.completeness.incarnation IS
    'counts how often the partition was reopened as a new log, from 1';
COMMENT ON COLUMN assay.completeness.next_offset IS 'first offset not taken yet';
COMMENT ON COLUMN assay.completeness.last_event_at IS
    'greatest occurred_at accepted from it; NULL: none';
COMMENT ON COLUMN assay.completeness.complete_through IS
    'everything up to here is taken: timestamp of the last record, or the clock at the last look '
    'at the end of the log';
COMMENT ON COLUMN assay.completeness.evaluation_lag IS
    'governance commits that the slowest service is not evaluated to; the same in every row';
COMMENT ON COLUMN assay.completeness.halted IS 'whether it was stopped';
COMMENT ON COLUMN assay.completeness.reason IS 'why it was stopped';
