-- Every refused record that no replay has accepted since, with the reason that was found last.
CREATE OR REPLACE VIEW assay.reject AS
    SELECT t.name AS topic, l.partition, l.incarnation, l."offset",
           record.verdict_name(coalesce(r.verdict, l.verdict)) AS reason,
           CASE WHEN r.verdict IS NULL THEN l.detail ELSE r.detail END AS detail,
           l.key, record.headers_json(l.headers) AS headers, l.value,
           c.known_at AS received_at, r.known_at AS replayed_at
    FROM record.ledger l
    JOIN record.topic t ON t.topic = l.topic
    JOIN record.commit_log c ON c.batch = l.batch
    LEFT JOIN LATERAL (
        SELECT v.verdict, v.detail, cv.known_at
        FROM record.verdict v JOIN record.commit_log cv ON cv.batch = v.batch
        WHERE v.topic = l.topic AND v.partition = l.partition
          AND v.incarnation = l.incarnation AND v."offset" = l."offset"
        ORDER BY cv.position DESC LIMIT 1
    ) r ON true
    WHERE l.verdict <> 0 AND coalesce(r.verdict, l.verdict) <> 0;
GRANT SELECT ON assay.reject TO assay_aggregator, assay_auditor;
GRANT SELECT (topic, partition, incarnation, "offset", reason, detail, received_at, replayed_at)
    ON assay.reject TO assay_reader; -- the received bytes are an auditor's
COMMENT ON VIEW assay.reject IS
    'Every refused record, kept whole.';
COMMENT ON COLUMN assay.reject.topic IS 'Kafka''s topic';
COMMENT ON COLUMN assay.reject.partition IS 'partition of the topic';
COMMENT ON COLUMN assay.reject.incarnation IS
    'counts how often the partition was reopened as a new log, from 1';
COMMENT ON COLUMN assay.reject."offset" IS 'offset in the partition';
COMMENT ON COLUMN assay.reject.reason IS
    'too_large, undecodable, invalid, wrong_topic, key_mismatch or future';
COMMENT ON COLUMN assay.reject.detail IS 'the field and rule, or what is wrong with the bytes';
COMMENT ON COLUMN assay.reject.key IS
    'the key, byte for byte as received; NULL: none; not for assay_reader';
COMMENT ON COLUMN assay.reject.headers IS
    'array of {"name", "value"}; bytes that are no text in base64; NULL: none; not for '
    'assay_reader';
COMMENT ON COLUMN assay.reject.value IS
    'the value, byte for byte as received; NULL: a tombstone; not for assay_reader';
COMMENT ON COLUMN assay.reject.received_at IS 'stamp of the commit that took it';
COMMENT ON COLUMN assay.reject.replayed_at IS
    'stamp of the last replay that refused it again; NULL: none';
