-- An operator's: erases a name of a person from the record. Wherever its bytes stand, in values,
-- keys and headers of the ledger and in what is derived from them, others made at random stand
-- afterwards, as many and the same everywhere. So what was equal stays equal and what differed
-- differs: streams, exceptions and statuses stay as they are, now and after a rebuild. The SHA-256
-- of each value as received goes to record.erasure. Returns what stands for the name, and in how
-- many records; the whole ledger is read. For members of assay_owner only.
--
-- Refused, with nothing changed, where the name is part of one that decides something (a service,
-- a check, the key of a fact), or stands in bytes that are not a text; and while an aggregator is
-- connected, which would go on with the governance facts that it has in memory.
CREATE OR REPLACE FUNCTION record.erase(
    name text, reason text, OUT stands_for_it text, OUT records bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    old bytea := convert_to(name, 'UTF8');
    new bytea;
    json_name text := substr(to_json(name)::text, 2, length(to_json(name)::text) - 2);
    taken text;
    months text;
    l record.ledger;
    known record.fact;
BEGIN
    IF name IS NULL OR length(old) < 4 OR name ~ '^[0-9a-f-]*$' THEN
        RAISE EXCEPTION 'a name to erase has four bytes or more, and cannot be part of an id'
        USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF coalesce(reason, '') = '' OR strpos(reason, name) > 0 THEN
        RAISE EXCEPTION 'say why, without the name' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('assay writers', 0));
    -- One that comes later waits for the lock before it reads a fact.
    IF EXISTS (SELECT FROM pg_stat_activity a WHERE a.datname = current_database()
               AND a.application_name = 'assay-aggregate') THEN
        RAISE EXCEPTION 'an aggregator is connected: stop all of them first'
        USING ERRCODE = 'object_in_use';
    END IF;

    SELECT format('%s %s', n.kind, n.text) INTO taken
    FROM (SELECT 'topic' AS kind, t.name AS text FROM record.topic t
          UNION ALL SELECT 'service', s.service FROM record.service s
          UNION ALL SELECT 'environment', e.environment FROM record.environment e
          UNION ALL SELECT 'check', s."check" FROM record.stream s
          UNION ALL SELECT 'tool', t.name FROM record.tool t
          UNION ALL SELECT 'version of a tool', t.version FROM record.tool t
          UNION ALL SELECT 'control', c.standard || '|' || c.control FROM record.cell c
          UNION ALL SELECT 'key of a ' || f.body, f.key FROM record.fact f
          UNION ALL SELECT 'source', f.fields ->> 'source' FROM record.fact f) n
    WHERE strpos(n.text, erase.name) > 0 LIMIT 1;
    IF taken IS NOT NULL THEN
        RAISE EXCEPTION 'the name is part of one that decides something: %', taken
        USING ERRCODE = 'invalid_parameter_value';
    END IF;
    LOOP
        SELECT left(string_agg(replace(gen_random_uuid()::text, '-', ''), ''), length(old))
        INTO stands_for_it FROM generate_series(0, length(old) / 32);
        EXIT WHEN NOT EXISTS (SELECT FROM record.stream s
                              WHERE strpos(s.subject, stands_for_it) > 0)
              AND NOT EXISTS (SELECT FROM record.fact f
                              WHERE strpos(f.fields::text, stands_for_it) > 0);
    END LOOP;
    new := convert_to(stands_for_it, 'UTF8');

    records := 0;
    FOR l IN SELECT * FROM record.ledger r
             WHERE position(old IN r.value) > 0 OR position(old IN r.key) > 0
                OR position(old IN r.headers) > 0 OR strpos(r.detail, erase.name) > 0
    LOOP
        SELECT f.* INTO known FROM record.fact f
        WHERE f.topic = l.topic AND f.partition = l.partition AND f.incarnation = l.incarnation
          AND f."offset" = l."offset" AND (f.batch = l.batch OR l.verdict <> 0);
        -- A refused record is judged anew with what then stands in it; nothing rests on it.
        IF record.times_in(old, l.value) <> (CASE
            WHEN known.batch IS NOT NULL
                THEN record.times_in(convert_to(json_name, 'UTF8'),
                                     convert_to(known.fields::text, 'UTF8'))
            WHEN l.verdict = 0 OR EXISTS (
                SELECT FROM record.verdict v
                WHERE v.ledger_batch = l.batch AND v.topic = l.topic AND v.partition = l.partition
                  AND v.incarnation = l.incarnation AND v."offset" = l."offset" AND v.verdict = 0)
                THEN (SELECT coalesce(sum(record.times_in(old, t)), 0)
                      FROM record.personal_texts(l.value) t)
            ELSE record.times_in(old, l.value) END)
        THEN
            RAISE EXCEPTION 'in partition %, offset % of topic % the name stands where it may '
                            'decide something, or is no text', l.partition, l."offset",
                            (SELECT t.name FROM record.topic t WHERE t.topic = l.topic)
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Of a test result, actor, subject, summary and evidence''s uri can be '
                         'erased.';
        END IF;
        INSERT INTO record.erasure AS e (batch, topic, partition, incarnation, "offset", sha256,
                                         whole, erased_at, reason)
        VALUES (l.batch, l.topic, l.partition, l.incarnation, l."offset",
                sha256(coalesce(l.value, '')), false, now(), erase.reason)
        ON CONFLICT (batch, topic, partition, "offset") DO UPDATE
        SET erased_at = now(), reason = e.reason || '; ' || excluded.reason;
        UPDATE record.ledger r
        SET value = record.overlay_bytes(r.value, old, new),
            key = record.overlay_bytes(r.key, old, new),
            headers = record.overlay_bytes(r.headers, old, new),
            detail = replace(r.detail, erase.name, stands_for_it)
        WHERE r.batch = l.batch AND r.topic = l.topic AND r.partition = l.partition
          AND r."offset" = l."offset";
        records := records + 1;
    END LOOP;

    UPDATE record.verdict v SET detail = replace(v.detail, erase.name, stands_for_it)
    WHERE strpos(v.detail, erase.name) > 0;
    UPDATE record.fact f
    SET value = record.overlay_bytes(f.value, old, new),
        fields = replace(f.fields::text, json_name, stands_for_it)::jsonb
    WHERE position(old IN f.value) > 0;
    UPDATE record.stream s SET subject = replace(s.subject, erase.name, stands_for_it)
    WHERE strpos(s.subject, erase.name) > 0;
    UPDATE record.certification_step c
    SET number = replace(c.number, erase.name, stands_for_it),
        body = replace(c.body, erase.name, stands_for_it),
        soa_version = replace(c.soa_version, erase.name, stands_for_it)
    WHERE strpos(concat_ws(' ', c.number, c.body, c.soa_version), erase.name) > 0;
    SELECT string_agg(a.month, ', ' ORDER BY a.month) INTO months FROM record.archive a;
    IF months IS NOT NULL THEN
        RAISE WARNING 'archived months were not looked into: %', months;
    END IF;
END;
$$;
REVOKE ALL ON FUNCTION record.erase(text, text) FROM PUBLIC;
