-- The exceptions in force, of whatever state.
CREATE OR REPLACE VIEW assay.exception AS
    SELECT f.fields -> 'exception' ->> 'exception' AS exception,
           f.fields -> 'exception' ->> 'programme' AS programme,
           f.fields -> 'exception' ->> 'standard' AS standard,
           f.fields -> 'exception' ->> 'control' AS control,
           f.fields -> 'exception' ->> 'service' AS service,
           f.fields -> 'exception' ->> 'environment' AS environment,
           f.fields -> 'exception' ->> 'check' AS "check",
           f.fields -> 'exception' ->> 'subject' AS subject,
           record.without_prefix(f.fields -> 'exception' ->> 'state', 'EXCEPTION_STATE_') AS state,
           (f.fields -> 'exception' ->> 'expires_at')::timestamptz AS expires_at,
           f.fields -> 'exception' ->> 'approver' AS approver,
           f.fields -> 'exception' ->> 'risk_owner' AS risk_owner,
           f.fields -> 'exception' ->> 'compensating' AS compensating,
           f.fields -> 'exception' ->> 'reason' AS reason,
           coalesce(f.fields -> 'exception' -> 'risks', '[]') AS risks
    FROM record.facts_in_force('exception', now(), NULL) f;
GRANT SELECT ON assay.exception TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON VIEW assay.exception IS
    'Failures that are knowingly lived with: the versions in force, whatever their state.';
COMMENT ON COLUMN assay.exception.exception IS 'the exception';
COMMENT ON COLUMN assay.exception.programme IS 'the programme it belongs to';
COMMENT ON COLUMN assay.exception.standard IS 'standard covered, * for every one';
COMMENT ON COLUMN assay.exception.control IS 'control covered, * for every one';
COMMENT ON COLUMN assay.exception.service IS 'service covered, * for every one';
COMMENT ON COLUMN assay.exception.environment IS 'environment covered, * for every one';
COMMENT ON COLUMN assay.exception."check" IS 'check covered, * for every one';
COMMENT ON COLUMN assay.exception.subject IS 'subject covered, * for every one';
COMMENT ON COLUMN assay.exception.state IS 'PROPOSED, APPROVED or REVOKED';
COMMENT ON COLUMN assay.exception.expires_at IS 'from when on it covers nothing; NULL: not stated';
COMMENT ON COLUMN assay.exception.approver IS 'who approved it';
COMMENT ON COLUMN assay.exception.risk_owner IS 'who bears the risk meanwhile';
COMMENT ON COLUMN assay.exception.compensating IS 'what is done instead';
COMMENT ON COLUMN assay.exception.reason IS 'why';
COMMENT ON COLUMN assay.exception.risks IS 'management records of kind RISK, an array';
