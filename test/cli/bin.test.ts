import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
// Node resolves links before it names the folder.
const folder = realpathSync(tempDir('bin'));
cpSync(join(root, 'bin'), join(folder, 'bin'), { recursive: true });
writeFileSync(join(folder, 'package.json'), '{ "type": "module", "engines": { "node": ">=20.19" } }');

/** Runs the copied program on a Node that says it has a version. */
function run(version: string, ...words: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const claim = join(folder, 'claim.cjs');
  writeFileSync(claim, `Object.defineProperty(process, 'version', { value: '${version}' });`);
  return new Promise((resolve) => {
    execFile(process.execPath, ['--require', claim, join(folder, 'bin/pier.js'), ...words], (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

describe('bin/pier.js', () => {
  it('says how to install missing packages', async () => {
    const stderr = `pier: the packages that Pier uses are missing. Run 'npm install' in ${folder}\n`;
    expect(await run('v20.19.0')).toEqual({ code: 1, stdout: '', stderr });
    mkdirSync(join(folder, 'node_modules/lmdb'), { recursive: true });
    writeFileSync(join(folder, 'node_modules/lmdb/index.js'), '');
  });

  it('says how to build what is not built', async () => {
    const stderr = `pier: Pier is not built yet. Run 'npm run build' in ${folder}\n`;
    expect(await run('v20.19.0')).toEqual({ code: 1, stdout: '', stderr });
  });

  it('says so in JSON with --json', async () => {
    const built = await run('v20.19.0', 'status', '--json');
    expect([built.code, built.stdout, JSON.parse(built.stderr)]).toEqual([
      ...[1, ''],
      { error: { code: 'not-built', message: 'Pier is not built yet', hint: `Run 'npm run build' in ${folder}` } },
    ]);
    expect(JSON.parse((await run('v9.11.2', '--json')).stderr)).toEqual({
      error: { code: 'old-node', message: 'Node.js v9.11.2 is too old: Pier needs 20.19 or newer' },
    });
  });

  it.each(['v20.18.3', 'v18.20.0', 'v9.11.2'])('says that Node %s is too old', async (version) => {
    const stderr = `pier: Node.js ${version} is too old: Pier needs 20.19 or newer\n`;
    expect(await run(version)).toEqual({ code: 1, stdout: '', stderr });
  });

  it('loads what is built', async () => {
    mkdirSync(join(folder, 'dist/cli'), { recursive: true });
    writeFileSync(join(folder, 'dist/cli/main.js'), "console.log('loaded');");
    expect(await run('v100.0.0')).toEqual({ code: 0, stdout: 'loaded\n', stderr: '' });
  });

  it('has no syntax that old versions of Node do not know', () => {
    const source = readFileSync(join(root, 'bin/pier.js'), 'utf8');
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: { target: ts.ScriptTarget.ES2015, module: ts.ModuleKind.CommonJS, allowJs: true },
      fileName: 'pier.js',
    });
    // Newer syntax would have been replaced.
    const code = (text: string) => text.replaceAll(/\/\/.*|\/\*.*?\*\//g, '').replaceAll(/\s+/g, '');
    expect(code(outputText)).toBe(code(source));
    expect(source).not.toMatch(/\bimport\b|'node:|\?\./);
  });
});
