-- Every accepted record, those that a replay accepted later among them.
CREATE OR REPLACE VIEW assay.event AS
    SELECT l.id, t.name AS topic, l.partition, l.incarnation, l."offset", c.position, l.value
    FROM record.ledger l
    JOIN record.topic t ON t.topic = l.topic
    JOIN record.commit_log c ON c.batch = l.batch
    WHERE l.verdict = 0
    UNION ALL
    SELECT v.id, t.name, v.partition, v.incarnation, v."offset", c.position, l.value
    FROM record.verdict v
    JOIN record.topic t ON t.topic = v.topic
    JOIN record.commit_log c ON c.batch = v.batch
    JOIN record.ledger l ON l.batch = v.ledger_batch AND l.topic = v.topic
                        AND l.partition = v.partition AND l."offset" = v."offset"
    WHERE v.verdict = 0;
GRANT SELECT ON assay.event TO assay_aggregator, assay_auditor;
GRANT SELECT (id, topic, partition, incarnation, "offset", position) ON assay.event
    TO assay_reader; -- the received bytes are an auditor's
COMMENT ON VIEW assay.event IS
    'Every accepted record. The same event by several records: a row each.';
COMMENT ON COLUMN assay.event.id IS 'Event.id: the identity of the fact';
COMMENT ON COLUMN assay.event.topic IS 'Kafka''s topic';
COMMENT ON COLUMN assay.event.partition IS 'partition of the topic';
COMMENT ON COLUMN assay.event.incarnation IS
    'counts how often the partition was reopened as a new log, from 1';
COMMENT ON COLUMN assay.event."offset" IS 'offset in the partition';
COMMENT ON COLUMN assay.event.position IS 'the commit by which it counts';
COMMENT ON COLUMN assay.event.value IS 'the value, byte for byte as received; not for assay_reader';
