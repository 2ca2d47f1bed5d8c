/** Making copies. Everything that becomes part of a statement is quoted by `format`; what is data stays data. */
export const CREATE_SQL = `
CREATE FUNCTION backup.retention(p_kind text, OUT keep interval, OUT review interval)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT CASE p_kind WHEN 'daily' THEN interval '7 days' WHEN 'weekly' THEN interval '28 days'
                     WHEN 'monthly' THEN interval '12 months' END,
         CASE p_kind WHEN 'pre-migration' THEN interval '6 months' WHEN 'critical' THEN interval '1 year' END
$body$;

-- A name of at most 63 bytes that nobody has and nobody else is about to take: the advisory lock on it lasts as long
-- as the transaction, and no one waits for it.
CREATE FUNCTION backup.free_name(p_table text, p_infix text) RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_suffix text;
  v_base text;
  v_name text;
BEGIN
  FOR v_try IN 1..1000 LOOP
    v_suffix := p_infix || CASE WHEN v_try = 1 THEN '' ELSE '_' || v_try END;
    v_base := p_table;
    WHILE octet_length(v_base) + octet_length(v_suffix) > current_setting('max_identifier_length')::integer LOOP
      v_base := left(v_base, -1);
    END LOOP;
    v_name := v_base || v_suffix;
    CONTINUE WHEN NOT pg_try_advisory_xact_lock(hashtext('pgstrata snapshot'), hashtext(v_name));
    CONTINUE WHEN to_regclass(format('backup.%I', v_name)) IS NOT NULL;
    CONTINUE WHEN EXISTS (SELECT FROM backup.backup_metadata m WHERE m.backup_table = v_name);
    RETURN v_name;
  END LOOP;
  RAISE EXCEPTION 'no free name for a copy of %', quote_ident(p_table) USING ERRCODE = 'duplicate_table';
END
$body$;

-- Indexes are built with the rights of the owner of these functions: only such as run no code of others.
CREATE FUNCTION backup.copy_indexes(p_table oid, p_copy text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_index record;
  v_rest text;
BEGIN
  FOR v_index IN
    SELECT x.relname, pg_get_indexdef(i.indexrelid) AS definition,
           format('CREATE %sINDEX %I ON ', CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END, x.relname) AS stem,
           format('%I.%I USING ', n.nspname, c.relname) AS place,
           CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END AS uniqueness,
           NOT EXISTS (
             SELECT FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
              WHERE a.attrelid = i.indexrelid AND t.oid >= 16384 AND t.typtype <> 'e'
                AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_type'::regclass AND e.objid = t.oid AND e.deptype = 'e'))
           AND (i.indexprs IS NULL AND i.indpred IS NULL OR NOT EXISTS (
             SELECT FROM pg_depend d
              WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                AND d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass, 'pg_type'::regclass)
                AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.refclassid AND e.objid = d.refobjid AND e.deptype = 'e')))
           AS harmless
      FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid
      JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE i.indrelid = p_table AND i.indisvalid AND NOT i.indisexclusion
     ORDER BY i.indisprimary DESC, x.relname
  LOOP
    v_rest := CASE
      WHEN NOT v_index.harmless THEN NULL
      WHEN starts_with(v_index.definition, v_index.stem || v_index.place)
        THEN substr(v_index.definition, length(v_index.stem || v_index.place) + 1)
      WHEN starts_with(v_index.definition, v_index.stem || 'ONLY ' || v_index.place)
        THEN substr(v_index.definition, length(v_index.stem || 'ONLY ' || v_index.place) + 1)
    END;
    IF v_rest IS NULL THEN
      RAISE NOTICE 'index % is not copied: it could run functions of others', quote_ident(v_index.relname);
    ELSE
      EXECUTE format('CREATE %sINDEX ON backup.%I USING ', v_index.uniqueness, p_copy) || v_rest;
    END IF;
  END LOOP;
END
$body$;

CREATE FUNCTION backup.create_snapshot(
  p_schema text, p_table text, p_reason text, p_kind text DEFAULT 'pre-migration', p_ticket text DEFAULT NULL,
  p_requested_by text DEFAULT NULL, p_with_indexes boolean DEFAULT false, p_with_hash boolean DEFAULT false,
  p_max_bytes bigint DEFAULT NULL, p_set_name text DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET row_security = off SET default_tablespace = ''
AS $body$
DECLARE
  v_oid oid;
  v_table record;
  v_copy text;
  v_rows bigint;
  v_bytes numeric;
  v_limit bigint;
  v_id bigint;
  v_column record;
  v_comment text;
BEGIN
  IF p_table IS NULL OR coalesce(btrim(p_reason), '') = '' THEN
    RAISE EXCEPTION 'a copy needs the name of a table and a reason' USING ERRCODE = 'invalid_parameter_value',
      HINT = 'For example: SELECT backup.create_table_backup(''experts'', ''Pre-v2.0 migration backup'')';
  END IF;
  IF p_kind IS NULL OR p_kind NOT IN ('pre-migration', 'daily', 'weekly', 'monthly', 'critical') THEN
    RAISE EXCEPTION 'there is no kind %', quote_nullable(p_kind) USING ERRCODE = 'invalid_parameter_value',
      HINT = 'One of: pre-migration, daily, weekly, monthly, critical.';
  END IF;
  v_oid := backup.resolve_table(p_schema, p_table);
  PERFORM backup.check_copyable(v_oid);
  SELECT n.nspname::text AS schema, c.relname::text AS name, CASE c.relkind WHEN 'r' THEN 'ONLY ' ELSE '' END AS only
    INTO STRICT v_table FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = v_oid;
  -- The stronger lock, which still lets others read and write, keeps indexes and statistics from being added.
  EXECUTE format('LOCK TABLE %s%I.%I IN %s MODE', v_table.only, v_table.schema, v_table.name,
                 CASE WHEN backup.needs_care(v_oid) THEN 'SHARE UPDATE EXCLUSIVE' ELSE 'ACCESS SHARE' END);
  -- What was checked before the lock may have been renamed or changed while waiting for it.
  IF to_regclass(format('%I.%I', v_table.schema, v_table.name)) IS DISTINCT FROM v_oid::regclass THEN
    RAISE EXCEPTION 'table %.% was replaced by another', quote_ident(v_table.schema), quote_ident(v_table.name)
      USING ERRCODE = 'serialization_failure';
  END IF;
  PERFORM backup.check_copyable(v_oid);
  IF backup.needs_care(v_oid) THEN
    PERFORM backup.check_harmless(v_oid);
  END IF;

  SELECT coalesce(sum(pg_table_size(t.relid)), pg_table_size(v_oid)) INTO v_bytes FROM pg_partition_tree(v_oid) t WHERE t.isleaf;
  v_limit := coalesce(p_max_bytes, (SELECT s.max_table_bytes FROM backup.settings s));
  IF v_bytes > v_limit THEN
    RAISE EXCEPTION 'table %.% has %, more than the limit of %', quote_ident(v_table.schema), quote_ident(v_table.name),
      pg_size_pretty(v_bytes), pg_size_pretty(v_limit::numeric)
      USING ERRCODE = 'program_limit_exceeded',
            HINT = 'Raise backup.settings.max_table_bytes, or give pgstrata snapshot create --max-size.';
  END IF;

  v_copy := backup.free_name(v_table.name, '_backup_' || to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY_MM_DD_HH24MISS'));
  EXECUTE format('CREATE TABLE backup.%I AS SELECT * FROM %s%I.%I', v_copy, v_table.only, v_table.schema, v_table.name);
  GET DIAGNOSTICS v_rows = ROW_COUNT;
  IF to_regclass(format('%I.%I', v_table.schema, v_table.name)) IS DISTINCT FROM v_oid::regclass THEN
    RAISE EXCEPTION 'table %.% was replaced by another', quote_ident(v_table.schema), quote_ident(v_table.name)
      USING ERRCODE = 'serialization_failure';
  END IF;
  PERFORM backup.close_copy(to_regclass(format('backup.%I', v_copy)));

  v_comment := obj_description(v_oid, 'pg_class');
  IF v_comment IS NOT NULL THEN
    EXECUTE format('COMMENT ON TABLE backup.%I IS %L', v_copy, v_comment);
  END IF;
  FOR v_column IN
    SELECT a.attname, d.description FROM pg_attribute a
      JOIN pg_description d ON d.objoid = a.attrelid AND d.classoid = 'pg_class'::regclass AND d.objsubid = a.attnum
     WHERE a.attrelid = v_oid AND a.attnum > 0 AND NOT a.attisdropped
  LOOP
    EXECUTE format('COMMENT ON COLUMN backup.%I.%I IS %L', v_copy, v_column.attname, v_column.description);
  END LOOP;
  IF p_with_indexes THEN
    PERFORM backup.copy_indexes(v_oid, v_copy);
  END IF;

  INSERT INTO backup.backup_metadata (original_schema, original_table, backup_table, backup_date, row_count, total_bytes,
      reason, kind, requested_by, ticket, created_by, expires_at, review_at, content_hash, set_name, definition)
  SELECT v_table.schema, v_table.name, v_copy, now(), v_rows,
         pg_total_relation_size(to_regclass(format('backup.%I', v_copy))),
         p_reason, p_kind, p_requested_by, p_ticket, backup.caller(), now() + r.keep, now() + r.review,
         CASE WHEN p_with_hash THEN backup.content_hash(to_regclass(format('backup.%I', v_copy))) END,
         p_set_name, backup.describe_table(v_oid)
    FROM backup.retention(p_kind) r
  RETURNING id INTO v_id;
  RETURN v_id;
END
$body$;

CREATE FUNCTION backup.create_table_backup(schema_name text, table_name text, reason text, kind text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s'
AS $body$
DECLARE
  v_id bigint := backup.create_snapshot(schema_name, table_name, reason, kind);
BEGIN
  RETURN (SELECT m.backup_table FROM backup.backup_metadata m WHERE m.id = v_id);
END
$body$;

CREATE FUNCTION backup.create_table_backup(table_name text, reason text, kind text) RETURNS text
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$ SELECT backup.create_table_backup(NULL, table_name, reason, kind) $body$;

CREATE FUNCTION backup.create_table_backup(table_name text, reason text) RETURNS text
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $body$ SELECT backup.create_table_backup(NULL, table_name, reason, 'pre-migration') $body$;

COMMENT ON FUNCTION backup.create_table_backup(text, text) IS
  'Copies a table into schema backup, records why, returns the name of the copy. A name without a schema is one of public.';
`;
