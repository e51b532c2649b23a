-- The payloads of a protobuf message's length-delimited fields of one number, in their order.
-- Raises where the bytes are no message.
CREATE OR REPLACE FUNCTION record.wire_payloads(message bytea, field integer)
RETURNS SETOF bytea
LANGUAGE plpgsql IMMUTABLE STRICT
AS $$
DECLARE
    total integer := length(message);
    at integer := 0;
    tag bigint; -- NULL: the next number read is one
    size bigint;
    number bigint;
    shift integer;
    byte integer;
BEGIN
    WHILE at < total LOOP
        number := 0;
        shift := 0;
        LOOP
            IF at = total OR shift > 63 THEN
                RAISE EXCEPTION 'no protobuf message: a number ends at byte %', at
                USING ERRCODE = 'data_corrupted';
            END IF;
            byte := get_byte(message, at);
            at := at + 1;
            number := number | ((byte & 127)::bigint << shift);
            shift := shift + 7;
            EXIT WHEN byte < 128;
        END LOOP;
        IF tag IS NULL THEN
            tag := number;
            size := CASE tag & 7 WHEN 1 THEN 8 WHEN 5 THEN 4 END; -- NULL: a number comes first
            CONTINUE WHEN size IS NULL AND at < total;
        ELSE
            size := CASE tag & 7 WHEN 0 THEN 0 WHEN 2 THEN number END;
        END IF;
        IF size IS NULL OR size < 0 OR at + size > total THEN
            RAISE EXCEPTION 'no protobuf message: a field ends at byte %', at
            USING ERRCODE = 'data_corrupted';
        END IF;
        IF tag & 7 = 2 AND tag >> 3 = field THEN
            RETURN NEXT substring(message FROM at + 1 FOR size::integer);
        END IF;
        at := at + size::integer;
        tag := NULL;
    END LOOP;
END;
$$;
REVOKE ALL ON FUNCTION record.wire_payloads(bytea, integer) FROM PUBLIC;
