-- An operator's: erases a refused record whole, key, headers and value, where nobody can say what
-- of its bytes speaks of whom. Its place, the reason it was refused for and the value's SHA-256
-- stay; replay passes over it. False: there is no such record, or it counts, or is erased already.
-- For members of assay_owner only.
CREATE OR REPLACE FUNCTION record.erase_refused(
    topic_name text, partition_number integer, incarnation_number integer, at_offset bigint,
    reason text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    l record.ledger;
BEGIN
    IF coalesce(reason, '') = '' THEN
        RAISE EXCEPTION 'say why' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('assay writers', 0));
    SELECT r.* INTO l
    FROM record.ledger r JOIN record.topic t ON t.topic = r.topic
    WHERE t.name = topic_name AND r.partition = partition_number
      AND r.incarnation = incarnation_number AND r."offset" = at_offset AND r.verdict <> 0
      AND NOT EXISTS (SELECT FROM record.verdict v
                      WHERE v.topic = r.topic AND v.partition = r.partition
                        AND v.incarnation = r.incarnation AND v."offset" = r."offset"
                        AND v.verdict = 0)
      AND NOT EXISTS (SELECT FROM record.erasure e
                      WHERE e.batch = r.batch AND e.topic = r.topic AND e.partition = r.partition
                        AND e."offset" = r."offset" AND e.whole);
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO record.erasure AS e (batch, topic, partition, incarnation, "offset", sha256, whole,
                                     erased_at, reason)
    VALUES (l.batch, l.topic, l.partition, l.incarnation, l."offset",
            sha256(coalesce(l.value, '')), true, now(), erase_refused.reason)
    ON CONFLICT (batch, topic, partition, "offset") DO UPDATE
    SET whole = true, erased_at = now(), reason = e.reason || '; ' || excluded.reason;
    UPDATE record.ledger r
    SET key = NULL, headers = NULL, value = NULL, id = NULL, detail = 'erased by an operator'
    WHERE r.batch = l.batch AND r.topic = l.topic AND r.partition = l.partition
      AND r."offset" = l."offset";
    UPDATE record.verdict v SET detail = 'erased by an operator', id = NULL
    WHERE v.ledger_batch = l.batch AND v.topic = l.topic AND v.partition = l.partition
      AND v.incarnation = l.incarnation AND v."offset" = l."offset";
    RETURN true;
END;
$$;
REVOKE ALL ON FUNCTION record.erase_refused(text, integer, integer, bigint, text) FROM PUBLIC;
