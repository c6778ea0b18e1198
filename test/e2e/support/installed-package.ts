import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** The folder of this package. */
export const root = fileURLToPath(new URL('../../..', import.meta.url));

interface LockedPackage {
  readonly version: string;
  readonly dev?: boolean;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly bin: object;
  readonly engines: object;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly overrides: object;
  readonly scripts: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, unknown>>;
}

/** The package's own package.json. */
export const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;

/** Runs a program and returns its stdout. Rejects with its output if the exit code is not 0. */
export async function run(
  program: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, args, {
      ...{ cwd, env },
      maxBuffer: 2 ** 26,
      shell: process.platform === 'win32',
    });
    return stdout;
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
    throw new Error(`${program} ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
  }
}

/**
 * Packs the built package and installs the tarball into a new project at `folder`, without running scripts. The
 * project's lock file has the versions of this package's lock file, which are in npm's cache after `npm ci`, so that no
 * network is needed.
 */
export async function installPackage(folder: string): Promise<void> {
  // Without scripts: prepack would rebuild dist/ while other tests use it.
  const packed = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], root);
  const [tarball] = JSON.parse(packed) as [{ readonly filename: string; readonly integrity: string }];
  const resolved = `file:${tarball.filename}`;

  const { name, version, bin, engines, dependencies, overrides } = manifest;
  const project = { name: 'consumer', version: '1.0.0', private: true, dependencies: { [name]: resolved } };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...project, overrides }));

  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, LockedPackage>>;
  };
  const locked = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && !dev);
  const packages = {
    '': project,
    [`node_modules/${name}`]: { version, resolved, integrity: tarball.integrity, bin, engines, dependencies },
    ...Object.fromEntries(locked),
  };
  const header = { name: project.name, version: project.version, lockfileVersion: 3, requires: true };
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ ...header, packages }));
  await run('npm', ['ci', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'], folder);
}
