/** Letting copies go: what is due, what depends on a copy, dropping with a record. */
export const PRUNE_SQL = `
CREATE FUNCTION backup.dependents(p_copy oid) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $body$
  WITH mine AS (
    SELECT 'pg_class'::regclass AS classid, p_copy AS objid
    UNION ALL SELECT 'pg_type'::regclass, c.reltype FROM pg_class c WHERE c.oid = p_copy
    UNION ALL SELECT 'pg_type'::regclass, t.typarray FROM pg_class c JOIN pg_type t ON t.oid = c.reltype WHERE c.oid = p_copy
  ), others AS (
    SELECT CASE d.classid WHEN 'pg_rewrite'::regclass THEN 'pg_class'::regclass ELSE d.classid END AS classid,
           CASE d.classid WHEN 'pg_rewrite'::regclass THEN (SELECT r.ev_class FROM pg_rewrite r WHERE r.oid = d.objid) ELSE d.objid END AS objid,
           CASE d.classid WHEN 'pg_class'::regclass THEN d.objsubid ELSE 0 END AS objsubid
      FROM pg_depend d JOIN mine ON mine.classid = d.refclassid AND mine.objid = d.refobjid
     WHERE d.deptype = 'n'
       AND NOT (d.classid = 'pg_attrdef'::regclass AND d.objid IN (SELECT f.oid FROM pg_attrdef f WHERE f.adrelid = p_copy))
       AND NOT (d.classid = 'pg_constraint'::regclass AND d.objid IN (SELECT k.oid FROM pg_constraint k WHERE k.conrelid = p_copy))
       AND NOT (d.classid = 'pg_policy'::regclass AND d.objid IN (SELECT p.oid FROM pg_policy p WHERE p.polrelid = p_copy))
       AND NOT (d.classid = 'pg_trigger'::regclass AND d.objid IN (SELECT g.oid FROM pg_trigger g WHERE g.tgrelid = p_copy))
       AND NOT (d.classid = 'pg_class'::regclass AND d.objid IN (SELECT i.indexrelid FROM pg_index i WHERE i.indrelid = p_copy))
    UNION SELECT 'pg_class'::regclass, h.inhrelid, 0 FROM pg_inherits h WHERE h.inhparent = p_copy
    UNION SELECT 'pg_publication'::regclass, p.prpubid, 0 FROM pg_publication_rel p WHERE p.prrelid = p_copy
  )
  SELECT coalesce(array_agg(DISTINCT pg_describe_object(o.classid, o.objid, o.objsubid)
                            ORDER BY pg_describe_object(o.classid, o.objid, o.objsubid)), '{}')
    FROM others o WHERE NOT (o.classid = 'pg_class'::regclass AND o.objid = p_copy)
$body$;

CREATE FUNCTION backup.prune_plan(p_now timestamptz DEFAULT now())
RETURNS TABLE (id bigint, original_schema text, original_table text, backup_table text, kind text, action text,
               due timestamptz, size_bytes bigint, dependents text[])
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT i.id, i.original_schema, i.original_table, i.backup_table, i.kind,
         CASE WHEN i.status = 'missing' THEN 'record'
              WHEN i.expires_at <= p_now AND cardinality(d.names) > 0 THEN 'blocked'
              WHEN i.expires_at <= p_now AND i.kind = 'monthly' AND m.exported_to IS NULL THEN 'export'
              WHEN i.expires_at <= p_now THEN 'drop'
              ELSE 'review' END,
         CASE WHEN i.status = 'missing' THEN NULL ELSE coalesce(CASE WHEN i.expires_at <= p_now THEN i.expires_at END, i.review_at) END,
         i.size_bytes, d.names
    FROM backup.backup_inventory i JOIN backup.backup_metadata m ON m.id = i.id
    CROSS JOIN LATERAL (SELECT CASE WHEN i.status IN ('present', 'exported')
      THEN backup.dependents(to_regclass(format('backup.%I', i.backup_table))) ELSE '{}'::text[] END AS names) d
   WHERE i.status = 'missing'
      OR (i.status IN ('present', 'exported') AND (i.expires_at <= p_now OR i.review_at <= p_now))
   ORDER BY i.id
$body$;

-- DROP without CASCADE: PostgreSQL itself refuses what the list may have missed. The rows are counted first: a copy that
-- was changed is not what its record says.
CREATE FUNCTION backup.drop_table_backup(p_id bigint, p_reason text, p_changed_too boolean DEFAULT false) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET row_security = off
AS $body$
DECLARE
  v_row backup.backup_metadata;
  v_names text[];
  v_rows bigint;
BEGIN
  SELECT * INTO v_row FROM backup.backup_metadata m WHERE m.id = p_id FOR UPDATE;
  IF NOT FOUND OR v_row.status = 'dropped' THEN
    RAISE EXCEPTION 'there is no copy with id %', p_id USING ERRCODE = 'undefined_object';
  END IF;
  IF to_regclass(format('backup.%I', v_row.backup_table)) IS NOT NULL THEN
    v_names := backup.dependents(to_regclass(format('backup.%I', v_row.backup_table)));
    IF cardinality(v_names) > 0 THEN
      RAISE EXCEPTION 'other objects depend on backup.%: %', quote_ident(v_row.backup_table), array_to_string(v_names, ', ')
        USING ERRCODE = 'dependent_objects_still_exist';
    END IF;
    EXECUTE format('SELECT count(*) FROM backup.%I', v_row.backup_table) INTO v_rows;
    IF v_rows <> v_row.row_count AND NOT p_changed_too THEN
      RAISE EXCEPTION 'backup.% has % rows, its record says %', quote_ident(v_row.backup_table), v_rows, v_row.row_count
        USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Somebody changed the copy: look at it first.';
    END IF;
    EXECUTE format('DROP TABLE backup.%I', v_row.backup_table);
  END IF;
  UPDATE backup.backup_metadata m
     SET status = 'dropped', dropped_at = clock_timestamp(), dropped_by = backup.caller(), drop_reason = p_reason
   WHERE m.id = p_id;
  RETURN v_row.backup_table;
END
$body$;

CREATE FUNCTION backup.prune_expired() RETURNS SETOF text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_row record;
BEGIN
  FOR v_row IN SELECT p.id, p.kind, p.backup_table FROM backup.prune_plan() p WHERE p.action IN ('drop', 'record') LOOP
    BEGIN
      RETURN NEXT backup.drop_table_backup(v_row.id, 'retention of kind ' || v_row.kind);
    EXCEPTION WHEN OTHERS THEN
      RAISE WARNING 'backup.% stays: %', quote_ident(v_row.backup_table), SQLERRM;
    END;
  END LOOP;
END
$body$;
COMMENT ON FUNCTION backup.prune_expired() IS 'Drops copies whose time is over; what is to be reviewed or exported stays';
`;
