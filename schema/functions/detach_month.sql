-- An operator's: takes a month that is over out of the ledger, so that its table can be dumped to a
-- file and dropped (drop_month). Until attach_month nothing reads it, and a rebuild is refused.
-- Returns how many records it holds. For members of assay_owner only.
CREATE OR REPLACE FUNCTION record.detach_month(wanted text) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    month timestamp; -- in UTC
    bounds bigint[];
    counted bigint;
BEGIN
    IF wanted !~ '^[0-9]{4}_(0[1-9]|1[0-2])$' THEN
        RAISE EXCEPTION '"%" is no month of the ledger: write it as 2026_11', wanted
        USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- No batch is on its way, and no rebuild.
    PERFORM pg_advisory_xact_lock(hashtextextended('assay writers', 0));
    PERFORM pg_advisory_xact_lock(hashtextextended('assay ledger partitions', 0));
    month := to_date(wanted, 'YYYY_MM');
    IF month + interval '1 month' > clock_timestamp() AT TIME ZONE 'UTC' THEN
        RAISE EXCEPTION 'month % is not over (UTC)', wanted
        USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = 'record.ledger'::regclass
                   AND i.inhrelid = to_regclass('record.ledger_' || wanted)) THEN
        RAISE EXCEPTION 'the ledger has no table for month %', wanted
        USING ERRCODE = 'undefined_table';
    END IF;
    SELECT array_agg((extract(epoch FROM b) * 1000000)::bigint << 10 ORDER BY b)
    INTO STRICT bounds FROM unnest(ARRAY[month, month + interval '1 month']) b;
    EXECUTE format('ALTER TABLE record.ledger DETACH PARTITION record.%I', 'ledger_' || wanted);
    EXECUTE format('SELECT count(*) FROM record.%I', 'ledger_' || wanted) INTO counted;
    INSERT INTO record.archive (month, from_batch, past_batch, records)
    VALUES (wanted, bounds[1], bounds[2], counted);
    RETURN counted;
END;
$$;
REVOKE ALL ON FUNCTION record.detach_month(text) FROM PUBLIC;
