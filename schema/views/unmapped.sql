-- What is accepted and kept, but has no effect now, and why.
--
-- Steps are of a record; of a check mapping, which may name several controls that nobody knows, of
-- a record and a control. Standard and control of every other record are always the same, so that
-- both can be part of the key.
CREATE OR REPLACE VIEW assay.unmapped AS
    SELECT x.event, t.name AS topic, x.partition, x.incarnation, x."offset",
           nullif(x.service, '') AS service, nullif(x.environment, '') AS environment, x."check",
           x.standard, x.control, x.reason
    FROM (
        SELECT DISTINCT ON (u.service, u.environment, u.topic, u.partition, u.incarnation,
                            u."offset", u.standard, u.control) u.*
        FROM (
            SELECT DISTINCT ON (r.service, r.environment, e.topic, e.partition, e.incarnation,
                                e."offset", e.standard, e.control, e.at)
                   r.service, r.environment, e.*
            FROM record.unmapped r
            CROSS JOIN LATERAL unnest(
                r.at, r.reason, r.removed, r.event, r.topic, r.partition, r.incarnation,
                r."offset", r."check", r.standard, r.control)
                AS e (at, reason, removed, event, topic, partition, incarnation, "offset", "check",
                      standard, control)
            WHERE e.at <= now()
            ORDER BY r.service, r.environment, e.topic, e.partition, e.incarnation, e."offset",
                     e.standard, e.control, e.at DESC, r.seq DESC
        ) u
        WHERE NOT u.removed
        ORDER BY u.service, u.environment, u.topic, u.partition, u.incarnation, u."offset",
                 u.standard, u.control, u.at DESC
    ) x
    JOIN record.topic t ON t.topic = x.topic
    WHERE x.reason IS NOT NULL;
GRANT SELECT ON assay.unmapped TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON VIEW assay.unmapped IS
    'Accepted records that have no effect now, and why.';
COMMENT ON COLUMN assay.unmapped.event IS 'Event.id';
COMMENT ON COLUMN assay.unmapped.topic IS 'Kafka''s topic';
COMMENT ON COLUMN assay.unmapped.partition IS 'partition of the topic';
COMMENT ON COLUMN assay.unmapped.incarnation IS
    'counts how often the partition was reopened as a new log, from 1';
COMMENT ON COLUMN assay.unmapped."offset" IS 'offset in the partition';
COMMENT ON COLUMN assay.unmapped.service IS 'the service it is about; NULL: no single one';
COMMENT ON COLUMN assay.unmapped.environment IS 'the environment it is about, or NULL';
COMMENT ON COLUMN assay.unmapped."check" IS 'the check it is about, or NULL';
COMMENT ON COLUMN assay.unmapped.standard IS 'the standard it is about, or NULL';
COMMENT ON COLUMN assay.unmapped.control IS 'the control it is about, or NULL';
COMMENT ON COLUMN assay.unmapped.reason IS 'why it has no effect';
