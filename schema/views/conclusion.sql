-- The conclusions of the audits in force, a row each, in the report's order.
CREATE OR REPLACE VIEW assay.conclusion AS
    SELECT f.fields -> 'audit' ->> 'audit' AS audit,
           f.fields -> 'audit' ->> 'programme' AS programme,
           c.value ->> 'area' AS area,
           c.value ->> 'conclusion' AS conclusion,
           c.value ->> 'comment' AS comment
    FROM record.facts_in_force('audit', now(), NULL) f
    CROSS JOIN LATERAL jsonb_array_elements(coalesce(f.fields -> 'audit' -> 'conclusions', '[]')) c;
GRANT SELECT ON assay.conclusion TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON VIEW assay.conclusion IS
    'What the audits in force concluded, area by area.';
COMMENT ON COLUMN assay.conclusion.audit IS 'the audit';
COMMENT ON COLUMN assay.conclusion.programme IS 'the programme audited';
COMMENT ON COLUMN assay.conclusion.area IS 'what it is about';
COMMENT ON COLUMN assay.conclusion.conclusion IS 'the conclusion';
COMMENT ON COLUMN assay.conclusion.comment IS 'what the auditors added';
