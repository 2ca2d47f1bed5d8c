/**
 * What a copy cannot carry itself, as text: a copied default of a serial column would tie the copy to the living
 * sequence and keep it from being dropped. With `search_path` fixed, all names in the text are qualified.
 */
export const DESCRIBE_SQL = `
CREATE FUNCTION backup.describe_table(p_table oid) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT jsonb_build_object(
    'columns', coalesce((
      SELECT jsonb_agg(jsonb_build_object(
          'name', a.attname,
          'type', format_type(a.atttypid, a.atttypmod),
          'notNull', a.attnotnull,
          'expression', pg_get_expr(d.adbin, d.adrelid),
          'generated', CASE a.attgenerated WHEN 's' THEN 'stored' WHEN 'v' THEN 'virtual' END,
          'identity', CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END,
          'sequence', pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname::text),
          'collation', CASE WHEN a.attcollation <> t.typcollation THEN
            (SELECT format('%I.%I', ln.nspname, l.collname) FROM pg_collation l JOIN pg_namespace ln ON ln.oid = l.collnamespace
              WHERE l.oid = a.attcollation) END,
          'comment', col_description(a.attrelid, a.attnum)
        ) ORDER BY a.attnum)
        FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
       WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '[]'),
    'constraints', coalesce((
      SELECT jsonb_agg(jsonb_build_object('name', k.conname, 'type', k.contype, 'definition', pg_get_constraintdef(k.oid))
                       ORDER BY k.contype = 'f', k.conname)
        FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype IN ('p', 'u', 'c', 'x', 'f')), '[]'),
    'indexes', coalesce((
      SELECT jsonb_agg(jsonb_build_object('name', x.relname, 'definition', pg_get_indexdef(i.indexrelid)) ORDER BY x.relname)
        FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
       WHERE i.indrelid = c.oid AND i.indisvalid
         AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))), '[]'),
    'triggers', coalesce((
      SELECT jsonb_agg(jsonb_build_object('name', g.tgname, 'definition', pg_get_triggerdef(g.oid)) ORDER BY g.tgname)
        FROM pg_trigger g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal), '[]'),
    'partitionKey', pg_get_partkeydef(c.oid),
    'comment', obj_description(c.oid, 'pg_class'),
    'owner', pg_get_userbyid(c.relowner),
    'acl', c.relacl::text[],
    'rowSecurity', c.relrowsecurity
  ) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = p_table
$body$;

-- Does not depend on the order of rows: count and sums of a 128-bit hash of each. record_out is called by name, because
-- a cast from the row type to text may be anybody's function.
CREATE FUNCTION backup.content_hash(p_table oid) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET DateStyle = 'ISO' SET IntervalStyle = 'postgres'
SET extra_float_digits = 3 SET bytea_output = 'hex' SET lc_monetary = 'C' SET row_security = off
AS $body$
DECLARE
  v_name text;
  v_hash text;
BEGIN
  SELECT CASE c.relkind WHEN 'r' THEN 'ONLY ' ELSE '' END || format('%I.%I', n.nspname, c.relname) INTO STRICT v_name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = p_table;
  EXECUTE format($query$
    SELECT 'md5sums:' || count(*) || ':' || coalesce(sum(('x' || left(h, 16))::bit(64)::bigint), 0)
                      || ':' || coalesce(sum(('x' || right(h, 16))::bit(64)::bigint), 0)
      FROM (SELECT md5(textin(record_out(each_row.*))) AS h FROM %s AS each_row) AS hashes
  $query$, v_name) INTO v_hash;
  RETURN v_hash;
END
$body$;
`;
