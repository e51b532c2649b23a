-- The programmes there are at an instant, for who asked for another. $1 instant or NULL (of all
-- that is known), $2 known_at or NULL.
SELECT coalesce(string_agg(p.key, ', ' ORDER BY p.key COLLATE "C"), '')
FROM record.facts_in_force(
    'programme', coalesce($1::timestamptz, 'infinity'),
    CASE WHEN $2::text IS NOT NULL THEN record.known_position($2::timestamptz) END) p
