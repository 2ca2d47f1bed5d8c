/** What is there, for people and for clients that see only `public`. */
export const INVENTORY_SQL = `
CREATE VIEW backup.backup_inventory /*security_invoker*/ AS
SELECT m.id, m.original_schema, m.original_table, m.backup_table, m.backup_date, m.row_count,
       pg_catalog.pg_total_relation_size(c.oid) AS size_bytes,
       pg_catalog.pg_size_pretty(pg_catalog.pg_total_relation_size(c.oid)) AS size,
       m.reason, m.kind, m.requested_by, m.ticket, m.created_by, m.created_at, m.expires_at, m.review_at,
       CASE WHEN c.oid IS NULL AND m.status <> 'dropped' THEN 'missing' ELSE m.status END AS status
  FROM backup.backup_metadata m
  LEFT JOIN pg_catalog.pg_class c
    ON c.relname::pg_catalog.text = m.backup_table AND c.relkind IN ('r', 'p')
   AND c.relnamespace = (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = 'backup');
COMMENT ON VIEW backup.backup_inventory IS 'Copies with their sizes; status missing: somebody dropped the copy by hand';

CREATE VIEW public.backup_inventory_view /*security_invoker*/ AS SELECT * FROM backup.backup_inventory;
COMMENT ON VIEW public.backup_inventory_view IS 'backup.backup_inventory, for clients that see only public';

CREATE FUNCTION public.get_backup_tables()
RETURNS TABLE (id bigint, original_schema text, original_table text, backup_table text, backup_date timestamptz,
               row_count bigint, size_bytes bigint, size text, reason text, kind text, status text,
               created_by text, created_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$
BEGIN
  RETURN QUERY
    SELECT i.id, i.original_schema, i.original_table, i.backup_table, i.backup_date, i.row_count, i.size_bytes, i.size,
           i.reason, i.kind, i.status, i.created_by, i.created_at
      FROM backup.backup_inventory i WHERE i.status IN ('present', 'exported') ORDER BY i.id;
END
$body$;
COMMENT ON FUNCTION public.get_backup_tables() IS 'Copies that are there, for clients that see only public';
`;
