-- The locations in force.
CREATE OR REPLACE VIEW assay.location AS
    SELECT f.fields -> 'location' ->> 'programme' AS programme,
           f.fields -> 'location' ->> 'location' AS location,
           f.fields -> 'location' ->> 'title' AS title,
           f.fields -> 'location' ->> 'section' AS section,
           f.fields -> 'location' ->> 'group' AS "group",
           record.without_prefix(f.fields -> 'location' ->> 'kind', 'LOCATION_KIND_') AS kind,
           f.fields -> 'location' ->> 'address' AS address,
           f.fields -> 'location' ->> 'country' AS country,
           coalesce(f.fields -> 'location' -> 'environments', '[]') AS environments,
           (f.fields -> 'location' ->> 'in_scope')::boolean AS in_scope
    FROM record.facts_in_force('location', now(), NULL) f;
GRANT SELECT ON assay.location TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON VIEW assay.location IS
    'The places the programmes cover: the locations in force.';
COMMENT ON COLUMN assay.location.programme IS 'the programme';
COMMENT ON COLUMN assay.location.location IS 'the location';
COMMENT ON COLUMN assay.location.title IS 'what people call it';
COMMENT ON COLUMN assay.location.section IS 'the part of the list it stands in';
COMMENT ON COLUMN assay.location."group" IS 'the group within that part';
COMMENT ON COLUMN assay.location.kind IS
    'REGION, DATACENTER, EDGE, EXTENDED_ZONE, OFFICE or ONLINE_SERVICE';
COMMENT ON COLUMN assay.location.address IS 'its address';
COMMENT ON COLUMN assay.location.country IS 'its country';
COMMENT ON COLUMN assay.location.environments IS 'the environments it serves, an array';
COMMENT ON COLUMN assay.location.in_scope IS 'whether it is in scope';
