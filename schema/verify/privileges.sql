-- Raises where somebody may do more than the flow of data has it (roles.sql, privileges.sql).
DO $$
DECLARE
    found text;
BEGIN
    SELECT string_agg(format('%s %s', o.kind, o.name), ', ') INTO found
    FROM (SELECT 'relation' AS kind, c.oid::regclass::text AS name, c.relowner AS owner
          FROM pg_catalog.pg_class c
          WHERE c.relnamespace IN ('record'::regnamespace, 'assay'::regnamespace)
          UNION ALL
          SELECT 'function', p.oid::regprocedure::text, p.proowner FROM pg_catalog.pg_proc p
          WHERE p.pronamespace IN ('record'::regnamespace, 'assay'::regnamespace)
          UNION ALL
          SELECT 'schema', n.nspname, n.nspowner FROM pg_catalog.pg_namespace n
          WHERE n.nspname IN ('record', 'assay')) o
    WHERE o.owner <> 'assay_owner'::regrole;
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'not owned by assay_owner: %', found;
    END IF;

    -- Grantee 0 is PUBLIC; a NULL acl is the built-in one, by which PUBLIC may execute functions.
    SELECT string_agg(format('%s on %s', a.privilege_type, o.name), ', ') INTO found
    FROM (SELECT c.oid::regclass::text AS name,
                 coalesce(c.relacl, acldefault('r', c.relowner)) AS acl
          FROM pg_catalog.pg_class c
          WHERE c.relnamespace IN ('record'::regnamespace, 'assay'::regnamespace)
            AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
          UNION ALL
          SELECT p.oid::regprocedure::text, coalesce(p.proacl, acldefault('f', p.proowner))
          FROM pg_catalog.pg_proc p
          WHERE p.pronamespace IN ('record'::regnamespace, 'assay'::regnamespace)
          UNION ALL
          SELECT n.nspname, coalesce(n.nspacl, acldefault('n', n.nspowner))
          FROM pg_catalog.pg_namespace n WHERE n.nspname IN ('record', 'assay')) o
    CROSS JOIN LATERAL aclexplode(o.acl) a
    WHERE a.grantee = 0;
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'PUBLIC has: %', found;
    END IF;

    SELECT string_agg(format('%s: %s on %s', r.name, p.name, c.oid::regclass), ', ') INTO found
    FROM pg_catalog.pg_class c
    CROSS JOIN (VALUES ('assay_aggregator'), ('assay_reader'), ('assay_auditor')) AS r (name)
    CROSS JOIN (VALUES ('UPDATE'), ('DELETE'), ('TRUNCATE')) AS p (name)
    WHERE c.relnamespace IN ('record'::regnamespace, 'assay'::regnamespace)
      AND c.relkind IN ('r', 'p', 'v', 'm')
      AND (has_table_privilege(r.name, c.oid, p.name)
           OR p.name = 'UPDATE' AND has_any_column_privilege(r.name, c.oid, p.name));
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'a role that logs in may change rows: %', found;
    END IF;

    SELECT string_agg(format('%s: %s on %s', r.name, p.name, c.oid::regclass), ', ') INTO found
    FROM pg_catalog.pg_class c
    CROSS JOIN (VALUES ('assay_reader', 'INSERT'), ('assay_auditor', 'INSERT')) AS p (role, name)
    CROSS JOIN LATERAL (SELECT p.role AS name) r
    WHERE c.relnamespace IN ('record'::regnamespace, 'assay'::regnamespace)
      AND c.relkind IN ('r', 'p', 'v', 'm')
      AND has_any_column_privilege(r.name, c.oid, p.name);
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'a role that reads may write: %', found;
    END IF;

    SELECT string_agg(c.oid::regclass::text, ', ') INTO found
    FROM pg_catalog.pg_class c
    WHERE c.relnamespace = 'record'::regnamespace AND c.relkind IN ('r', 'p')
      AND (c.relname LIKE 'ledger%' OR c.relname = 'verdict')
      AND has_any_column_privilege('assay_reader', c.oid, 'SELECT');
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'assay_reader may read received bytes: %', found;
    END IF;

    -- Without a pinned path a caller's own objects would run with the owner's rights.
    SELECT string_agg(p.oid::regprocedure::text, ', ') INTO found
    FROM pg_catalog.pg_proc p
    WHERE p.pronamespace IN ('record'::regnamespace, 'assay'::regnamespace) AND p.prosecdef
      AND NOT coalesce(p.proconfig, '{}') @> ARRAY['search_path=pg_catalog, pg_temp'];
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'runs with the owner''s rights and an unpinned search_path: %', found;
    END IF;
END;
$$;
