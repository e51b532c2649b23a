-- The last step of every batch: gives it its position and known_at under the one row lock that
-- orders all commits. The caller does nothing after this but COMMIT. Whoever waits for changes
-- listens to channel assay, whose payload is the position, and reads again after a reconnect.
CREATE OR REPLACE FUNCTION record.append_commit(
    batch_name bigint, is_governance boolean, is_replay boolean,
    OUT commit_position bigint, OUT commit_known_at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM record.commit_log l WHERE l.batch = batch_name) THEN
        RAISE EXCEPTION 'batch % has been committed already: the clock was set back', batch_name
        USING ERRCODE = 'serialization_failure';
    END IF;
    UPDATE record.commit_head h
    SET position = h.position + 1,
        known_at = greatest(clock_timestamp(), h.known_at + interval '1 microsecond')
    RETURNING h.position, h.known_at INTO STRICT commit_position, commit_known_at;
    INSERT INTO record.commit_log (position, known_at, batch, governance, replay)
    VALUES (commit_position, commit_known_at, batch_name, is_governance, is_replay);
    IF is_governance THEN
        UPDATE record.governance_head g SET position = commit_position;
    END IF;
    PERFORM pg_notify('assay', commit_position::text);
END;
$$;
REVOKE ALL ON FUNCTION record.append_commit(bigint, boolean, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.append_commit(bigint, boolean, boolean) TO assay_aggregator;
