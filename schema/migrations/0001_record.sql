-- The record: what is kept, for ever, and what is derived from it.
--
-- Schema "record" is Assay's own; people read schema "assay" (schema/views). The aggregator writes
-- only through COPY and the functions of schema/functions. Why the rows have the size they have is
-- said in docs/decisions/0001-grain-of-the-record.md.
--
-- Reading order is that of the data: where a record came from, that it was taken, its bytes, the
-- facts, their histories, the timelines they give.

CREATE SCHEMA record;
CREATE SCHEMA assay;

-- ---- What assay migrate has done ----------------------------------------------------------------

-- Migrations are applied once and never changed afterwards.
CREATE TABLE record.migration (
    name       text PRIMARY KEY,        -- the file's
    sha256     bytea NOT NULL,          -- of the file
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- Everything else of schema/ (functions, views, privileges) is applied again where it has changed.
CREATE TABLE record.repeatable (
    name       text PRIMARY KEY,        -- "views/scope.sql"
    sha256     bytea NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- ---- Kafka's side -------------------------------------------------------------------------------

CREATE TABLE record.topic (
    topic smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name  text NOT NULL UNIQUE
);

-- How far each partition has been taken. Moves by compare-and-swap on (incarnation, epoch,
-- next_offset) in the transaction of the facts it accounts for; claiming it raises the epoch.
CREATE TABLE record.partition (
    topic            smallint NOT NULL REFERENCES record.topic,
    partition        integer  NOT NULL,
    incarnation      integer  NOT NULL DEFAULT 1,
    epoch            bigint   NOT NULL DEFAULT 0,
    next_offset      bigint   NOT NULL DEFAULT 0,
    last_offset      bigint,          -- of the last record taken in this incarnation
    last_digest      bytea,           -- SHA-256 of it: tells a recreated topic from this one
    cluster          text,            -- Kafka's cluster id at the first claim
    last_event_at    timestamptz,     -- greatest occurred_at accepted
    complete_through timestamptz,
    halted           boolean  NOT NULL DEFAULT false,
    reason           text,
    PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);

-- ---- The commit log: the only order across partitions -------------------------------------------

-- A batch is named before it is placed: the position is given under the one lock that orders all
-- commits, as the last step, when everything else has been written under the batch's name.
-- The name rises with time (microseconds since 1970, then ten bits that tell batches of one
-- microsecond apart), so that the ledger can be partitioned by month.
CREATE SEQUENCE record.batch_tiebreak MINVALUE 0 MAXVALUE 1023 CYCLE;

CREATE TABLE record.commit_head (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    position bigint NOT NULL,
    known_at timestamptz NOT NULL
) WITH (fillfactor = 10);
INSERT INTO record.commit_head (position, known_at) VALUES (0, '-infinity');

CREATE TABLE record.commit_log (
    position   bigint PRIMARY KEY,      -- dense, from 1
    known_at   timestamptz NOT NULL,    -- strictly rising
    batch      bigint NOT NULL UNIQUE,
    governance boolean NOT NULL,        -- reaches every service
    replay     boolean NOT NULL         -- of refusals: its records are in record.verdict
);
CREATE INDEX commit_log_governance ON record.commit_log (position) WHERE governance;
CREATE INDEX commit_log_known_at ON record.commit_log (known_at);

-- What a batch took from each partition.
CREATE TABLE record.commit_take (
    topic       smallint NOT NULL REFERENCES record.topic,
    partition   integer NOT NULL,
    incarnation integer NOT NULL,
    from_offset bigint NOT NULL,        -- first offset taken
    next_offset bigint NOT NULL,        -- first offset not taken
    batch       bigint NOT NULL,
    PRIMARY KEY (topic, partition, incarnation, from_offset)
);
CREATE INDEX commit_take_batch ON record.commit_take (batch);

-- The last governance commit. Who may read or move it, the lock in lock_services says.
CREATE TABLE record.governance_head (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    position bigint NOT NULL
) WITH (fillfactor = 10);
INSERT INTO record.governance_head (position) VALUES (0);

-- ---- The ledger: every record, accepted or refused ----------------------------------------------

CREATE TABLE record.ledger (
    batch           bigint   NOT NULL,
    topic           smallint NOT NULL,
    partition       integer  NOT NULL,
    incarnation     integer  NOT NULL,
    "offset"        bigint   NOT NULL,
    verdict         smallint NOT NULL,  -- proto/record.h, enum verdict; 0 accepted
    kafka_timestamp timestamptz,        -- NULL: the record has none
    id              uuid,               -- of the event, where it could be decoded
    key             bytea,
    headers         bytea,              -- consumers/store/headers.h; NULL: none
    value           bytea,              -- as received; NULL: a tombstone
    detail          text,               -- of a refusal
    PRIMARY KEY (batch, topic, partition, "offset")
) PARTITION BY RANGE (batch);
CREATE TABLE record.ledger_other PARTITION OF record.ledger DEFAULT;
CREATE INDEX ledger_refused ON record.ledger (batch) WHERE verdict <> 0;

-- A later judgement of a refused record, by today's validator (rejects replay).
CREATE TABLE record.verdict (
    batch        bigint   NOT NULL,     -- of the replay
    topic        smallint NOT NULL,
    partition    integer  NOT NULL,
    incarnation  integer  NOT NULL,
    "offset"     bigint   NOT NULL,
    ledger_batch bigint   NOT NULL,     -- where the bytes are
    verdict      smallint NOT NULL,
    detail       text,
    id           uuid,
    PRIMARY KEY (topic, partition, incarnation, "offset", batch)
);
CREATE INDEX verdict_batch ON record.verdict (batch);
CREATE UNIQUE INDEX verdict_accepted
    ON record.verdict (topic, partition, incarnation, "offset") WHERE verdict = 0; -- once for ever

-- ======== From here on everything is derived: assay rebuild makes it again, row for row ==========

-- ---- Facts that are few: everything but test results --------------------------------------------

CREATE TABLE record.fact (
    batch       bigint   NOT NULL,
    topic       smallint NOT NULL,
    partition   integer  NOT NULL,
    incarnation integer  NOT NULL,
    "offset"    bigint   NOT NULL,
    body        text NOT NULL,          -- name in the .proto
    key         text NOT NULL,          -- of the fact, parts joined by '|'
    service     text,                   -- whose own fact it is; NULL: governance's
    id          uuid NOT NULL,
    digest      uuid NOT NULL,          -- first half of the SHA-256 of value
    occurred_at timestamptz NOT NULL,
    sequence    bigint NOT NULL,
    value       bytea NOT NULL,         -- as received
    fields      jsonb NOT NULL,         -- the event, names as in the .proto, defaults written out
    PRIMARY KEY (batch, topic, partition, incarnation, "offset")
);
CREATE INDEX fact_service ON record.fact (service, batch);
CREATE INDEX fact_key ON record.fact (body, key, id);

-- Which version of a fact is in force from `at` on; the last batch to speak of an instant counts.
CREATE TABLE record.fact_step (
    body    text NOT NULL,
    key     text NOT NULL,
    at      timestamptz NOT NULL,
    batch   bigint NOT NULL,
    removed boolean NOT NULL,           -- no step at this instant any more
    id      uuid,                       -- NULL: none in force
    digest  uuid,
    since   timestamptz,                -- scope_change: start of the span of equal membership
    PRIMARY KEY (body, key, at, batch)
);

-- ---- A service: what is locked, and its dictionaries --------------------------------------------

CREATE TABLE record.service (
    service    text PRIMARY KEY,
    version    bigint NOT NULL,         -- raised by every write: validates a cache under the lock
    governance bigint NOT NULL          -- position of the last governance commit evaluated
) WITH (fillfactor = 50);
CREATE INDEX service_governance ON record.service (governance, service COLLATE "C");

CREATE TABLE record.environment (
    service     text NOT NULL,
    environment text NOT NULL,
    PRIMARY KEY (service, environment)
);

CREATE TABLE record.stream (
    service     text NOT NULL,
    stream      integer NOT NULL,       -- dense within the service, in order of first mention
    environment text NOT NULL,
    "check"     text NOT NULL,
    subject     text NOT NULL,
    PRIMARY KEY (service, stream)
);

CREATE TABLE record.tool (
    service text NOT NULL,
    tool    integer NOT NULL,
    name    text NOT NULL,
    version text NOT NULL,
    PRIMARY KEY (service, tool)
);

CREATE TABLE record.cell (
    service     text NOT NULL,
    environment text NOT NULL,
    cell        integer NOT NULL,       -- dense within (service, environment)
    standard    text NOT NULL,
    control     text NOT NULL,
    PRIMARY KEY (service, environment, cell)
);

-- Who sends what: for silent_producer.
CREATE TABLE record.producer (
    service       text NOT NULL,
    source        text NOT NULL,
    last_event_at timestamptz NOT NULL,
    checks        text[] NOT NULL,
    PRIMARY KEY (service, source)
) WITH (fillfactor = 70);

-- ---- Histories and timelines, packed: one row a batch and (service, environment) ----------------

-- The accepted test results, element by element. Arrays of one row have one length.
CREATE TABLE record.history (
    service     text NOT NULL,
    environment text NOT NULL,
    seq         integer NOT NULL,       -- dense within (service, environment), order of commits
    batch       bigint NOT NULL,
    stream      integer[] NOT NULL,
    occurred_at timestamptz[] NOT NULL,
    sequence    bigint[] NOT NULL,
    result      smallint[] NOT NULL,
    id          uuid[] NOT NULL,
    digest      uuid[] NOT NULL,
    expires_at  timestamptz[] NOT NULL, -- infinity: none given
    tool        integer[] NOT NULL,     -- -1: none named
    topic       smallint[] NOT NULL,
    partition   integer[] NOT NULL,
    incarnation integer[] NOT NULL,
    "offset"    bigint[] NOT NULL,
    PRIMARY KEY (service, environment, seq)
);

-- Steps of cells. A row adds, replaces and removes steps: of several rows that speak of one
-- (cell, at) the one with the greatest seq counts. A keyframe row says again all that matters from
-- complete_from on, so a reader of instant T starts at the last keyframe with complete_from <= T:
-- of every cell the step then in force, the transition that began its span of equal status, and all
-- later steps. A row that changes a step at or before the last keyframe's complete_from says also
-- which step and which transition hold at that instant now, or a keyframe from there on follows.
CREATE TABLE record.timeline (
    service        text NOT NULL,
    environment    text NOT NULL,
    seq            integer NOT NULL,
    batch          bigint NOT NULL,     -- whose facts made it known
    keyframe       boolean NOT NULL,
    complete_from  timestamptz,         -- of a keyframe
    horizon        timestamptz NOT NULL, -- how far evidence had come: next keyframe's start
    weight         integer NOT NULL,    -- steps in rows since the last keyframe; of one: its own
    cell           integer[] NOT NULL,
    at             timestamptz[] NOT NULL,
    status         smallint[] NOT NULL, -- posture.h, enum cell_status; -1: the step is removed
    flags          smallint[] NOT NULL, -- 1: transition, 2: a required check has a stale stream
    checks         integer[] NOT NULL,
    missing        integer[] NOT NULL,
    deciding       uuid[] NOT NULL,     -- elements may be NULL, here and below
    cause          uuid[] NOT NULL,
    known          bigint[] NOT NULL,   -- of a transition: batch, see posture.h
    exception      text[],              -- NULL: none in the whole row, here and below
    finding        text[],
    inherited_from text[],
    PRIMARY KEY (service, environment, seq)
);
CREATE INDEX timeline_keyframe ON record.timeline (service, environment, seq) WHERE keyframe;

-- Steps of (service, environment, standard): membership, posture, counts. Keyframes as in timeline.
CREATE TABLE record.standing (
    service           text NOT NULL,
    environment       text NOT NULL,
    seq               integer NOT NULL,
    batch             bigint NOT NULL,
    keyframe          boolean NOT NULL,
    complete_from     timestamptz,
    standard          text[] NOT NULL,
    at                timestamptz[] NOT NULL,
    membership        smallint[] NOT NULL, -- the enum's numbers; 0: no row from here; -1: removed
    posture           smallint[] NOT NULL, -- posture.h, enum posture_value
    passed            integer[] NOT NULL,
    excepted          integer[] NOT NULL,
    failed            integer[] NOT NULL,
    error             integer[] NOT NULL,
    stale             integer[] NOT NULL,
    not_tested        integer[] NOT NULL,
    not_applicable    integer[] NOT NULL,
    applicable        integer[] NOT NULL,
    percent           integer[] NOT NULL,  -- hundredths; -1: nothing applicable
    certificate_state smallint[] NOT NULL,
    certified         boolean[] NOT NULL,
    PRIMARY KEY (service, environment, seq)
);
CREATE INDEX standing_keyframe ON record.standing (service, environment, seq) WHERE keyframe;

-- Steps of records whose event has no effect. Service '' is governance's.
CREATE TABLE record.unmapped (
    service     text NOT NULL,
    environment text NOT NULL,
    seq         integer NOT NULL,
    batch       bigint NOT NULL,
    at          timestamptz[] NOT NULL,
    reason      text[] NOT NULL,        -- element NULL: it has an effect, or was superseded
    removed     boolean[] NOT NULL,
    event       uuid[] NOT NULL,
    topic       smallint[] NOT NULL,
    partition   integer[] NOT NULL,
    incarnation integer[] NOT NULL,
    "offset"    bigint[] NOT NULL,
    "check"     text[] NOT NULL,
    standard    text[] NOT NULL,
    control     text[] NOT NULL,
    PRIMARY KEY (service, environment, seq)
);
