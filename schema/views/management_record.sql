-- The management records in force.
CREATE OR REPLACE VIEW assay.management_record AS
    SELECT f.fields -> 'management_record' ->> 'record' AS record,
           record.without_prefix(
               f.fields -> 'management_record' ->> 'kind', 'RECORD_KIND_') AS kind,
           f.fields -> 'management_record' ->> 'programme' AS programme,
           coalesce(f.fields -> 'management_record' -> 'standards', '[]') AS standards,
           f.fields -> 'management_record' ->> 'title' AS title,
           f.fields -> 'management_record' ->> 'performed_by' AS performed_by,
           (f.fields -> 'management_record' ->> 'next_due_at')::timestamptz AS next_due_at,
           (f.fields -> 'management_record' ->> 'value')::double precision AS value,
           (f.fields -> 'management_record' ->> 'target')::double precision AS target,
           f.fields -> 'management_record' ->> 'unit' AS unit,
           f.fields -> 'management_record' ->> 'outcome' AS outcome,
           nullif(f.fields -> 'management_record' -> 'evidence', 'null') AS evidence
    FROM record.facts_in_force('management_record', now(), NULL) f;
GRANT SELECT ON assay.management_record TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON VIEW assay.management_record IS
    'What a management system has to keep on record besides: the records in force.';
COMMENT ON COLUMN assay.management_record.record IS 'the record';
COMMENT ON COLUMN assay.management_record.kind IS
    'RISK_ASSESSMENT, RISK, RISK_TREATMENT, MANAGEMENT_REVIEW, OBJECTIVE, KPI, DOCUMENT or '
    'COMPLAINT';
COMMENT ON COLUMN assay.management_record.programme IS 'the programme';
COMMENT ON COLUMN assay.management_record.standards IS 'the standards, an array';
COMMENT ON COLUMN assay.management_record.title IS 'what it is about';
COMMENT ON COLUMN assay.management_record.performed_by IS 'who did it';
COMMENT ON COLUMN assay.management_record.next_due_at IS
    'when it has to be done again; NULL: not stated';
COMMENT ON COLUMN assay.management_record.value IS 'what was measured, in unit; NULL: nothing';
COMMENT ON COLUMN assay.management_record.target IS 'what was aimed at, in unit; NULL: nothing';
COMMENT ON COLUMN assay.management_record.unit IS 'the unit of value and target';
COMMENT ON COLUMN assay.management_record.outcome IS 'what came of it';
COMMENT ON COLUMN assay.management_record.evidence IS
    'the proof: {"uri", "sha256", "media_type", "size"}; NULL: none';
