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

-- The entries of one version of a programme's statement. A version is looked for among all that are
-- or were in force, or will be; of several of one name the last counts. Raises where there is none:
-- held against nothing, every entry would look added.
CREATE OR REPLACE FUNCTION record.soa_entries(programme text, version text) RETURNS jsonb
LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $$
DECLARE
    entries jsonb;
BEGIN
    SELECT coalesce(f.fields -> 'statement_of_applicability' -> 'entries', '[]') INTO entries
    FROM (
        SELECT DISTINCT ON (v.at) v.at, v.removed, v.id, v.digest
        FROM record.fact_step v JOIN record.commit_log l ON l.batch = v.batch
        WHERE v.body = 'statement_of_applicability' AND v.key = soa_entries.programme
        ORDER BY v.at, l.position DESC
    ) s
    JOIN record.fact f ON f.body = 'statement_of_applicability'
                      AND f.key = soa_entries.programme AND f.id = s.id AND f.digest = s.digest
    WHERE NOT s.removed
      AND f.fields -> 'statement_of_applicability' ->> 'version' = soa_entries.version
    ORDER BY s.at DESC LIMIT 1;
    IF NOT FOUND THEN
        IF NOT EXISTS (SELECT FROM record.fact f
                       WHERE f.body = 'statement_of_applicability'
                         AND f.key = soa_entries.programme) THEN
            RETURN '[]';
        END IF;
        RAISE EXCEPTION 'programme "%" has no Statement of Applicability of version "%"',
                        soa_entries.programme, soa_entries.version
        USING ERRCODE = 'no_data_found';
    END IF;
    RETURN entries;
END;
$$;
REVOKE ALL ON FUNCTION record.soa_entries(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.soa_entries(text, text)
    TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON FUNCTION record.soa_entries(text, text) IS
    'entries of a version of a programme''s Statement of Applicability; raises where it has none';

-- What two versions of a programme's statement say differently. Material is what changes what has
-- to be met: a control that only one of them lists, and one whose applicability differs. A control
-- is excluded only with a justification, so one that gains or loses it then differs too.
CREATE OR REPLACE FUNCTION assay.soa_diff(programme text, from_version text, to_version text)
RETURNS TABLE (
    standard text, control text, change text, material boolean, from_entry jsonb, to_entry jsonb)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT d.standard, d.control, d.change, d.change <> 'EDITED', d.from_entry, d.to_entry
    FROM (
        SELECT coalesce(a.standard, b.standard) AS standard,
               coalesce(a.control, b.control) AS control,
               CASE WHEN a.entry IS NULL THEN 'ADDED'
                    WHEN b.entry IS NULL THEN 'REMOVED'
                    WHEN (a.entry -> 'applicable', a.excluded)
                         IS DISTINCT FROM (b.entry -> 'applicable', b.excluded) THEN 'APPLICABILITY'
                    ELSE 'EDITED' END AS change,
               a.entry AS from_entry, b.entry AS to_entry
        FROM (
            SELECT e.value AS entry, e.value ->> 'standard' AS standard,
                   e.value ->> 'control' AS control,
                   NOT (e.value ->> 'applicable')::boolean
                       AND e.value ->> 'justification' <> '' AS excluded
            FROM jsonb_array_elements(
                record.soa_entries(soa_diff.programme, soa_diff.from_version)) e
        ) a
        FULL JOIN (
            SELECT e.value AS entry, e.value ->> 'standard' AS standard,
                   e.value ->> 'control' AS control,
                   NOT (e.value ->> 'applicable')::boolean
                       AND e.value ->> 'justification' <> '' AS excluded
            FROM jsonb_array_elements(
                record.soa_entries(soa_diff.programme, soa_diff.to_version)) e
        ) b ON a.standard = b.standard AND a.control = b.control
        WHERE a.entry IS DISTINCT FROM b.entry
    ) d;
END;
REVOKE ALL ON FUNCTION assay.soa_diff(text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION assay.soa_diff(text, text, text)
    TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON FUNCTION assay.soa_diff(text, text, text) IS
    'The entries that two versions of a programme''s Statement of Applicability say differently. '
    'change: ADDED, REMOVED, APPLICABILITY, or EDITED, which alone is not material. Raises where '
    'the programme has no such version.';
