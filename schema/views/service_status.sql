-- Posture, counts and certificate of every (service, environment, standard) in scope or once in it.
--
-- Read as cell_status.sql says, from record.standing, where posture has counted already: counts are
-- sums of what was added to them. Statuses have the numbers of posture.h, enum cell_status.

DELETE FROM record.present; -- what these functions said before they changed

-- Of one (service, environment), from its standings.
CREATE OR REPLACE FUNCTION record.standings_told(
    service text, environment text, at timestamptz, upto bigint)
RETURNS SETOF record.present_standing
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT s.standard, s.membership, s.posture,
           coalesce(c.every - c.others, 0), coalesce(c.excepted, 0), coalesce(c.failed, 0),
           coalesce(c.error, 0), coalesce(c.stale, 0), coalesce(c.not_tested, 0),
           coalesce(c.not_applicable, 0), coalesce(c.every - c.not_applicable, 0),
           s.certificate_state, s.certified
    FROM (
        SELECT k.seq FROM record.standing k
        WHERE k.service = standings_told.service AND k.environment = standings_told.environment
          AND k.keyframe AND k.complete_from <= standings_told.at
          AND (standings_told.upto IS NULL
               OR (SELECT l.position FROM record.commit_log l
                   WHERE l.batch = k.batch) <= standings_told.upto)
        ORDER BY k.seq DESC LIMIT 1
    ) begin
    CROSS JOIN LATERAL (
        SELECT DISTINCT ON (u.standard) u.*
        FROM (
            SELECT DISTINCT ON (e.standard, e.at) e.*
            FROM record.standing t
            CROSS JOIN LATERAL (
                SELECT unnest(t.standard) AS standard, unnest(t.at) AS at,
                       unnest(t.membership) AS membership, unnest(t.posture) AS posture,
                       unnest(t.certificate_state) AS certificate_state,
                       unnest(t.certified) AS certified
            ) e
            WHERE t.service = standings_told.service
              AND t.environment = standings_told.environment AND t.seq >= begin.seq
              AND (standings_told.upto IS NULL
                   OR (SELECT l.position FROM record.commit_log l
                       WHERE l.batch = t.batch) <= standings_told.upto)
              AND e.at <= standings_told.at
            ORDER BY e.standard, e.at DESC, t.seq DESC
        ) u
        WHERE u.membership >= 0
        ORDER BY u.standard, u.at DESC
    ) s
    LEFT JOIN LATERAL (
        SELECT sum(e.change) FILTER (WHERE e.status = 0)::integer AS every,
               coalesce(sum(e.change) FILTER (WHERE e.status > 0), 0)::integer AS others,
               coalesce(sum(e.change) FILTER (WHERE e.status = 2), 0)::integer AS not_applicable,
               sum(e.change) FILTER (WHERE e.status = 4)::integer AS excepted,
               sum(e.change) FILTER (WHERE e.status = 5)::integer AS not_tested,
               sum(e.change) FILTER (WHERE e.status = 6)::integer AS stale,
               sum(e.change) FILTER (WHERE e.status = 7)::integer AS error,
               sum(e.change) FILTER (WHERE e.status = 8)::integer AS failed
        FROM record.standing t
        CROSS JOIN LATERAL (
            SELECT unnest(t.tally_standard) AS standard, unnest(t.tally_at) AS at,
                   unnest(t.tally_status) AS status, unnest(t.tally_change) AS change
        ) e
        WHERE t.service = standings_told.service AND t.environment = standings_told.environment
          AND t.seq >= begin.seq
          AND (standings_told.upto IS NULL
               OR (SELECT l.position FROM record.commit_log l
                   WHERE l.batch = t.batch) <= standings_told.upto)
          AND (t.seq = begin.seq OR NOT t.keyframe) -- a keyframe says all over again
          AND e.at <= standings_told.at
          AND coalesce(e.standard, t.tally_standard[1]) = s.standard
    ) c ON true
    WHERE s.membership > 0;
END;
REVOKE ALL ON FUNCTION record.standings_told(text, text, timestamptz, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.standings_told(text, text, timestamptz, bigint)
    TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON FUNCTION record.standings_told(text, text, timestamptz, bigint) IS
    'the standings of one service in one environment, as they are told';

CREATE OR REPLACE FUNCTION record.service_status_upto(at timestamptz, upto bigint)
RETURNS TABLE (
    service text, title text, environment text, standard text, membership text, posture text,
    passed integer, excepted integer, failed integer, error integer, stale integer,
    not_tested integer, not_applicable integer, applicable integer, percent numeric,
    certificate_state text, certified boolean)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT s.service,
           -- a subquery, so that who does not ask for the title does not look it up
           (SELECT o.fields -> 'service_onboarding' ->> 'title'
            FROM record.fact_in_force('service_onboarding', s.service, service_status_upto.at,
                                      service_status_upto.upto) o),
           s.environment, s.standard, record.membership_name(s.membership),
           record.posture_name(s.posture), s.passed, s.excepted, s.failed, s.error, s.stale,
           s.not_tested, s.not_applicable, s.applicable,
           CASE WHEN s.applicable > 0
                THEN round((s.passed::bigint * 10000 / s.applicable) / 100.0, 2)
           END,
           record.certificate_state_name(s.certificate_state), s.certified
    FROM (
        SELECT p.service, p.environment, t.*
        FROM record.environment p
        LEFT JOIN record.present_serving(service_status_upto.at) r
            ON r.service = p.service AND r.environment = p.environment
               AND service_status_upto.upto IS NULL
        CROSS JOIN LATERAL (
            SELECT k.* FROM unnest(r.standings) k -- of NULL: no row
            UNION ALL
            SELECT k.*
            FROM record.standings_told(p.service, p.environment, service_status_upto.at,
                                       service_status_upto.upto) k
            WHERE r.service IS NULL
        ) t
    ) s;
END;
REVOKE ALL ON FUNCTION record.service_status_upto(timestamptz, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.service_status_upto(timestamptz, bigint)
    TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON FUNCTION record.service_status_upto(timestamptz, bigint) IS
    'assay.service_status_at, as known at a position (NULL: now)';

CREATE OR REPLACE FUNCTION assay.service_status_at(at timestamptz)
RETURNS TABLE (
    service text, title text, environment text, standard text, membership text, posture text,
    passed integer, excepted integer, failed integer, error integer, stale integer,
    not_tested integer, not_applicable integer, applicable integer, percent numeric,
    certificate_state text, certified boolean)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT s.* FROM record.service_status_upto(service_status_at.at, NULL) s;
END;
REVOKE ALL ON FUNCTION assay.service_status_at(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION assay.service_status_at(timestamptz)
    TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON FUNCTION assay.service_status_at(timestamptz) IS
    'Posture and certificate of every service at an instant (valid time), by everything known '
    'now. Columns as in assay.service_status.';

CREATE OR REPLACE FUNCTION assay.service_status_at(at timestamptz, known_at timestamptz)
RETURNS TABLE (
    service text, title text, environment text, standard text, membership text, posture text,
    passed integer, excepted integer, failed integer, error integer, stale integer,
    not_tested integer, not_applicable integer, applicable integer, percent numeric,
    certificate_state text, certified boolean)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    -- Materialized: the position is asked for once.
    WITH known AS MATERIALIZED (
        SELECT record.known_position(service_status_at.known_at) AS upto
    )
    SELECT s.*
    FROM known k
    CROSS JOIN LATERAL record.service_status_upto(service_status_at.at, k.upto) s;
END;
REVOKE ALL ON FUNCTION assay.service_status_at(timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION assay.service_status_at(timestamptz, timestamptz)
    TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON FUNCTION assay.service_status_at(timestamptz, timestamptz) IS
    'Posture and certificate of every service at an instant (valid time), by what was known at '
    'another (system time). Columns as in assay.service_status.';

CREATE OR REPLACE VIEW assay.service_status AS
    SELECT s.* FROM assay.service_status_at(now()) s;
GRANT SELECT ON assay.service_status TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON VIEW assay.service_status IS
    'Posture and certificate now, of every service, environment and standard with a scope change '
    'in force.';
COMMENT ON COLUMN assay.service_status.service IS 'the service';
COMMENT ON COLUMN assay.service_status.title IS
    'what people call it, by the onboarding in force; NULL: none';
COMMENT ON COLUMN assay.service_status.environment IS 'the environment';
COMMENT ON COLUMN assay.service_status.standard IS 'the standard';
COMMENT ON COLUMN assay.service_status.membership IS
    'PROPOSED, ONBOARDING, PENDING_AUDIT, IN_SCOPE or REMOVED, by the scope change in force';
COMMENT ON COLUMN assay.service_status.posture IS
    'PASSING, PASSING_WITH_EXCEPTIONS, INCOMPLETE, FAILING, NOT_APPLICABLE or OUT_OF_SCOPE';
COMMENT ON COLUMN assay.service_status.passed IS 'how many cells are PASSED';
COMMENT ON COLUMN assay.service_status.excepted IS 'how many cells are EXCEPTED';
COMMENT ON COLUMN assay.service_status.failed IS 'how many cells are FAILED';
COMMENT ON COLUMN assay.service_status.error IS 'how many cells are ERROR';
COMMENT ON COLUMN assay.service_status.stale IS 'how many cells are STALE';
COMMENT ON COLUMN assay.service_status.not_tested IS 'how many cells are NOT_TESTED';
COMMENT ON COLUMN assay.service_status.not_applicable IS 'how many cells are NOT_APPLICABLE';
COMMENT ON COLUMN assay.service_status.applicable IS
    'how many cells are neither NOT_APPLICABLE nor OUT_OF_SCOPE';
COMMENT ON COLUMN assay.service_status.percent IS
    'passed of applicable, in percent, rounded down to hundredths; NULL: none is applicable';
COMMENT ON COLUMN assay.service_status.certificate_state IS
    'NONE, or what the certification body''s decisions come to';
COMMENT ON COLUMN assay.service_status.certified IS
    'whether the certificate covers the service in this environment';
