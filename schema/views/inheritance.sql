-- The inheritances in force.
CREATE OR REPLACE VIEW assay.inheritance AS
    SELECT f.fields -> 'inheritance' ->> 'service' AS service,
           f.fields -> 'inheritance' ->> 'environment' AS environment,
           f.fields -> 'inheritance' ->> 'standard' AS standard,
           f.fields -> 'inheritance' ->> 'control' AS control,
           f.fields -> 'inheritance' ->> 'provider_service' AS provider_service,
           f.fields -> 'inheritance' ->> 'provider_environment' AS provider_environment,
           record.without_prefix(
               f.fields -> 'inheritance' ->> 'kind', 'INHERITANCE_KIND_') AS kind
    FROM record.facts_in_force('inheritance', now(), NULL) f;
GRANT SELECT ON assay.inheritance TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON VIEW assay.inheritance IS
    'Controls that another service takes care of: the inheritances in force.';
COMMENT ON COLUMN assay.inheritance.service IS 'the service that inherits, * for every one';
COMMENT ON COLUMN assay.inheritance.environment IS 'its environment';
COMMENT ON COLUMN assay.inheritance.standard IS 'the standard';
COMMENT ON COLUMN assay.inheritance.control IS 'the control, * for every one';
COMMENT ON COLUMN assay.inheritance.provider_service IS 'the service that takes care of it';
COMMENT ON COLUMN assay.inheritance.provider_environment IS 'its environment';
COMMENT ON COLUMN assay.inheritance.kind IS 'NONE, FULL or HYBRID';
