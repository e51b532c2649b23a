-- Locks the rows of an evidence batch's services, in the order of their names, creating those met
-- for the first time; then holds governance shared, so that no governance commit comes between this
-- batch and its position. `version` validates the caller's cache; `governance` is the position up
-- to which the service is evaluated; `head` that of the last governance commit. Each name is given
-- once, and they are in the order of their bytes.
--
-- Governance is held by an advisory lock, not by its row: PostgreSQL lets those who want a row FOR
-- SHARE pass one who waits for it FOR UPDATE, so under a backlog governance would wait for ever.
CREATE OR REPLACE FUNCTION record.lock_services(names text[])
RETURNS TABLE (service text, version bigint, governance bigint, head bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    last_position bigint;
    name text;
BEGIN
    -- Few are locked in less time one after the other; and where some are new, whoever meets them
    -- creates and locks all in one order, so that nobody waits for another who waits for him.
    IF cardinality(names) > 16 AND NOT EXISTS (
        SELECT FROM unnest(names) n
        WHERE NOT EXISTS (SELECT FROM record.service s WHERE s.service = n)) THEN
        -- Not joined: PostgreSQL 18 was seen to leave out a row of a join that it had waited for.
        PERFORM FROM record.service s WHERE s.service = ANY (names)
        ORDER BY s.service COLLATE "C" FOR UPDATE;
    ELSE
        FOREACH name IN ARRAY names LOOP
            PERFORM FROM record.service s WHERE s.service = name FOR UPDATE;
            IF NOT FOUND THEN
                -- A new service has nothing that governance could have changed: it starts at the
                -- head as it is now; what commits before the lock below, it lags behind and catches
                -- up with.
                INSERT INTO record.service (service, version, governance)
                SELECT name, 0, g.position FROM record.governance_head g
                ON CONFLICT DO NOTHING;
                PERFORM FROM record.service s WHERE s.service = name FOR UPDATE;
            END IF;
        END LOOP;
    END IF;
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('assay governance', 0));
    SELECT g.position INTO last_position FROM record.governance_head g;
    -- Joined, as `= ANY (names)` would compare each name with each row.
    RETURN QUERY SELECT s.service, s.version, s.governance, last_position
                 FROM unnest(names) n JOIN record.service s ON s.service = n;
END;
$$;
REVOKE ALL ON FUNCTION record.lock_services(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record.lock_services(text[]) TO assay_aggregator;
