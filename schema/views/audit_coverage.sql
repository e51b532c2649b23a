-- Which audits looked at what. Samples are kept with the audits; coverage is not evaluated by this
-- version, so there are no rows.
CREATE OR REPLACE VIEW assay.audit_coverage AS
    SELECT NULL::text AS programme, NULL::text AS standard, NULL::text AS control,
           NULL::text AS service, NULL::text AS environment, NULL::text AS location,
           NULL::text AS last_audit, NULL::timestamptz AS sampled_at
    WHERE false;
GRANT SELECT ON assay.audit_coverage TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON VIEW assay.audit_coverage IS
    'What audits have looked at in this cycle; empty in this version.';
COMMENT ON COLUMN assay.audit_coverage.programme IS 'the programme';
COMMENT ON COLUMN assay.audit_coverage.standard IS 'the standard';
COMMENT ON COLUMN assay.audit_coverage.control IS 'the control';
COMMENT ON COLUMN assay.audit_coverage.service IS 'the service';
COMMENT ON COLUMN assay.audit_coverage.environment IS 'its environment';
COMMENT ON COLUMN assay.audit_coverage.location IS 'the location';
COMMENT ON COLUMN assay.audit_coverage.last_audit IS 'the last audit that looked at it';
COMMENT ON COLUMN assay.audit_coverage.sampled_at IS 'when that was; NULL: not in this cycle';
