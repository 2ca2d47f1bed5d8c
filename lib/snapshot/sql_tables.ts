/**
 * Tables of the installation. Row security is on and without policies: whoever was granted nothing sees nothing, also
 * where default privileges (Supabase) open every new table to the API's roles.
 */
export const TABLES_SQL = `
CREATE TABLE backup.backup_metadata (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  original_schema text NOT NULL,
  original_table text NOT NULL,
  backup_table text NOT NULL UNIQUE,
  backup_date timestamptz NOT NULL,
  row_count bigint NOT NULL,
  total_bytes bigint NOT NULL,
  reason text NOT NULL CHECK (btrim(reason) <> ''),
  kind text NOT NULL CHECK (kind IN ('pre-migration', 'daily', 'weekly', 'monthly', 'critical')),
  requested_by text,
  ticket text,
  created_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz,
  review_at timestamptz,
  content_hash text,
  status text NOT NULL DEFAULT 'present' CHECK (status IN ('present', 'exported', 'dropped')),
  exported_to text,
  exported_at timestamptz,
  dropped_at timestamptz,
  dropped_by text,
  drop_reason text,
  set_name text,
  definition jsonb NOT NULL
);
COMMENT ON TABLE backup.backup_metadata IS
  'One row for each copy of a table, also after the copy has gone. definition: defaults, identity, constraints and indexes of the original as text.';
CREATE INDEX ON backup.backup_metadata (original_schema, original_table, created_at);

CREATE TABLE backup.settings (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  max_table_bytes bigint NOT NULL DEFAULT 10737418240 CHECK (max_table_bytes > 0)
);
COMMENT ON COLUMN backup.settings.max_table_bytes IS 'Larger tables are not copied unless the command says so';
INSERT INTO backup.settings DEFAULT VALUES;

CREATE TABLE backup.granted_roles (
  role_name text PRIMARY KEY,
  granted_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE backup.granted_roles IS 'Roles that may make copies and read every copy (pgstrata snapshot install --grant)';

ALTER TABLE backup.pgstrata_migrations ENABLE ROW LEVEL SECURITY;
ALTER TABLE backup.backup_metadata ENABLE ROW LEVEL SECURITY;
ALTER TABLE backup.settings ENABLE ROW LEVEL SECURITY;
ALTER TABLE backup.granted_roles ENABLE ROW LEVEL SECURITY;
`;
