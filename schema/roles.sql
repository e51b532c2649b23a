-- Who may do what, as the flow of data has it. These roles belong to the cluster, so they are made
-- where they are missing and otherwise left as an administrator set them: passwords, certificates
-- and pg_hba.conf are not Assay's.
--
--   assay_owner       owns both schemas and everything in them; nobody logs in as it
--   assay_aggregator  writes: COPY into the tables it fills, and the functions of schema record
--   assay_reader      reads the record, but not the bytes that were received
--   assay_auditor     reads everything
--
-- PUBLIC has nothing in schemas record and assay. CONNECT and TEMPORARY on the database itself are
-- left as they are: the database may serve others too, and what runs with the owner's rights pins
-- its search_path with pg_temp last.
--
-- Runs as whoever runs assay migrate. A superuser can; so can a role with CREATEROLE that owns the
-- database; and once the roles exist, any member of assay_owner.

DO $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT w.name, w.login
        FROM (VALUES ('assay_owner', 'NOLOGIN'), ('assay_aggregator', 'LOGIN'),
                     ('assay_reader', 'LOGIN'), ('assay_auditor', 'LOGIN')) AS w (name, login)
        WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = w.name)
    LOOP
        BEGIN
            EXECUTE pg_catalog.format('CREATE ROLE %I %s NOSUPERUSER NOCREATEDB NOCREATEROLE '
                                      'NOREPLICATION NOBYPASSRLS', wanted.name, wanted.login);
        EXCEPTION
            -- Another database of this cluster was being migrated at the same moment.
            WHEN duplicate_object OR unique_violation THEN NULL;
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION 'role % does not exist and % may not create it', wanted.name,
                                current_user
                USING ERRCODE = 'insufficient_privilege',
                      HINT = 'Run assay migrate once as a superuser, or have one create the roles '
                             'assay_owner (NOLOGIN), assay_aggregator, assay_reader and '
                             'assay_auditor (LOGIN) and grant assay_owner to you.';
        END;
    END LOOP;

    IF NOT pg_catalog.pg_has_role(current_user, 'assay_owner', 'MEMBER') THEN
        BEGIN
            EXECUTE pg_catalog.format('GRANT assay_owner TO %I', current_user);
        EXCEPTION WHEN insufficient_privilege THEN
            RAISE EXCEPTION '% is no member of assay_owner', current_user
            USING ERRCODE = 'insufficient_privilege',
                  HINT = pg_catalog.format('Have a superuser run: GRANT assay_owner TO %I;',
                                           current_user);
        END;
    END IF;

    IF NOT pg_catalog.has_database_privilege('assay_owner', pg_catalog.current_database(),
                                             'CREATE') THEN
        BEGIN
            EXECUTE pg_catalog.format('GRANT CREATE ON DATABASE %I TO assay_owner',
                                      pg_catalog.current_database());
        EXCEPTION WHEN insufficient_privilege THEN NULL;
        END;
        -- Without the right to grant, GRANT only warns.
        IF NOT pg_catalog.has_database_privilege('assay_owner', pg_catalog.current_database(),
                                                 'CREATE') THEN
            RAISE EXCEPTION 'assay_owner may not create schemas in database %',
                            pg_catalog.current_database()
            USING ERRCODE = 'insufficient_privilege',
                  HINT = pg_catalog.format('Have its owner run: GRANT CREATE ON DATABASE %I TO '
                                           'assay_owner;', pg_catalog.current_database());
        END IF;
    END IF;
END;
$$;
