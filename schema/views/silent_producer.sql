-- Sources that have sent nothing for a service for longer than any of their results lasts: the
-- largest ttl of the mappings in force of the checks they ever sent (no ttl: 366 days).
CREATE OR REPLACE VIEW assay.silent_producer AS
    SELECT h.source, p.service, h.last_event_at, x.expected_by
    FROM record.producer p
    CROSS JOIN LATERAL (
        SELECT e.source, greatest(e.last_event_at, n.last_event_at) AS last_event_at,
               e.checks, n.checks AS checks_since
        FROM record.heard_sources(p.heard)
            WITH ORDINALITY AS e (source, last_event_at, checks, number)
        LEFT JOIN (
            SELECT s.source, max(s.last_event_at) AS last_event_at,
                   array_agg(s."check") AS checks
            FROM record.heard_since(p) s GROUP BY 1
        ) n ON n.source = e.number - 1
    ) h
    CROSS JOIN LATERAL (
        SELECT h.last_event_at + max(coalesce((m.fields -> 'check_mapping' ->> 'ttl')::interval,
                                              interval '8784 hours')) AS expected_by
        FROM unnest(p.checks) WITH ORDINALITY AS sent ("check", number)
        CROSS JOIN LATERAL record.fact_in_force('check_mapping', sent."check", now(), NULL) m
        WHERE (CASE WHEN sent.number <= 8 * length(h.checks)
                    THEN get_bit(h.checks, sent.number - 1) = 1 ELSE false END
            OR sent."check" = ANY (h.checks_since))
          AND (jsonb_array_length(coalesce(m.fields -> 'check_mapping' -> 'applies_to', '[]')) = 0
           OR EXISTS (
               SELECT FROM jsonb_array_elements(m.fields -> 'check_mapping' -> 'applies_to') a
               WHERE a.value ->> 'service' IN ('*', p.service)))
    ) x
    WHERE x.expected_by < now();
GRANT SELECT ON assay.silent_producer TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON VIEW assay.silent_producer IS
    'Sources of test results that have fallen silent.';
COMMENT ON COLUMN assay.silent_producer.source IS 'Event.source';
COMMENT ON COLUMN assay.silent_producer.service IS 'the service it reported on';
COMMENT ON COLUMN assay.silent_producer.last_event_at IS
    'greatest occurred_at it sent for the service';
COMMENT ON COLUMN assay.silent_producer.expected_by IS
    'by when it should have sent something: after the largest ttl mapped to its checks';
