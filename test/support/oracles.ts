import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// The independent references that Pier is tested against: the vectors, bitcoind and Chromium.

/** Whether an absent oracle fails its tests (PIER_REQUIRE_ORACLES=1) instead of skipping them. */
export const requireOracles = process.env.PIER_REQUIRE_ORACLES === '1';

/** The folder of the vectors, with a trailing slash; it may be absent. PIER_VECTORS_DIR overrides it. */
export const vectorsRoot: string =
  process.env.PIER_VECTORS_DIR?.replace(/\/*$/, '/') ??
  fileURLToPath(new URL('../../../shared/vectors/', import.meta.url));

/** Path of a Chromium, which runs the browser tests; undefined if absent. PIER_CHROMIUM overrides it. */
export const chromium: string | undefined = locateChromium();

function locateChromium(): string | undefined {
  const named = process.env.PIER_CHROMIUM;
  if (named !== undefined) return existsSync(named) ? named : undefined;
  const folders = (process.env.PATH ?? '').split(delimiter).filter((dir) => dir !== '');
  const paths = ['chromium', 'chromium-browser', 'google-chrome'].flatMap((name) =>
    folders.map((dir) => join(dir, name)),
  );
  return paths.find((path) => existsSync(path));
}

/** The folder of bitcoind and bitcoin-cli; undefined if absent. PIER_BITCOIND_DIR overrides it. */
export const bitcoindDir: string | undefined = locate();

function locate(): string | undefined {
  const holds = (dir: string) => existsSync(join(dir, 'bitcoind')) && existsSync(join(dir, 'bitcoin-cli'));
  const named = process.env.PIER_BITCOIND_DIR;
  if (named !== undefined) return holds(named) ? named : undefined;
  const cached = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'bitcoind', 'bin');
  if (holds(cached)) return cached;
  const onPath = (process.env.PATH ?? '').split(delimiter).find((dir) => dir !== '' && holds(dir));
  if (onPath !== undefined) return onPath;
  // The tool downloads bitcoind, so it runs only if the tests would fail otherwise.
  const tool = fileURLToPath(new URL('../../../shared/tools/get-bitcoind', import.meta.url));
  if (!requireOracles || !existsSync(tool)) return undefined;
  try {
    const dir = execFileSync(tool, { encoding: 'utf8' }).trim();
    return holds(dir) ? dir : undefined;
  } catch {
    return undefined;
  }
}
