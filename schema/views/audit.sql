-- The audits in force, of whatever state, and what they concluded.
CREATE OR REPLACE VIEW assay.audit AS
    SELECT f.fields -> 'audit' ->> 'audit' AS audit,
           f.fields -> 'audit' ->> 'programme' AS programme,
           record.without_prefix(f.fields -> 'audit' ->> 'kind', 'AUDIT_KIND_') AS kind,
           record.without_prefix(f.fields -> 'audit' ->> 'state', 'AUDIT_STATE_') AS state,
           (f.fields -> 'audit' ->> 'starts_at')::timestamptz AS starts_at,
           (f.fields -> 'audit' ->> 'ends_at')::timestamptz AS ends_at,
           (f.fields -> 'audit' ->> 'reported_at')::timestamptz AS reported_at,
           f.fields -> 'audit' ->> 'auditor' AS auditor,
           coalesce(f.fields -> 'audit' -> 'team', '[]') AS team,
           coalesce(f.fields -> 'audit' -> 'standards', '[]') AS standards,
           coalesce(f.fields -> 'audit' -> 'objectives', '[]') AS objectives,
           coalesce(f.fields -> 'audit' -> 'processes', '[]') AS processes,
           coalesce(f.fields -> 'audit' -> 'locations', '[]') AS locations,
           coalesce(f.fields -> 'audit' -> 'meetings', '[]') AS meetings,
           f.fields -> 'audit' ->> 'fieldwork_soa_version' AS fieldwork_soa_version,
           f.fields -> 'audit' ->> 'soa_version' AS soa_version,
           coalesce(f.fields -> 'audit' -> 'conclusions', '[]') AS conclusions,
           coalesce(f.fields -> 'audit' -> 'reviews', '[]') AS reviews,
           coalesce(f.fields -> 'audit' -> 'sections', '[]') AS sections,
           coalesce(f.fields -> 'audit' -> 'samples', '[]') AS samples,
           f.fields -> 'audit' ->> 'deviations' AS deviations,
           f.fields -> 'audit' ->> 'unresolved' AS unresolved,
           f.fields -> 'audit' ->> 'complaints' AS complaints,
           f.fields -> 'audit' ->> 'marks' AS marks,
           f.fields -> 'audit' ->> 'recommendation' AS recommendation
    FROM record.facts_in_force('audit', now(), NULL) f;
GRANT SELECT ON assay.audit TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON VIEW assay.audit IS
    'Audits, from plan to report: the versions in force.';
COMMENT ON COLUMN assay.audit.audit IS 'the audit';
COMMENT ON COLUMN assay.audit.programme IS 'the programme audited';
COMMENT ON COLUMN assay.audit.kind IS
    'INITIAL, SURVEILLANCE, RECERTIFICATION, SCOPE_EXPANSION, TRANSITION, SPECIAL or INTERNAL';
COMMENT ON COLUMN assay.audit.state IS 'PLANNED, IN_PROGRESS or REPORTED';
COMMENT ON COLUMN assay.audit.starts_at IS 'first day of the fieldwork';
COMMENT ON COLUMN assay.audit.ends_at IS 'last day of the fieldwork';
COMMENT ON COLUMN assay.audit.reported_at IS 'when the report was handed over; NULL: not yet';
COMMENT ON COLUMN assay.audit.auditor IS 'who audits';
COMMENT ON COLUMN assay.audit.team IS 'the audit team, an array';
COMMENT ON COLUMN assay.audit.standards IS 'the standards audited, an array';
COMMENT ON COLUMN assay.audit.objectives IS 'an array';
COMMENT ON COLUMN assay.audit.processes IS 'array of {"text", "items"}';
COMMENT ON COLUMN assay.audit.locations IS 'the locations visited, an array';
COMMENT ON COLUMN assay.audit.meetings IS 'array of {"kind", "at", "mode"}';
COMMENT ON COLUMN assay.audit.fieldwork_soa_version IS
    'the Statement of Applicability the fieldwork went by';
COMMENT ON COLUMN assay.audit.soa_version IS 'the one the report speaks of';
COMMENT ON COLUMN assay.audit.conclusions IS
    'array of {"area", "conclusion", "comment"}; see assay.conclusion';
COMMENT ON COLUMN assay.audit.reviews IS 'array of {"standard", "control", "group", "text"}';
COMMENT ON COLUMN assay.audit.sections IS 'array of {"heading", "text"}';
COMMENT ON COLUMN assay.audit.samples IS
    'array of {"standard", "control", "service", "environment", "location", "method", '
    '"conclusion"}';
COMMENT ON COLUMN assay.audit.deviations IS 'deviations from the plan';
COMMENT ON COLUMN assay.audit.unresolved IS 'differences of opinion left unresolved';
COMMENT ON COLUMN assay.audit.complaints IS 'complaints received';
COMMENT ON COLUMN assay.audit.marks IS 'how certification marks are used';
COMMENT ON COLUMN assay.audit.recommendation IS
    'what the team recommends to the certification body';
