-- Raises where schema assay is not what people rely on: relations, columns, their order.
DO $$
DECLARE
    wanted record;
    found text;
BEGIN
    FOR wanted IN
        SELECT w.name, regexp_replace(w.columns, '\s+', ' ', 'g') AS columns, w.functions
        FROM (VALUES
            ('cell_status', 'service environment standard control status since until due_soon
             stale inherited_from checks checks_missing deciding_event exception finding', true),
            ('service_status', 'service title environment standard membership posture passed
             excepted failed error stale not_tested not_applicable applicable percent
             certificate_state certified', true),
            ('certification', 'programme standard number body state valid_from valid_until
             soa_version surveillance_deadline flags', true),
            ('scope', 'service title category environment standard membership since', true),
            ('location', 'programme location title section group kind address country
             environments in_scope', false),
            ('audit_coverage', 'programme standard control service environment location
             last_audit sampled_at', false),
            ('reject', 'topic partition incarnation offset reason detail key headers value
             received_at replayed_at', false),
            ('event', 'id topic partition incarnation offset position value', false),
            ('commit', 'position known_at', false),
            ('soa', 'programme version dated entries', false),
            ('exception', 'exception programme standard control service environment check subject
             state expires_at approver risk_owner compensating reason risks', false),
            ('finding', 'finding programme standard control service environment location grade
             state due_at audit title root_cause correction corrective_action verified_by
             verified_in', false),
            ('audit', 'audit programme kind state starts_at ends_at reported_at auditor team
             standards objectives processes locations meetings fieldwork_soa_version soa_version
             conclusions reviews sections samples deviations unresolved complaints marks
             recommendation', false),
            ('conclusion', 'audit programme area conclusion comment', false),
            ('management_record', 'record kind programme standards title performed_by next_due_at
             value target unit outcome evidence', false),
            ('inheritance', 'service environment standard control provider_service
             provider_environment kind', false),
            ('check_mapping', 'check title controls applies_to required ttl', false),
            ('change', 'position known_at at service environment standard control from_status
             to_status cause', false),
            ('completeness', 'topic partition incarnation next_offset last_event_at
             complete_through evaluation_lag halted reason', false),
            ('unmapped', 'event topic partition incarnation offset service environment check
             standard control reason', false),
            ('silent_producer', 'source service last_event_at expected_by', false)
        ) AS w (name, columns, functions)
    LOOP
        SELECT string_agg(a.attname, ' ' ORDER BY a.attnum) INTO found
        FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = to_regclass('assay.' || wanted.name) AND a.attnum > 0;
        IF found IS DISTINCT FROM wanted.columns THEN
            RAISE EXCEPTION 'assay.% has columns %, not %', wanted.name, found, wanted.columns;
        END IF;
        -- Planning looks into every function the relation rests on.
        EXECUTE format('SELECT * FROM assay.%I LIMIT 0', wanted.name);
        CONTINUE WHEN NOT wanted.functions;
        FOR found IN
            SELECT (SELECT string_agg(o.name, ' ' ORDER BY o.n)
                    FROM unnest(p.proargnames, p.proargmodes) WITH ORDINALITY AS o (name, mode, n)
                    WHERE o.mode = 't')
            FROM (VALUES ('(timestamptz)'), ('(timestamptz,timestamptz)')) AS f (arguments)
            LEFT JOIN pg_catalog.pg_proc p
                ON p.oid = to_regprocedure('assay.' || wanted.name || '_at' || f.arguments)
        LOOP
            IF found IS DISTINCT FROM wanted.columns THEN
                RAISE EXCEPTION 'assay.%_at has columns %, not %', wanted.name, found,
                                wanted.columns;
            END IF;
        END LOOP;
        EXECUTE format('SELECT * FROM assay.%I(now()) LIMIT 0', wanted.name || '_at');
    END LOOP;
    EXECUTE 'SELECT * FROM assay.soa_diff('''', '''', '''') LIMIT 0';
END;
$$;
