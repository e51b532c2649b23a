-- The rows of record.present that hold at an instant: it is in their span, and nothing has been
-- written since of what they follow from. The only rows of it that anybody may read.
CREATE OR REPLACE FUNCTION record.present_serving(at timestamptz)
RETURNS SETOF record.present
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT r.*
    FROM record.present r
    WHERE r.since <= present_serving.at AND r.until > present_serving.at
      AND r.seq >= greatest((SELECT max(t.seq) FROM record.timeline t
                             WHERE t.service = r.service AND t.environment = r.environment),
                            (SELECT max(t.seq) FROM record.standing t
                             WHERE t.service = r.service AND t.environment = r.environment));
END;
REVOKE ALL ON FUNCTION record.present_serving(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.present_serving(timestamptz)
    TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON FUNCTION record.present_serving(timestamptz) IS
    'the rows of record.present that hold at an instant, by everything known now';
