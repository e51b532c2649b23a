-- The findings in force, of whatever state.
CREATE OR REPLACE VIEW assay.finding AS
    SELECT f.fields -> 'finding' ->> 'finding' AS finding,
           f.fields -> 'finding' ->> 'programme' AS programme,
           f.fields -> 'finding' ->> 'standard' AS standard,
           f.fields -> 'finding' ->> 'control' AS control,
           f.fields -> 'finding' ->> 'service' AS service,
           f.fields -> 'finding' ->> 'environment' AS environment,
           f.fields -> 'finding' ->> 'location' AS location,
           record.without_prefix(f.fields -> 'finding' ->> 'grade', 'FINDING_GRADE_') AS grade,
           record.without_prefix(f.fields -> 'finding' ->> 'state', 'FINDING_STATE_') AS state,
           (f.fields -> 'finding' ->> 'due_at')::timestamptz AS due_at,
           f.fields -> 'finding' ->> 'audit' AS audit,
           f.fields -> 'finding' ->> 'title' AS title,
           f.fields -> 'finding' ->> 'root_cause' AS root_cause,
           f.fields -> 'finding' ->> 'correction' AS correction,
           f.fields -> 'finding' ->> 'corrective_action' AS corrective_action,
           f.fields -> 'finding' ->> 'verified_by' AS verified_by,
           f.fields -> 'finding' ->> 'verified_in' AS verified_in
    FROM record.facts_in_force('finding', now(), NULL) f;
GRANT SELECT ON assay.finding TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON VIEW assay.finding IS
    'What audits found, and what was done about it: the versions in force.';
COMMENT ON COLUMN assay.finding.finding IS 'the finding';
COMMENT ON COLUMN assay.finding.programme IS 'the programme it belongs to';
COMMENT ON COLUMN assay.finding.standard IS 'the standard';
COMMENT ON COLUMN assay.finding.control IS 'control concerned, * for every one';
COMMENT ON COLUMN assay.finding.service IS 'service concerned, * for every one';
COMMENT ON COLUMN assay.finding.environment IS 'environment concerned, * for every one';
COMMENT ON COLUMN assay.finding.location IS 'location concerned, or empty';
COMMENT ON COLUMN assay.finding.grade IS 'MAJOR_NC, MINOR_NC, OFI or OBSERVATION';
COMMENT ON COLUMN assay.finding.state IS
    'OPEN, PLAN_SUBMITTED, PLAN_ACCEPTED, IMPLEMENTED, VERIFIED or CLOSED';
COMMENT ON COLUMN assay.finding.due_at IS 'by when it has to be corrected; NULL: not stated';
COMMENT ON COLUMN assay.finding.audit IS 'the audit it was found in';
COMMENT ON COLUMN assay.finding.title IS 'what it is about';
COMMENT ON COLUMN assay.finding.root_cause IS 'its cause';
COMMENT ON COLUMN assay.finding.correction IS 'what was done about the case';
COMMENT ON COLUMN assay.finding.corrective_action IS 'what was done about the cause';
COMMENT ON COLUMN assay.finding.verified_by IS 'who verified it';
COMMENT ON COLUMN assay.finding.verified_in IS 'the audit it was verified in';
