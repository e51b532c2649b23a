-- The greatest position stamped at or before `known_at`: what the record held then. 0: nothing yet.
--
-- Refused is what has no lasting answer: an instant past the last stamp, since a commit may still
-- get it; and one at which a governance commit had been stamped that some service is not evaluated
-- to, since that evaluation will add rows known from that commit on.
CREATE OR REPLACE FUNCTION record.known_position(known_at timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $$
DECLARE
    last_stamp timestamptz;
    upto bigint;
    commit_of_governance bigint;
    lagging text;
BEGIN
    IF known_at IS NULL THEN
        RAISE EXCEPTION 'known_at is NULL'
        USING ERRCODE = 'null_value_not_allowed', HINT = 'Leave it out to ask what is known now.';
    END IF;
    SELECT l.known_at INTO last_stamp FROM record.commit_log l ORDER BY l.position DESC LIMIT 1;
    IF last_stamp IS NULL THEN
        RAISE EXCEPTION 'known_at % is beyond the commit log, which is empty', known_at
        USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF known_at > last_stamp THEN
        RAISE EXCEPTION 'known_at % is beyond the last commit, stamped %', known_at, last_stamp
        USING ERRCODE = 'invalid_parameter_value',
              HINT = 'Leave it out to ask what is known now, or take a stamp of assay.commit.';
    END IF;
    SELECT l.position INTO upto FROM record.commit_log l
    WHERE l.known_at <= known_position.known_at ORDER BY l.known_at DESC LIMIT 1;
    upto := coalesce(upto, 0);
    SELECT l.position INTO commit_of_governance FROM record.commit_log l
    WHERE l.governance AND l.position <= upto ORDER BY l.position DESC LIMIT 1;
    SELECT s.service INTO lagging FROM record.service s
    WHERE s.governance < commit_of_governance ORDER BY s.governance LIMIT 1;
    IF lagging IS NOT NULL THEN
        RAISE EXCEPTION 'known_at % is beyond what service % is evaluated to: governance commit % '
                        'is still to be evaluated', known_at, lagging, commit_of_governance
        USING ERRCODE = 'object_not_in_prerequisite_state',
              HINT = 'Aggregators catch up by themselves; completeness.evaluation_lag shows how '
                     'far.';
    END IF;
    RETURN upto;
END;
$$;
REVOKE ALL ON FUNCTION record.known_position(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.known_position(timestamptz)
    TO assay_aggregator, assay_reader, assay_auditor;
COMMENT ON FUNCTION record.known_position(timestamptz) IS
    'the greatest position stamped at or before known_at; raises where that is not settled yet';
