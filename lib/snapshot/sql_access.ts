/**
 * Who asks, and what they may.
 *
 * The functions that copy run with their owner's rights, so they check the rights of the caller themselves. The caller
 * is the role set by SET ROLE (as PostgREST does), else the session's user: inside a SECURITY DEFINER function
 * `current_user` is the owner.
 */
export const ACCESS_SQL = `
CREATE FUNCTION backup.caller() RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT CASE WHEN current_setting('role') = 'none' THEN session_user::text ELSE current_setting('role') END
$body$;

CREATE FUNCTION backup.resolve_table(p_schema text, p_table text) RETURNS oid
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_oid oid;
  v_parts text[];
BEGIN
  -- Compared as text: a name longer than an identifier must not be cut to another table's.
  SELECT c.oid INTO v_oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname::text = coalesce(p_schema, 'public') AND c.relname::text = p_table;
  IF v_oid IS NULL AND p_schema IS NULL THEN
    BEGIN
      v_parts := parse_ident(p_table);
    EXCEPTION WHEN invalid_parameter_value THEN
      v_parts := NULL;
    END;
    IF cardinality(v_parts) <= 2 THEN
      SELECT c.oid INTO v_oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname::text = CASE cardinality(v_parts) WHEN 2 THEN v_parts[1] ELSE 'public' END
         AND c.relname::text = v_parts[cardinality(v_parts)];
    END IF;
  END IF;
  IF v_oid IS NULL THEN
    RAISE EXCEPTION 'table % does not exist', coalesce(quote_ident(p_schema) || '.', '') || quote_ident(p_table)
      USING ERRCODE = 'undefined_table', HINT = 'A name without a schema is looked for in public.';
  END IF;
  RETURN v_oid;
END
$body$;

CREATE FUNCTION backup.check_copyable(p_table oid) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_caller text := backup.caller();
  v_role record;
  v_table record;
BEGIN
  SELECT r.oid, r.rolsuper OR r.rolbypassrls AS passes INTO STRICT v_role FROM pg_roles r WHERE r.rolname::text = v_caller;
  SELECT c.relkind, c.relpersistence, c.relowner, c.relrowsecurity, c.relforcerowsecurity, c.relnamespace, n.nspname,
         format('%I.%I', n.nspname, c.relname) AS name
    INTO STRICT v_table
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = p_table;
  IF NOT has_schema_privilege(v_role.oid, v_table.relnamespace, 'USAGE') THEN
    RAISE EXCEPTION 'permission denied for schema %: role % has no USAGE', quote_ident(v_table.nspname), quote_ident(v_caller)
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF NOT has_table_privilege(v_role.oid, p_table, 'SELECT') THEN
    RAISE EXCEPTION 'permission denied for table %: role % has no SELECT', v_table.name, quote_ident(v_caller)
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  -- Views run functions, foreign tables other servers' logins, with the rights of the owner of these functions.
  IF v_table.relkind NOT IN ('r', 'p') THEN
    RAISE EXCEPTION '% is not a table', v_table.name USING ERRCODE = 'wrong_object_type';
  END IF;
  IF v_table.relpersistence = 't' OR v_table.nspname IN ('backup', 'pg_catalog', 'information_schema')
     OR v_table.nspname ~ '^pg_(toast|temp)' THEN
    RAISE EXCEPTION '% is not a table of which copies are made', v_table.name USING ERRCODE = 'wrong_object_type';
  END IF;
  IF v_table.relkind = 'p' AND EXISTS (
    SELECT FROM pg_partition_tree(p_table) t JOIN pg_class c ON c.oid = t.relid WHERE c.relkind = 'f'
  ) THEN
    RAISE EXCEPTION '% has partitions on other servers', v_table.name USING ERRCODE = 'wrong_object_type';
  END IF;
  IF v_table.relrowsecurity AND NOT v_role.passes
     AND (v_table.relforcerowsecurity OR NOT pg_has_role(v_role.oid, v_table.relowner, 'USAGE')) THEN
    RAISE EXCEPTION 'row security of table % is active for role %', v_table.name, quote_ident(v_caller)
      USING ERRCODE = 'insufficient_privilege',
            HINT = 'A copy would hold rows that this role may not see. Let the owner of the table make it.';
  END IF;
END
$body$;

-- Reading a table makes the planner fold constant calls in its index expressions, statistics, checks and partition keys
-- (RelationGetIndexExpressions; generated columns are not: before 15 theirs are the entries with objsubid): functions of the table's owner would run with the rights of the owner of these
-- functions. Asked only for a caller who has fewer rights, about tables of neither superusers nor ours.
CREATE FUNCTION backup.is_trusted(p_role oid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT EXISTS (SELECT FROM pg_roles r WHERE r.oid = p_role AND r.rolsuper)
      OR p_role = (SELECT n.nspowner FROM pg_namespace n WHERE n.nspname = 'backup')
$body$;

CREATE FUNCTION backup.needs_care(p_table oid) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $body$
  SELECT NOT backup.is_trusted((SELECT r.oid FROM pg_roles r WHERE r.rolname::text = backup.caller()))
     AND EXISTS (SELECT FROM pg_class c
                  WHERE (c.oid = p_table OR c.oid IN (SELECT t.relid FROM pg_partition_tree(p_table) t))
                    AND NOT backup.is_trusted(c.relowner))
$body$;

CREATE FUNCTION backup.check_harmless(p_table oid) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_found text;
BEGIN
  WITH tables AS (
    SELECT p_table AS oid UNION SELECT t.relid::oid FROM pg_partition_tree(p_table) t
  ), planned AS (
    SELECT 'pg_class'::regclass::oid AS classid, t.oid AS objid FROM tables t
    UNION ALL SELECT 'pg_class'::regclass::oid, i.indexrelid FROM pg_index i JOIN tables t ON t.oid = i.indrelid
    UNION ALL SELECT 'pg_statistic_ext'::regclass::oid, s.oid FROM pg_statistic_ext s JOIN tables t ON t.oid = s.stxrelid
    UNION ALL SELECT 'pg_constraint'::regclass::oid, k.oid FROM pg_constraint k JOIN tables t ON t.oid = k.conrelid
  )
  SELECT pg_describe_object(d.refclassid, d.refobjid, 0) INTO v_found
    FROM planned p JOIN pg_depend d ON d.classid = p.classid AND d.objid = p.objid AND d.objsubid = 0
    LEFT JOIN pg_operator o ON d.refclassid = 'pg_operator'::regclass AND o.oid = d.refobjid
    JOIN pg_proc f ON f.oid = CASE d.refclassid WHEN 'pg_proc'::regclass::oid THEN d.refobjid ELSE o.oprcode::oid END
   WHERE NOT backup.is_trusted(f.proowner)
     AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.refclassid AND e.objid = d.refobjid AND e.deptype = 'e')
   LIMIT 1;
  IF v_found IS NOT NULL THEN
    RAISE EXCEPTION 'an index, statistics or constraint of the table uses % of its owner', v_found
      USING ERRCODE = 'insufficient_privilege',
            HINT = 'It would run with the rights of the owner of schema backup: let that owner or a superuser make the copy.';
  END IF;
END
$body$;

CREATE FUNCTION backup.revoke_all(p_kind text, p_object text, p_acl aclitem[], p_owner oid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_grantee text;
BEGIN
  FOR v_grantee IN
    SELECT DISTINCT CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END
      FROM aclexplode(p_acl) a WHERE a.grantee <> p_owner
  LOOP
    EXECUTE format('REVOKE ALL ON %s %s FROM %s', p_kind, p_object, v_grantee);
  END LOOP;
END
$body$;

CREATE FUNCTION backup.open_to_granted(p_copy oid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_name text;
  v_roles text;
BEGIN
  SELECT string_agg(quote_ident(g.role_name), ', ') INTO v_roles
    FROM backup.granted_roles g JOIN pg_roles r ON r.rolname::text = g.role_name;
  SELECT format('%I.%I', n.nspname, c.relname) INTO STRICT v_name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = p_copy;
  IF EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = p_copy AND p.polname = 'pgstrata_granted') THEN
    EXECUTE format('DROP POLICY pgstrata_granted ON %s', v_name);
  END IF;
  IF v_roles IS NOT NULL THEN
    EXECUTE format('GRANT SELECT ON TABLE %s TO %s', v_name, v_roles);
    EXECUTE format('CREATE POLICY pgstrata_granted ON %s FOR SELECT TO %s USING (true)', v_name, v_roles);
  END IF;
END
$body$;

CREATE FUNCTION backup.close_copy(p_copy oid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $body$
DECLARE
  v_table record;
BEGIN
  SELECT format('%I.%I', n.nspname, c.relname) AS name, c.relacl, c.relowner INTO STRICT v_table
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = p_copy;
  PERFORM backup.revoke_all('TABLE', v_table.name, v_table.relacl, v_table.relowner);
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', v_table.name);
  PERFORM backup.open_to_granted(p_copy);
END
$body$;
`;
