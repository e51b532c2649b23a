-- The Statements of Applicability in force.
CREATE OR REPLACE VIEW assay.soa AS
    SELECT f.fields -> 'statement_of_applicability' ->> 'programme' AS programme,
           f.fields -> 'statement_of_applicability' ->> 'version' AS version,
           (f.fields -> 'statement_of_applicability' ->> 'dated')::timestamptz AS dated,
           coalesce(f.fields -> 'statement_of_applicability' -> 'entries', '[]') AS entries
    FROM record.facts_in_force('statement_of_applicability', now(), NULL) f;
GRANT SELECT ON assay.soa TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON VIEW assay.soa IS
    'Which controls each programme applies, and why or why not: the statements in force.';
COMMENT ON COLUMN assay.soa.programme IS 'the programme';
COMMENT ON COLUMN assay.soa.version IS 'what the document is quoted by';
COMMENT ON COLUMN assay.soa.dated IS 'the date it bears; NULL: none';
COMMENT ON COLUMN assay.soa.entries IS
    'array of {"standard", "control", "applicable", "justification", "implementation", "risks", '
    '"owner"}';

-- What two versions of a programme's statement say differently. A version is looked for among all
-- that are or were in force, or will be; of several of one name the last counts.
CREATE OR REPLACE FUNCTION assay.soa_diff(programme text, from_version text, to_version text)
RETURNS TABLE (standard text, control text, from_entry jsonb, to_entry jsonb)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH version AS (
        SELECT DISTINCT ON (f.fields -> 'statement_of_applicability' ->> 'version')
               f.fields -> 'statement_of_applicability' ->> 'version' AS name,
               f.fields -> 'statement_of_applicability' -> 'entries' AS entries
        FROM (
            SELECT DISTINCT ON (v.at) v.at, v.removed, v.key, v.id, v.digest
            FROM record.fact_step v JOIN record.commit_log l ON l.batch = v.batch
            WHERE v.body = 'statement_of_applicability' AND v.key = soa_diff.programme
            ORDER BY v.at, l.position DESC
        ) s
        JOIN record.fact f ON f.body = 'statement_of_applicability' AND f.key = s.key
                          AND f.id = s.id AND f.digest = s.digest
        WHERE NOT s.removed
        ORDER BY f.fields -> 'statement_of_applicability' ->> 'version', s.at DESC
    ), a AS (
        SELECT e.value AS entry FROM version v
        CROSS JOIN LATERAL jsonb_array_elements(v.entries) e WHERE v.name = soa_diff.from_version
    ), b AS (
        SELECT e.value AS entry FROM version v
        CROSS JOIN LATERAL jsonb_array_elements(v.entries) e WHERE v.name = soa_diff.to_version
    )
    SELECT coalesce(a.entry, b.entry) ->> 'standard', coalesce(a.entry, b.entry) ->> 'control',
           a.entry, b.entry
    FROM a
    FULL JOIN b ON a.entry ->> 'standard' = b.entry ->> 'standard'
               AND a.entry ->> 'control' = b.entry ->> 'control'
    WHERE a.entry IS DISTINCT FROM b.entry;
END;
REVOKE ALL ON FUNCTION assay.soa_diff(text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION assay.soa_diff(text, text, text)
    TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON FUNCTION assay.soa_diff(text, text, text) IS
    'The entries that two versions of a programme''s Statement of Applicability say differently; '
    'from_entry NULL: added, to_entry NULL: left out.';
