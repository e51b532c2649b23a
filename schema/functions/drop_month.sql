-- An operator's: drops a detached month, once its file is kept, and notes the file's SHA-256. The
-- file is then the only copy. For members of assay_owner only.
CREATE OR REPLACE FUNCTION record.drop_month(wanted text, sha256_of_file bytea) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF sha256_of_file IS NULL OR length(sha256_of_file) <> 32 THEN
        RAISE EXCEPTION 'a SHA-256 has 32 bytes'
        USING ERRCODE = 'invalid_parameter_value',
              HINT = 'In SQL: ''\x'' and the 64 digits that sha256sum prints.';
    END IF;
    UPDATE record.archive a SET file_sha256 = sha256_of_file, dropped_at = now()
    WHERE a.month = wanted AND a.dropped_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'month % is not detached, or dropped already', wanted
        USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    EXECUTE format('DROP TABLE record.%I', 'ledger_' || wanted);
END;
$$;
REVOKE ALL ON FUNCTION record.drop_month(text, bytea) FROM PUBLIC;
