-- The check mappings in force.
CREATE OR REPLACE VIEW assay.check_mapping AS
    SELECT f.fields -> 'check_mapping' ->> 'check' AS "check",
           f.fields -> 'check_mapping' ->> 'title' AS title,
           coalesce(f.fields -> 'check_mapping' -> 'controls', '[]') AS controls,
           coalesce(f.fields -> 'check_mapping' -> 'applies_to', '[]') AS applies_to,
           (f.fields -> 'check_mapping' ->> 'required')::boolean AS required,
           (f.fields -> 'check_mapping' ->> 'ttl')::interval AS ttl
    FROM record.facts_in_force('check_mapping', now(), NULL) f;
GRANT SELECT ON assay.check_mapping TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON VIEW assay.check_mapping IS
    'Which controls a check speaks for, and where: the mappings in force.';
COMMENT ON COLUMN assay.check_mapping."check" IS 'the check';
COMMENT ON COLUMN assay.check_mapping.title IS 'what people call it';
COMMENT ON COLUMN assay.check_mapping.controls IS 'array of {"standard", "control"}';
COMMENT ON COLUMN assay.check_mapping.applies_to IS
    'array of {"service", "environment"}, * for every one; empty: everywhere';
COMMENT ON COLUMN assay.check_mapping.required IS 'whether the controls are unproven without it';
COMMENT ON COLUMN assay.check_mapping.ttl IS 'how long a result may be relied on; NULL: 366 days';
