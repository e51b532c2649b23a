-- Facts in force at `at`, as known at position `upto` (NULL: now). Of several steps that speak of
-- one instant the one with the greatest position counts: batches are named before they are placed,
-- so their names do not tell.
--
-- These functions, like those of schema assay, are single SELECTs that run with the caller's
-- rights, so that PostgreSQL merges them into the query that calls them and a condition on the key
-- reaches the index.

CREATE OR REPLACE FUNCTION record.fact_in_force(
    body text, key text, at timestamptz, upto bigint)
RETURNS TABLE (id uuid, since timestamptz, fields jsonb)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT s.id, s.since, f.fields
    FROM (
        SELECT d.id, d.digest, d.since
        FROM (
            SELECT DISTINCT ON (v.at) v.at, v.removed, v.id, v.digest, v.since
            FROM record.fact_step v JOIN record.commit_log l ON l.batch = v.batch
            WHERE v.body = fact_in_force.body AND v.key = fact_in_force.key
              AND v.at <= fact_in_force.at
              AND (fact_in_force.upto IS NULL OR l.position <= fact_in_force.upto)
            ORDER BY v.at DESC, l.position DESC
        ) d
        WHERE NOT d.removed
        ORDER BY d.at DESC
        LIMIT 1
    ) s
    CROSS JOIN LATERAL (
        SELECT f.fields FROM record.fact f
        WHERE f.body = fact_in_force.body AND f.key = fact_in_force.key
          AND f.id = s.id AND f.digest = s.digest
        LIMIT 1
    ) f;
END;
REVOKE ALL ON FUNCTION record.fact_in_force(text, text, timestamptz, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.fact_in_force(text, text, timestamptz, bigint)
    TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON FUNCTION record.fact_in_force(text, text, timestamptz, bigint) IS
    'the version of one fact in force at an instant, as known at a position (NULL: now)';

CREATE OR REPLACE FUNCTION record.facts_in_force(body text, at timestamptz, upto bigint)
RETURNS TABLE (key text, id uuid, since timestamptz, fields jsonb)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT s.key, s.id, s.since, f.fields
    FROM (
        SELECT DISTINCT ON (d.key) d.key, d.id, d.digest, d.since
        FROM (
            SELECT DISTINCT ON (v.key, v.at) v.key, v.at, v.removed, v.id, v.digest, v.since
            FROM record.fact_step v JOIN record.commit_log l ON l.batch = v.batch
            WHERE v.body = facts_in_force.body AND v.at <= facts_in_force.at
              AND (facts_in_force.upto IS NULL OR l.position <= facts_in_force.upto)
            ORDER BY v.key, v.at DESC, l.position DESC
        ) d
        WHERE NOT d.removed
        ORDER BY d.key, d.at DESC
    ) s
    CROSS JOIN LATERAL (
        SELECT f.fields FROM record.fact f
        WHERE f.body = facts_in_force.body AND f.key = s.key
          AND f.id = s.id AND f.digest = s.digest
        LIMIT 1
    ) f;
END;
REVOKE ALL ON FUNCTION record.facts_in_force(text, timestamptz, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.facts_in_force(text, timestamptz, bigint)
    TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON FUNCTION record.facts_in_force(text, timestamptz, bigint) IS
    'the versions in force of all facts of one body at an instant, as known at a position';
