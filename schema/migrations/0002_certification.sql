-- What the certification body's decisions come to: the timeline of every (programme, standard).

-- State, deadline and flags from `at` on; the latest batch to speak of an instant counts. Only
-- governance commits write here. Derived, as everything after the ledger and the commit log.
CREATE TABLE record.certification_step (
    programme             text NOT NULL,
    standard              text NOT NULL,
    at                    timestamptz NOT NULL,
    batch                 bigint NOT NULL,
    removed               boolean NOT NULL, -- no step at this instant any more; the rest is NULL
    row_exists            boolean,          -- false: nothing to show from `at` on
    decision              uuid,             -- in force; NULL: none, and so down to valid_until
    number                text,
    body                  text,
    state                 smallint,         -- posture.h, enum certificate_state
    valid_from            timestamptz,
    valid_until           timestamptz,
    soa_version           text,
    surveillance_deadline timestamptz,      -- NULL: none
    flags                 smallint,         -- posture.h, enum certificate_flag
    PRIMARY KEY (programme, standard, at, batch)
);

-- What these relations say has changed; assay migrate makes them again.
DROP VIEW IF EXISTS assay.certification;
DROP FUNCTION IF EXISTS assay.certification_at(timestamptz);
DROP FUNCTION IF EXISTS assay.certification_at(timestamptz, timestamptz);
DROP FUNCTION IF EXISTS assay.soa_diff(text, text, text);

-- Timelines written before know less than posture does now.
DO $$
BEGIN
    IF EXISTS (SELECT FROM record.commit_log) THEN
        RAISE WARNING 'certificates, and what else posture has learned since, show for what was '
                      'taken before only after assay rebuild';
    END IF;
END;
$$;
