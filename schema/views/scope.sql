-- Which service, in which environment, is to meet which standard.

CREATE OR REPLACE FUNCTION record.scope_upto(at timestamptz, upto bigint)
RETURNS TABLE (
    service text, title text, category text, environment text, standard text, membership text,
    since timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT s.fields -> 'scope_change' ->> 'service',
           o.fields -> 'service_onboarding' ->> 'title',
           o.fields -> 'service_onboarding' ->> 'category',
           s.fields -> 'scope_change' ->> 'environment',
           s.fields -> 'scope_change' ->> 'standard',
           record.without_prefix(s.fields -> 'scope_change' ->> 'membership', 'MEMBERSHIP_'),
           s.since
    FROM record.facts_in_force('scope_change', scope_upto.at, scope_upto.upto) s
    LEFT JOIN LATERAL record.fact_in_force(
        'service_onboarding', s.fields -> 'scope_change' ->> 'service', scope_upto.at,
        scope_upto.upto) o ON true;
END;
REVOKE ALL ON FUNCTION record.scope_upto(timestamptz, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.scope_upto(timestamptz, bigint)
    TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON FUNCTION record.scope_upto(timestamptz, bigint) IS
    'assay.scope_at, as known at a position (NULL: now)';

CREATE OR REPLACE FUNCTION assay.scope_at(at timestamptz)
RETURNS TABLE (
    service text, title text, category text, environment text, standard text, membership text,
    since timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT s.* FROM record.scope_upto(scope_at.at, NULL) s;
END;
REVOKE ALL ON FUNCTION assay.scope_at(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION assay.scope_at(timestamptz)
    TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON FUNCTION assay.scope_at(timestamptz) IS
    'The scope at an instant (valid time), by everything known now. Columns as in assay.scope.';

CREATE OR REPLACE FUNCTION assay.scope_at(at timestamptz, known_at timestamptz)
RETURNS TABLE (
    service text, title text, category text, environment text, standard text, membership text,
    since timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    -- Materialized: the position is asked for once.
    WITH known AS MATERIALIZED (
        SELECT record.known_position(scope_at.known_at) AS upto
    )
    SELECT s.*
    FROM known k
    CROSS JOIN LATERAL record.scope_upto(scope_at.at, k.upto) s;
END;
REVOKE ALL ON FUNCTION assay.scope_at(timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION assay.scope_at(timestamptz, timestamptz)
    TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON FUNCTION assay.scope_at(timestamptz, timestamptz) IS
    'The scope at an instant (valid time), by what was known at another (system time). Columns as '
    'in assay.scope.';

CREATE OR REPLACE VIEW assay.scope AS
    SELECT s.* FROM assay.scope_at(now()) s;
GRANT SELECT ON assay.scope TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON VIEW assay.scope IS 'The scope now: the scope changes in force.';
COMMENT ON COLUMN assay.scope.service IS 'the service';
COMMENT ON COLUMN assay.scope.title IS
    'what people call it, by the onboarding in force; NULL: none';
COMMENT ON COLUMN assay.scope.category IS
    'the heading it is listed under, by the onboarding in force; NULL: none';
COMMENT ON COLUMN assay.scope.environment IS 'the environment';
COMMENT ON COLUMN assay.scope.standard IS 'the standard';
COMMENT ON COLUMN assay.scope.membership IS
    'PROPOSED, ONBOARDING, PENDING_AUDIT, IN_SCOPE or REMOVED';
COMMENT ON COLUMN assay.scope.since IS 'first instant of the unbroken span of equal membership';
