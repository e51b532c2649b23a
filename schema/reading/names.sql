-- The names of stored numbers, as people read them. NULL for a number that has none: 0 stands for
-- "nothing there" in cell_status and posture.

CREATE OR REPLACE FUNCTION record.cell_status_name(number smallint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (ARRAY['OUT_OF_SCOPE', 'NOT_APPLICABLE', 'PASSED', 'EXCEPTED', 'NOT_TESTED', 'STALE',
              'ERROR', 'FAILED'])[number];
REVOKE ALL ON FUNCTION record.cell_status_name(smallint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.cell_status_name(smallint)
    TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON FUNCTION record.cell_status_name(smallint) IS
    'enum cell_status of consumers/posture/posture.h';

CREATE OR REPLACE FUNCTION record.posture_name(number smallint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (ARRAY['OUT_OF_SCOPE', 'NOT_APPLICABLE', 'PASSING', 'PASSING_WITH_EXCEPTIONS', 'INCOMPLETE',
              'FAILING'])[number];
REVOKE ALL ON FUNCTION record.posture_name(smallint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.posture_name(smallint)
    TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON FUNCTION record.posture_name(smallint) IS
    'enum posture_value of consumers/posture/posture.h';

CREATE OR REPLACE FUNCTION record.membership_name(number smallint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (ARRAY['PROPOSED', 'ONBOARDING', 'PENDING_AUDIT', 'IN_SCOPE', 'REMOVED'])[number];
REVOKE ALL ON FUNCTION record.membership_name(smallint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.membership_name(smallint)
    TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON FUNCTION record.membership_name(smallint) IS
    'enum Membership of proto/assay/v1/scope.proto';

CREATE OR REPLACE FUNCTION record.certificate_state_name(number smallint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (ARRAY['NONE', 'CERTIFIED', 'SUSPENDED', 'EXPIRED', 'WITHDRAWN'])[number + 1];
REVOKE ALL ON FUNCTION record.certificate_state_name(smallint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.certificate_state_name(smallint)
    TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON FUNCTION record.certificate_state_name(smallint) IS
    'enum certificate_state of consumers/posture/posture.h';

-- The names of the bits, in their order.
CREATE OR REPLACE FUNCTION record.certificate_flag_names(bits smallint) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN array_remove(ARRAY[CASE WHEN bits & 1 <> 0 THEN 'SURVEILLANCE_OVERDUE' END,
                          CASE WHEN bits & 2 <> 0 THEN 'SURVEILLANCE_DUE' END,
                          CASE WHEN bits & 4 <> 0 THEN 'RECERTIFICATION_DUE' END,
                          CASE WHEN bits & 8 <> 0 THEN 'SUSPENDED_OVER_6_MONTHS' END,
                          CASE WHEN bits & 16 <> 0 THEN 'MAJOR_NC_OPEN' END,
                          CASE WHEN bits & 32 <> 0 THEN 'SOA_DIFFERS' END], NULL);
REVOKE ALL ON FUNCTION record.certificate_flag_names(smallint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.certificate_flag_names(smallint)
    TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON FUNCTION record.certificate_flag_names(smallint) IS
    'enum certificate_flag of consumers/posture/posture.h';

CREATE OR REPLACE FUNCTION record.verdict_name(number smallint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (ARRAY['accepted', 'too_large', 'undecodable', 'invalid', 'wrong_topic', 'key_mismatch',
              'future'])[number + 1];
REVOKE ALL ON FUNCTION record.verdict_name(smallint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.verdict_name(smallint)
    TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON FUNCTION record.verdict_name(smallint) IS 'enum verdict of proto/record.h';

-- 'MEMBERSHIP_IN_SCOPE', 'MEMBERSHIP_' -> 'IN_SCOPE'
CREATE OR REPLACE FUNCTION record.without_prefix(name text, prefix text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN starts_with(name, prefix) THEN substr(name, length(prefix) + 1) ELSE name END;
REVOKE ALL ON FUNCTION record.without_prefix(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.without_prefix(text, text)
    TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON FUNCTION record.without_prefix(text, text) IS
    'a value of a contract''s enum without the name of its enum';
