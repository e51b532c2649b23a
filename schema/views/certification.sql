-- What the certification body's decisions come to, for every (programme, standard). Certificates
-- are kept as facts; what follows from them this version does not evaluate, so there are no rows.

CREATE OR REPLACE FUNCTION assay.certification_at(at timestamptz)
RETURNS TABLE (
    programme text, standard text, number text, body text, state text, valid_from timestamptz,
    valid_until timestamptz, soa_version text, surveillance_deadline timestamptz, flags jsonb)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT NULL::text, NULL::text, NULL::text, NULL::text, NULL::text, NULL::timestamptz,
           NULL::timestamptz, NULL::text, NULL::timestamptz, NULL::jsonb
    WHERE false;
END;
REVOKE ALL ON FUNCTION assay.certification_at(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION assay.certification_at(timestamptz)
    TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON FUNCTION assay.certification_at(timestamptz) IS
    'The state of every certificate at an instant (valid time), by everything known now. Columns '
    'as in assay.certification.';

CREATE OR REPLACE FUNCTION assay.certification_at(at timestamptz, known_at timestamptz)
RETURNS TABLE (
    programme text, standard text, number text, body text, state text, valid_from timestamptz,
    valid_until timestamptz, soa_version text, surveillance_deadline timestamptz, flags jsonb)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    -- No row, but the refusal of a known_at that is not settled.
    WITH known AS MATERIALIZED (
        SELECT record.known_position(certification_at.known_at) AS upto
    )
    SELECT NULL::text, NULL::text, NULL::text, NULL::text, NULL::text, NULL::timestamptz,
           NULL::timestamptz, NULL::text, NULL::timestamptz, NULL::jsonb
    FROM known k WHERE k.upto < 0;
END;
REVOKE ALL ON FUNCTION assay.certification_at(timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION assay.certification_at(timestamptz, timestamptz)
    TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON FUNCTION assay.certification_at(timestamptz, timestamptz) IS
    'The state of every certificate at an instant (valid time), by what was known at another '
    '(system time). Columns as in assay.certification.';

CREATE OR REPLACE VIEW assay.certification AS
    SELECT c.* FROM assay.certification_at(now()) c;
GRANT SELECT ON assay.certification TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON VIEW assay.certification IS
    'The state now of every certificate; empty in this version.';
COMMENT ON COLUMN assay.certification.programme IS 'the programme certified';
COMMENT ON COLUMN assay.certification.standard IS 'the standard it is certified by';
COMMENT ON COLUMN assay.certification.number IS 'the certificate''s number';
COMMENT ON COLUMN assay.certification.body IS 'the certification body';
COMMENT ON COLUMN assay.certification.state IS 'NONE, CERTIFIED, SUSPENDED, EXPIRED or WITHDRAWN';
COMMENT ON COLUMN assay.certification.valid_from IS 'first instant of validity';
COMMENT ON COLUMN assay.certification.valid_until IS 'first instant after it';
COMMENT ON COLUMN assay.certification.soa_version IS 'the Statement of Applicability it names';
COMMENT ON COLUMN assay.certification.surveillance_deadline IS
    'by when the next surveillance audit has to be done';
COMMENT ON COLUMN assay.certification.flags IS 'what needs attention, an array of names';
