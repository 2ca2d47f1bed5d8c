import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { errorText, PgstrataError } from "../../lib/base/mod.ts";
import { parseConnectionString } from "../../lib/connection/connection_string.ts";
import type { Target } from "../../lib/connection/target.ts";

const env = { USER: "me" };
function parse(text: string, variables: Record<string, string> = env): Target {
  return parseConnectionString(text, { environment: "test", source: "DATABASE_URL_TEST", env: variables });
}

/** What matters of a target, on one line each. */
function brief(target: Target): string {
  const hosts = target.hosts.map(({ host, port, hostaddr }) => `${host}:${port}${hostaddr ? `=${hostaddr}` : ""}`).join(
    ",",
  );
  return `${target.user}/${
    target.password?.reveal() ?? "-"
  }@${hosts}/${target.database} ${target.sslmode} ${target.kind}`;
}

const sockets = (port: number) => `/var/run/postgresql:${port},/tmp:${port},localhost:${port}`;

const ACCEPTED: readonly [string, string][] = [
  ["postgresql://u:p@h:5433/d", "u/p@h:5433/d prefer direct"],
  ["postgres://u:p@h/d", "u/p@h:5432/d prefer direct"],
  ["postgresql://u@h", "u/-@h:5432/u prefer direct"],
  ["postgresql://h/d", "me/-@h:5432/d prefer direct"],
  ["postgresql://", `me/-@${sockets(5432)}/me prefer local`],
  ["postgresql:///d", `me/-@${sockets(5432)}/d prefer local`],
  ["postgresql://u:@h/d", "u/-@h:5432/d prefer direct"],
  ["postgresql://u:a%3Ab%40c%2Fd%25%20%C3%BC@h/d", "u/a:b@c/d% ü@h:5432/d prefer direct"],
  ["postgresql://u:a#b?c&d=e@h/d", "u/a#b?c&d=e@h:5432/d prefer direct"],
  ["postgresql://u:a:b@h/d", "u/a:b@h:5432/d prefer direct"],
  ["postgresql://u%40x:p@h/d%2Fe", "u@x/p@h:5432/d/e prefer direct"],
  ["postgresql://u@[2001:db8::1]:5433/d", "u/-@2001:db8::1:5433/d prefer direct"],
  ["postgresql://u@[::1]/d", "u/-@::1:5432/d prefer local"],
  ["postgresql://u@a,b:5433,[::1]:5434/d", "u/-@a:5432,b:5433,::1:5434/d prefer direct"],
  ["postgresql://u@%2Fvar%2Frun/d", "u/-@/var/run:5432/d prefer local"],
  ["postgresql://u@%2Fvar%2Frun:5433/d", "u/-@/var/run:5433/d prefer local"],
  ["postgresql:///d?host=/var/run&port=5433&user=u&password=p%26q", "u/p&q@/var/run:5433/d prefer local"],
  ["postgresql://u@h/d?hostaddr=10.0.0.1", "u/-@h:5432=10.0.0.1/d prefer direct"],
  ["postgresql://u@h/d?dbname=e&sslmode=verify-full", "u/-@h:5432/e verify-full direct"],
  ["postgresql://u@h/d?ssl=true", "u/-@h:5432/d require direct"],
  ["postgresql://u@h:6432/d", "u/-@h:6432/d prefer pgbouncer"],
  ["postgresql://u@localhost/d", "u/-@localhost:5432/d prefer local"],
  ["  postgresql://u@h/d\n", "u/-@h:5432/d prefer direct"],
  ["postgresql://h/a@b", "me/-@h:5432/a@b prefer direct"],
  ["host=h", "me/-@h:5432/me prefer direct"],
  ["host = h  port=5433 user='a b' password = 'it\\'s \\\\' dbname=d", "a b/it's \\@h:5433/d prefer direct"],
  ["host=a,b port=1,2 user=u", "u/-@a:1,b:2/u prefer direct"],
  ["host=a,b port=7 user=u", "u/-@a:7,b:7/u prefer direct"],
  ["hostaddr=::1 user=u", "u/-@::1:5432=::1/u prefer local"],
  ["user=a\\ b password=''", `a b/-@${sockets(5432)}/a b prefer local`],
  ["", `me/-@${sockets(5432)}/me prefer local`],
  [
    "postgresql://postgres:p@db.abcdefghijklmnopqrst.supabase.co:5432/postgres",
    "postgres/p@db.abcdefghijklmnopqrst.supabase.co:5432/postgres require supabase_direct",
  ],
  [
    "postgresql://postgres:p@db.abcdefghijklmnopqrst.supabase.co:6543/postgres",
    "postgres/p@db.abcdefghijklmnopqrst.supabase.co:6543/postgres require supabase_dedicated_pooler",
  ],
  [
    "postgresql://postgres.abcd:p@aws-1-eu-west-1.pooler.supabase.com:5432/postgres",
    "postgres.abcd/p@aws-1-eu-west-1.pooler.supabase.com:5432/postgres require supabase_session_pooler",
  ],
  [
    "postgresql://postgres.abcd:p@aws-0-eu-west-1.pooler.supabase.com:6543/postgres?sslmode=verify-full",
    "postgres.abcd/p@aws-0-eu-west-1.pooler.supabase.com:6543/postgres verify-full supabase_transaction_pooler",
  ],
];
for (const [text, expected] of ACCEPTED) {
  Deno.test(`parseConnectionString() reads ${JSON.stringify(text)}`, () => assertEquals(brief(parse(text)), expected));
}

const SECRET = "hunter2";
const REFUSED: readonly [string, RegExp, RegExp][] = [
  [`postgresql://u:${SECRET}@x@h/d`, /unencoded "@"/, /%40/],
  [`postgresql://u:${SECRET}/x@h/d`, /unencoded "\/"|port/, /%2F/],
  [`postgresql://u:12/${SECRET}@h/d`, /unencoded "\/"/, /%2F/],
  [`postgresql://u:${SECRET}%@h/d`, /"%" that is not followed/, /%25/],
  [`postgresql://u:${SECRET}%zz@h/d`, /"%" that is not followed/, /%25/],
  ["postgresql://u:[YOUR-PASSWORD]@h/d", /still the placeholder/, /Reset database password/],
  ["postgresql://u@h:port/d", /port in the URL is not a number/, /./],
  ["postgresql://u@h:70000/d", /"70000" is no port/, /65535/],
  [`postgresql://u:${SECRET}@h/d?sslmod=require`, /"sslmod" is not a connection parameter/, /Did you mean "sslmode"/],
  ["postgresql://u@h/d?pgbouncer=true", /"pgbouncer" is not/, /application's driver/],
  ["postgresql://u@h/d?sslmode=yes", /"yes" is no sslmode/, /verify-full/],
  ["postgresql://u@h/d?sslmode", /exactly one "="/, /./],
  ["postgresql://u@a,b/d?port=1,2,3", /different numbers/, /one for each host/],
  ["postgresql://u@a,b/d?hostaddr=::1", /different numbers/, /one hostaddr/],
  ["postgresql://u@h/d?service=x", /"service" is not supported/, /host, user and database/],
  ["postgresql://u@h/d?connect_timeout=soon", /connect_timeout/, /seconds/],
  [`user=u password='${SECRET}`, /no end/, /\\'/],
  [`user=u ${SECRET}`, /"=" is missing/, /postgresql:\/\//],
  [`postgresql://u:p@${SECRET}/x@h:5432/d`, /unencoded "@"/, /%40/],
  [`postgresql://u:p@${SECRET}?x@h:5432/d`, /unencoded "@"/, /%40/],
  [`postgresql://u:p@${SECRET}#x/y`, /unencoded "#"/, /%23/],
  [`mysql://u:${SECRET}@h/d`, /begins with mysql:\/\/, not with postgresql/, /Connect, Session pooler/],
  [`postgresql+psycopg://u:${SECRET}@h/d`, /begins with postgresql\+psycopg:/, /application's driver/],
  [`"postgresql://u:${SECRET}@h/d`, /quotation mark that is not closed/, /same quotes, on one line/],
  ["https://abcdefghijklmnopqrst.supabase.co", /begins with https/, /not the address of an API/],
];
for (const [text, message, hint] of REFUSED) {
  Deno.test(`parseConnectionString() refuses ${JSON.stringify(text)} with a hint`, () => {
    const error = assertThrows(() => parse(text), PgstrataError);
    assertEquals(error.code, "usage");
    assertMatch(error.message, /^Cannot read DATABASE_URL_TEST: /);
    assertMatch(error.message, message);
    assertMatch(error.hint ?? "", hint);
    assertEquals(errorText(error).includes(SECRET), false);
  });
}

Deno.test("parseConnectionString() fills what is left open from PG* variables, as libpq does", () => {
  const variables = {
    PGUSER: "pu",
    PGPASSWORD: "pp",
    PGDATABASE: "pd",
    PGPORT: "5999",
    PGSSLMODE: "require",
    PGHOST: "ph",
    HOME: "/home/me",
  };
  assertEquals(brief(parse("postgresql://", variables)), "pu/pp@ph:5999/pd require direct");
  assertEquals(brief(parse("postgresql://u:p@h:1/d?sslmode=disable", variables)), "u/p@h:1/d disable direct");
  assertEquals(parse("", variables).passfile, "/home/me/.pgpass");
  assertEquals(parse("", { ...variables, PGPASSFILE: "/x" }).passfile, "/x");
  assertEquals(parse("host=h user=u", { PGHOSTADDR: "10.0.0.1" }).hosts, [{ host: "h", port: 5432 }]);
});

Deno.test("parseConnectionString() keeps every parameter of libpq", () => {
  const target = parse(
    "postgresql://u@h/d?connect_timeout=7&options=-c%20a%3Db&target_session_attrs=primary&channel_binding=require&gssencmode=prefer" +
      "&sslrootcert=/r&sslcert=/c&sslkey=/k&keepalives_idle=5&ssl_min_protocol_version=TLSv1.3&application_name=x&load_balance_hosts=random",
  );
  assertEquals(target.connectTimeout, 7);
  assertEquals(target.options, "-c a=b");
  assertEquals(target.targetSessionAttrs, "primary");
  assertEquals(target.channelBinding, "require");
  assertEquals(target.gssencmode, "prefer");
  assertEquals([target.sslrootcert, target.sslcert, target.sslkey], ["/r", "/c", "/k"]);
  assertEquals(target.parameters, { keepalives_idle: "5", ssl_min_protocol_version: "TLSv1.3" });
  assertEquals(target.randomHosts, true);
});

Deno.test("a target printed by accident shows no password", () => {
  const target = parse(`postgresql://u:${SECRET}@h/d`);
  assertEquals(`${Deno.inspect(target)}${JSON.stringify(target)}`.includes(SECRET), false);
});
