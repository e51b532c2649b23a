-- What the certification body's decisions come to, for every (programme, standard) that has a
-- decision or that the programme lists.
--
-- What a state is, consumers/posture decides; here steps are only chosen, as in
-- reading/facts_in_force.sql.

CREATE OR REPLACE FUNCTION record.certification_upto(at timestamptz, upto bigint)
RETURNS TABLE (
    programme text, standard text, number text, body text, state text, valid_from timestamptz,
    valid_until timestamptz, soa_version text, surveillance_deadline timestamptz, flags text[])
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT s.programme, s.standard, s.number, s.body, record.certificate_state_name(s.state),
           s.valid_from, s.valid_until, s.soa_version, s.surveillance_deadline,
           record.certificate_flag_names(s.flags)
    FROM (
        SELECT DISTINCT ON (d.programme, d.standard) d.*
        FROM (
            SELECT DISTINCT ON (v.programme, v.standard, v.at) v.*
            FROM record.certification_step v JOIN record.commit_log l ON l.batch = v.batch
            WHERE v.at <= certification_upto.at
              AND (certification_upto.upto IS NULL OR l.position <= certification_upto.upto)
            ORDER BY v.programme, v.standard, v.at DESC, l.position DESC
        ) d
        WHERE NOT d.removed
        ORDER BY d.programme, d.standard, d.at DESC
    ) s
    WHERE s.row_exists;
END;
REVOKE ALL ON FUNCTION record.certification_upto(timestamptz, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.certification_upto(timestamptz, bigint)
    TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON FUNCTION record.certification_upto(timestamptz, bigint) IS
    'assay.certification_at, as known at a position (NULL: now)';

CREATE OR REPLACE FUNCTION assay.certification_at(at timestamptz)
RETURNS TABLE (
    programme text, standard text, number text, body text, state text, valid_from timestamptz,
    valid_until timestamptz, soa_version text, surveillance_deadline timestamptz, flags text[])
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT c.* FROM record.certification_upto(certification_at.at, NULL) c;
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
    valid_until timestamptz, soa_version text, surveillance_deadline timestamptz, flags text[])
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    -- Materialized: the position is asked for once.
    WITH known AS MATERIALIZED (
        SELECT record.known_position(certification_at.known_at) AS upto
    )
    SELECT c.*
    FROM known k
    CROSS JOIN LATERAL record.certification_upto(certification_at.at, k.upto) c;
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
    'The state now of every certificate: of each standard a programme lists or has a decision on.';
COMMENT ON COLUMN assay.certification.programme IS 'the programme certified';
COMMENT ON COLUMN assay.certification.standard IS 'the standard it is certified by';
COMMENT ON COLUMN assay.certification.number IS
    'the certificate''s number, by the decision in force; NULL: none has taken force';
COMMENT ON COLUMN assay.certification.body IS 'the certification body; NULL: no decision';
COMMENT ON COLUMN assay.certification.state IS 'NONE, CERTIFIED, SUSPENDED, EXPIRED or WITHDRAWN';
COMMENT ON COLUMN assay.certification.valid_from IS 'first instant of validity; NULL: no decision';
COMMENT ON COLUMN assay.certification.valid_until IS 'first instant after it; NULL: no decision';
COMMENT ON COLUMN assay.certification.soa_version IS
    'the Statement of Applicability it names; NULL: no decision';
COMMENT ON COLUMN assay.certification.surveillance_deadline IS
    'by when the next surveillance audit has to be done; NULL: none has';
COMMENT ON COLUMN assay.certification.flags IS
    'what needs attention, in this order: SURVEILLANCE_OVERDUE, SURVEILLANCE_DUE, '
    'RECERTIFICATION_DUE, SUSPENDED_OVER_6_MONTHS, MAJOR_NC_OPEN, SOA_DIFFERS';
