-- What a service's row of record.producer does not count yet: of each source, by its place in
-- `heard` from 0, and check the greatest occurred_at and the number of results.
CREATE OR REPLACE FUNCTION record.heard_since(producer record.producer)
RETURNS TABLE (source integer, "check" text, last_event_at timestamptz, results bigint)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT coalesce(n.source, h.source[1]), s."check", max(n.at), count(*)
    FROM unnest((producer).environments, (producer).upto) AS u (environment, seq)
    JOIN record.history h ON h.service = (producer).service AND h.environment = u.environment
        AND h.seq > u.seq
    CROSS JOIN LATERAL unnest(h.stream, h.source, h.occurred_at) AS n (stream, source, at)
    JOIN record.stream s ON s.service = (producer).service AND s.stream = n.stream
    GROUP BY 1, 2;
END;
REVOKE ALL ON FUNCTION record.heard_since(record.producer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.heard_since(record.producer)
    TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON FUNCTION record.heard_since(record.producer) IS
    'who has sent results of a service since its row was written, by check';
