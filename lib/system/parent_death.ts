let wrapper: readonly string[] | undefined;

/**
 * Words to put before a command line so that the program gets SIGTERM when we die, even by SIGKILL:
 * util-linux's `setpriv --pdeathsig` where it exists, nothing elsewhere (macOS, Windows).
 */
export function parentDeathWrapper(): readonly string[] {
  wrapper ??= find();
  return wrapper;
}

function find(): readonly string[] {
  if (Deno.build.os !== "linux") return [];
  for (const path of ["/usr/bin/setpriv", "/bin/setpriv"]) {
    try {
      if (Deno.statSync(path).isFile) return [path, "--pdeathsig", "TERM", "--"];
    } catch {
      // Not there; try the next place.
    }
  }
  return [];
}
