#include "consumers/forecast/query.h"

/*
 * Steps are chosen as assay.cell_status and assay.service_status choose them (schema/views): from
 * the last keyframe complete from $1 or earlier on, the latest row counting where several speak of
 * one instant.
 */
#define KEYFRAME(table)                                                                            \
    "(SELECT k.seq FROM record." table " k WHERE k.service = p.service"                            \
    " AND k.environment = p.environment AND k.keyframe AND k.complete_from <= $1::timestamptz"     \
    " ORDER BY k.seq DESC LIMIT 1)"

#define CELLS                                                                                      \
    "cell AS (SELECT p.service, p.environment, x.standard, x.control, x.at,"                       \
    " record.cell_status_name(x.before) AS from_status,"                                           \
    " record.cell_status_name(x.status) AS to_status, x.cause"                                     \
    " FROM record.environment p CROSS JOIN LATERAL ("                                              \
    "  SELECT c.standard, c.control, s.* FROM ("                                                   \
    "   SELECT u.cell, u.at, u.status, u.cause,"                                                   \
    "    lag(u.status) OVER (PARTITION BY u.cell ORDER BY u.at) AS before"                         \
    "   FROM (SELECT DISTINCT ON (e.cell, e.at) e.* FROM record.timeline t"                        \
    "    CROSS JOIN LATERAL unnest(t.cell, t.at, t.status, t.flags, t.cause)"                      \
    "     AS e (cell, at, status, flags, cause)"                                                   \
    "    WHERE t.service = p.service AND t.environment = p.environment"                            \
    "     AND t.seq >= " KEYFRAME("timeline") " AND e.at <= $2::timestamptz"                       \
                                              "    ORDER BY e.cell, e.at, t.seq DESC) u"           \
                                              "   WHERE u.status >= 0 AND u.flags & 1 <> 0) s"     \
                                              "  JOIN record.cell c ON c.service = p.service AND " \
                                              "c.environment = p.environment"                      \
                                              "   AND c.cell = s.cell"                             \
                                              "  WHERE s.at > $1::timestamptz OFFSET 0) x"         \
                                              " WHERE $3::text IS NULL OR p.service = $3)"

#define STANDINGS                                                                                  \
    "step AS (SELECT p.service, p.environment, x.* FROM record.environment p"                      \
    " CROSS JOIN LATERAL (SELECT u.*, lag(u.membership) OVER w AS old_membership,"                 \
    "   lag(u.posture) OVER w AS old_posture, lag(u.certificate) OVER w AS old_certificate,"       \
    "   lag(u.certified) OVER w AS old_certified"                                                  \
    "  FROM (SELECT DISTINCT ON (e.standard, e.at) e.* FROM record.standing t"                     \
    "   CROSS JOIN LATERAL unnest(t.standard, t.at, t.membership, t.posture,"                      \
    "    t.certificate_state, t.certified)"                                                        \
    "    AS e (standard, at, membership, posture, certificate, certified)"                         \
    "   WHERE t.service = p.service AND t.environment = p.environment"                             \
    "    AND t.seq >= " KEYFRAME(                                                                  \
        "standing") " AND e.at <= $2::timestamptz"                                                 \
                    "   ORDER BY e.standard, e.at, t.seq DESC) u"                                  \
                    "  WHERE u.membership >= 0 WINDOW w AS (PARTITION BY u.standard ORDER BY "     \
                    "u.at) OFFSET 0) x"                                                            \
                    " WHERE x.at > $1::timestamptz AND ($3::text IS NULL OR p.service = $3)),"     \
                    "standing AS (SELECT s.service, s.environment, s.standard, s.at, v.place, "    \
                    "v.what,"                                                                      \
                    "  v.before AS \"from\", v.after AS \"to\""                                    \
                    " FROM step s CROSS JOIN LATERAL (VALUES"                                      \
                    "  (1, 'membership', record.membership_name(s.old_membership),"                \
                    "   record.membership_name(s.membership)),"                                    \
                    "  (2, 'posture', CASE WHEN s.old_membership > 0 THEN "                        \
                    "record.posture_name(s.old_posture) END,"                                      \
                    "   CASE WHEN s.membership > 0 THEN record.posture_name(s.posture) END),"      \
                    "  (3, 'certificate',"                                                         \
                    "   CASE WHEN s.old_membership > 0 THEN "                                      \
                    "record.certificate_state_name(s.old_certificate) END,"                        \
                    "   CASE WHEN s.membership > 0 THEN "                                          \
                    "record.certificate_state_name(s.certificate) END),"                           \
                    "  (4, 'certified',"                                                           \
                    "   CASE WHEN s.old_membership > 0 THEN CASE WHEN s.old_certified THEN 'yes' " \
                    "ELSE 'no' END"                                                                \
                    "   END, CASE WHEN s.membership > 0 THEN CASE WHEN s.certified THEN 'yes' "    \
                    "ELSE 'no' END END)"                                                           \
                    "  ) AS v (place, what, before, after) WHERE v.before IS DISTINCT FROM "       \
                    "v.after)"

/* Where the service asked about ($3) stands, or will: environment, standard, programme. */
#define OWN                                                                                        \
    "own AS (SELECT s.environment, s.standard, g.key AS programme"                                 \
    " FROM assay.scope_at($2::timestamptz) s LEFT JOIN"                                            \
    "  record.facts_in_force('programme', $2::timestamptz, NULL) g ON EXISTS ("                    \
    "   SELECT FROM jsonb_array_elements(g.fields -> 'programme' -> 'environments') e"             \
    "   WHERE e ->> 'environment' = s.environment)"                                                \
    " WHERE s.service = $3),"

/* What of the programme's management is no matter of one service. */
#define OF_THE_PROGRAMME "('management_record', 'location', 'audit')"

/*
 * Whether a fact concerns the service asked about: it names the service, or all of them or none and
 * then something of where that stands.
 */
#define CONCERNS                                                                                   \
    "($3::text IS NULL OR coalesce(f.service = $3, false)"                                         \
    "  OR coalesce(f.service, '*') = '*' AND f.body NOT IN " OF_THE_PROGRAMME " AND EXISTS ("      \
    "   SELECT FROM own o WHERE coalesce(f.programme, o.programme, '') ="                          \
    "    coalesce(o.programme, '')"                                                                \
    "    AND coalesce(nullif(f.environment, '*'), o.environment) = o.environment"                  \
    "    AND (f.fields ->> 'standard' IN (o.standard, '*') OR NOT f.fields ? 'standard')"          \
    "    AND (f.body <> 'check_mapping' OR EXISTS ("                                               \
    "      SELECT FROM jsonb_array_elements(f.fields -> 'controls') c"                             \
    "      WHERE c ->> 'standard' = o.standard)"                                                   \
    "     AND (jsonb_array_length(f.fields -> 'applies_to') = 0 OR EXISTS ("                       \
    "      SELECT FROM jsonb_array_elements(f.fields -> 'applies_to') a"                           \
    "      WHERE a ->> 'service' IN ($3, '*')"                                                     \
    "       AND a ->> 'environment' IN (o.environment, '*'))))))"

/* The standard a fact is about: that it names, or the only one of those that its list names. */
#define STANDARD_OF                                                                                \
    "coalesce(f.fields ->> 'standard', (SELECT min(n.name) FROM ("                                 \
    "  SELECT c ->> 'standard' AS name FROM jsonb_array_elements("                                 \
    "   coalesce(f.fields -> 'entries', f.fields -> 'controls')) c UNION ALL"                      \
    "  SELECT s FROM jsonb_array_elements_text(f.fields -> 'standards') s) n"                      \
    "  HAVING min(n.name) = max(n.name)))"

/* Versions of facts with the span they are in force, as far as it touches the time looked at. */
#define FACTS                                                                                      \
    OWN "version AS (SELECT d.*,"                                                                  \
        "  lead(d.at) OVER (PARTITION BY d.body, d.key ORDER BY d.at) AS until"                    \
        " FROM (SELECT DISTINCT ON (v.body, v.key, v.at) v.body, v.key, v.at, v.removed, v.id,"    \
        "   v.digest FROM record.fact_step v JOIN record.commit_log l ON l.batch = v.batch"        \
        "  ORDER BY v.body, v.key, v.at, l.position DESC) d WHERE NOT d.removed),"                 \
        "touching AS (SELECT v.body, v.key, v.at, v.until, v.id, f.fields,"                        \
        "  f.fields ->> 'programme' AS programme, f.fields ->> 'service' AS service,"              \
        "  f.fields ->> 'environment' AS environment, " STANDARD_OF " AS standard,"                \
        "  f.fields ->> 'control' AS control,"                                                     \
        "  coalesce(f.fields ->> 'title', 'version ' || (f.fields ->> 'version'), '') AS title"    \
        " FROM version v CROSS JOIN LATERAL (SELECT r.fields -> v.body AS fields"                  \
        "  FROM record.fact r WHERE r.body = v.body AND r.key = v.key AND r.id = v.id"             \
        "   AND r.digest = v.digest LIMIT 1) f"                                                    \
        " WHERE v.at <= $2::timestamptz AND (v.until IS NULL OR v.until > $1::timestamptz)),"      \
        "fact AS (SELECT f.* FROM touching f WHERE " CONCERNS "),"                                 \
        "effect AS (SELECT f.at, f.body, f.key, f.id AS event, f.programme, f.service, "           \
        "f.environment,"                                                                           \
        "  f.standard, f.control, f.title FROM fact f WHERE f.at > $1::timestamptz)"

/* Certificates' steps with the span they hold, as far as it touches the time looked at. */
#define CERTIFICATES                                                                               \
    "certificate AS (SELECT c.*, lead(c.at) OVER w AS until,"                                      \
    "  lag(record.certificate_state_name(c.state)) OVER w AS old_state,"                           \
    "  lag(c.flags) OVER w AS old_flags"                                                           \
    " FROM (SELECT DISTINCT ON (v.programme, v.standard, v.at) v.*"                                \
    "   FROM record.certification_step v JOIN record.commit_log l ON l.batch = v.batch"            \
    "   ORDER BY v.programme, v.standard, v.at, l.position DESC) c"                                \
    " WHERE NOT c.removed AND ($3::text IS NULL OR EXISTS ("                                       \
    "  SELECT FROM assay.service_status_at($1::timestamptz) s"                                     \
    "  CROSS JOIN LATERAL record.fact_in_force('programme', c.programme, $1::timestamptz, NULL) g" \
    "  CROSS JOIN LATERAL jsonb_array_elements(g.fields -> 'programme' -> 'environments') e"       \
    "  WHERE s.service = $3 AND s.standard = c.standard"                                           \
    "   AND s.environment = e ->> 'environment'))"                                                 \
    " WINDOW w AS (PARTITION BY c.programme, c.standard ORDER BY c.at)),"                          \
    "certification AS (SELECT c.programme, c.standard, c.number, c.at, v.place, v.what,"           \
    "  v.before AS \"from\", v.after AS \"to\""                                                    \
    " FROM certificate c CROSS JOIN LATERAL (VALUES"                                               \
    "  (1, 'state', c.old_state, CASE WHEN c.row_exists THEN"                                      \
    "   record.certificate_state_name(c.state) END),"                                              \
    "  (2, 'flags', nullif(array_to_string(record.certificate_flag_names(c.old_flags), ' '), '')," \
    "   nullif(array_to_string(record.certificate_flag_names(c.flags), ' '), ''))"                 \
    "  ) AS v (place, what, before, after)"                                                        \
    " WHERE c.at > $1::timestamptz AND c.at <= $2::timestamptz"                                    \
    "  AND v.before IS DISTINCT FROM v.after),"                                                    \
    "deadline AS (SELECT DISTINCT c.programme, c.standard, c.number, v.what, v.due"                \
    " FROM certificate c CROSS JOIN LATERAL (VALUES ('expires', c.valid_until),"                   \
    "  ('surveillance due', c.surveillance_deadline)) AS v (what, due)"                            \
    " WHERE record.certificate_state_name(c.state) IN ('CERTIFIED', 'SUSPENDED')"                  \
    "  AND v.due > $1::timestamptz AND v.due <= $2::timestamptz AND v.due >= c.at"                 \
    "  AND (c.until IS NULL OR v.due <= c.until))"

/* What ends or has to be done by an instant that the fact itself names, if it still holds then. */
#define DUE                                                                                        \
    "named AS ("                                                                                   \
    " SELECT f.*, 'expires' AS what, (f.fields ->> 'expires_at')::timestamptz AS due FROM fact f"  \
    "  WHERE f.body = 'exception'"                                                                 \
    "   AND record.without_prefix(f.fields ->> 'state', 'EXCEPTION_STATE_') = 'APPROVED'"          \
    " UNION ALL SELECT f.*, 'overdue', (f.fields ->> 'due_at')::timestamptz FROM fact f"           \
    "  WHERE f.body = 'finding' AND record.without_prefix(f.fields ->> 'state', 'FINDING_STATE_')" \
    "   NOT IN ('VERIFIED', 'CLOSED')"                                                             \
    " UNION ALL SELECT f.*, 'overdue', (f.fields ->> 'next_due_at')::timestamptz FROM fact f"      \
    "  WHERE f.body = 'management_record'"                                                         \
    " UNION ALL SELECT f.*, 'no longer certifiable',"                                              \
    "  (f.fields ->> 'certifiable_until')::timestamptz FROM fact f WHERE f.body = 'standard'),"    \
    "due AS ("                                                                                     \
    " SELECT n.due AS at, n.what, n.body, n.key, n.id AS event, n.programme, n.service,"           \
    "  n.environment, n.standard, n.control, n.title FROM named n"                                 \
    "  WHERE n.due > $1::timestamptz AND n.due <= $2::timestamptz AND n.due >= n.at"               \
    "   AND (n.until IS NULL OR n.due < n.until)"                                                  \
    " UNION ALL SELECT c.due, c.what, 'certificate', c.number, NULL, c.programme, NULL, NULL,"     \
    "  c.standard, NULL, '' FROM deadline c)"

#define ALL "WITH " CELLS "," STANDINGS "," FACTS "," CERTIFICATES "," DUE

/* By place; controls by the numbers in their names, so that A.9 comes before A.10. */
#define BY_PLACE                                                                                   \
    " ORDER BY s.service COLLATE \"C\" NULLS LAST, s.environment COLLATE \"C\" NULLS LAST,"        \
    " s.standard COLLATE \"C\" NULLS LAST, s.at"
#define BY_CONTROL                                                                                 \
    " regexp_replace(regexp_replace(s.control, '(\\d+)', '000000\\1', 'g'),"                       \
    " '\\d*(\\d{7})(?!\\d)', '\\1', 'g') COLLATE \"C\", s.control COLLATE \"C\""
#define BY_TIME " ORDER BY s.at, s.body COLLATE \"C\", s.key COLLATE \"C\""

const char QUERY_TABLE[] =
    ALL ", line AS ("
        " SELECT s.at, s.service, s.environment, s.standard, 5 AS place,"
        "  count(*) || CASE WHEN count(*) = 1 THEN ' control' ELSE ' controls' END AS what,"
        "  s.from_status AS \"from\", s.to_status AS \"to\","
        "  string_agg(s.control, ' ' ORDER BY" BY_CONTROL ") AS detail"
        "  FROM cell s GROUP BY s.at, s.service, s.environment, s.standard,"
        "   s.from_status, s.to_status"
        " UNION ALL SELECT s.at, s.service, s.environment, s.standard, s.place,"
        "  s.what, s.\"from\", s.\"to\", NULL FROM standing s"
        " UNION ALL SELECT e.at, e.service, e.environment, e.standard, 0,"
        "  e.body || ' takes effect', NULL, NULL,"
        "  concat_ws(' ', e.key, nullif(e.title, '')) FROM effect e"
        " UNION ALL SELECT c.at, NULL, NULL, c.standard, 4, 'certificate ' || c.what, c.\"from\","
        "  c.\"to\", concat_ws(' ', c.programme, c.number) FROM certification c"
        " UNION ALL SELECT d.at, d.service, d.environment, d.standard, 6,"
        "  d.body || ' ' || d.what, NULL, NULL,"
        "  concat_ws(' ', d.key, nullif(d.title, '')) FROM due d)"
        " SELECT to_char(s.at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),"
        "  s.service, s.environment, s.standard, s.what, s.\"from\", s.\"to\", s.detail"
        " FROM line s" BY_PLACE ", s.place, s.what COLLATE \"C\", s.detail COLLATE \"C\"";

const char QUERY_JSON[] = ALL
    " SELECT json_build_object('at', $1::timestamptz, 'until', $2::timestamptz,"
    " 'cells', (SELECT coalesce(json_agg(row_to_json(s)" BY_PLACE "," BY_CONTROL
    "), '[]') FROM cell s),"
    " 'standings', (SELECT coalesce(json_agg(json_build_object('at', s.at,"
    "  'service', s.service, 'environment', s.environment, 'standard', s.standard,"
    "  'what', s.what, 'from', s.\"from\", 'to', s.\"to\")" BY_PLACE
    ", s.place), '[]') FROM standing s),"
    " 'certificates', (SELECT coalesce(json_agg(json_build_object('at', s.at,"
    "  'programme', s.programme, 'standard', s.standard, 'number', s.number, 'what', s.what,"
    "  'from', s.\"from\", 'to', s.\"to\") ORDER BY s.programme COLLATE \"C\","
    "  s.standard COLLATE \"C\", s.at, s.place), '[]') FROM certification s),"
    " 'takes_effect', (SELECT coalesce(json_agg(row_to_json(s)" BY_TIME "), '[]') FROM effect s),"
    " 'due', (SELECT coalesce(json_agg(row_to_json(s)" BY_TIME ", s.what), '[]') FROM due s))";
