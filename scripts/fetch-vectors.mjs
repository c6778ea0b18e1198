import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';

// Downloads the test vectors of other projects at pinned versions and checks the SHA-256 of each file.
// A file that is already right is left alone. Exit code 1 if a file is absent or wrong at the end.

const usage = `Usage: node scripts/fetch-vectors.mjs [FOLDER]

Downloads the files of scripts/vectors.json to FOLDER
(default: PIER_VECTORS_DIR, or else ../shared/vectors).

  --list FILE        another list of files
  --base URL         fetch from this server instead, by the same paths
                     (default: PIER_VECTORS_BASE)
  --retry-delay MS   wait before the second attempt, doubled for each further one
                     (default: 1000)
`;

const ATTEMPTS = 4;
const PARALLEL = 4;
/** Milliseconds for one request. */
const TIMEOUT = 300_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: 'string', default: fileURLToPath(new URL('vectors.json', import.meta.url)) },
    base: { type: 'string', default: process.env.PIER_VECTORS_BASE },
    'retry-delay': { type: 'string', default: '1000' },
    help: { type: 'boolean' },
  },
});
if (values.help) {
  console.log(usage);
  process.exit();
}
const target =
  positionals[0] ?? process.env.PIER_VECTORS_DIR ?? fileURLToPath(new URL('../../shared/vectors', import.meta.url));

/** A failure that another attempt does not change. */
class Permanent extends Error {}

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const sha1 = (bytes) => createHash('sha1').update(bytes).digest('hex');

/** Returns the body of `url`. Attempts again after network errors, truncated bodies, and statuses 408, 429 and 5xx. */
async function download(url, size) {
  const { pathname } = new URL(url);
  const address = values.base === undefined ? url : new URL(values.base.replace(/\/$/, '') + pathname).href;
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await fetch(address, { signal: AbortSignal.timeout(TIMEOUT) });
      if (!response.ok) {
        const { status } = response;
        const Failure = status === 408 || status === 429 || status >= 500 ? Error : Permanent;
        throw new Failure(`HTTP status ${status}`);
      }
      const body = Buffer.from(await response.arrayBuffer());
      if (size !== undefined && body.length < size) throw new Error(`body of ${body.length} bytes instead of ${size}`);
      return body;
    } catch (error) {
      if (error instanceof Permanent || attempt === ATTEMPTS) {
        throw new Error(`${address}: ${error.cause?.message ?? error.message} (attempt ${attempt})`);
      }
      await sleep(Number(values['retry-delay']) * 2 ** (attempt - 1));
    }
  }
}

/** Yields name and content of each file in a tar archive (ustar; extended headers are skipped). */
function* tarFiles(tar) {
  const text = (from, length) => tar.toString('latin1', from, from + length).replace(/\0.*$/s, '');
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12), 8);
    const prefix = text(at + 345, 155);
    const type = text(at + 156, 1);
    const name = (prefix === '' ? '' : `${prefix}/`) + text(at, 100);
    if (type === '0' || type === '') yield { name, content: tar.subarray(at + 512, at + 512 + size) };
    at += 512 + Math.ceil(size / 512) * 512;
  }
}

/**
 * Returns a JSON array of the files in a folder of a repository's archive. A file is one element with a comma and a
 * line feed behind it, named by its SHA-1. `names` is a list of the first eight digits, in the array's order.
 */
async function assemble({ archive, folder, names }) {
  const tar = gunzipSync(await download(archive));
  const byName = new Map();
  for (const { name, content } of tarFiles(tar)) {
    // The first folder is that of the archive.
    const path = name.slice(name.indexOf('/') + 1);
    if (dirname(path) === folder) byName.set(sha1(content).slice(0, 8), content);
  }
  const listed = readFileSync(join(dirname(values.list), names), 'utf8')
    .trim()
    .split(/\s+/);
  const absent = listed.filter((name) => !byName.has(name));
  if (absent.length > 0) {
    throw new Error(`${archive}: ${absent.length} of ${listed.length} files are absent from ${folder}`);
  }
  const elements = listed.map((name) => JSON.stringify(JSON.parse(byName.get(name).toString().replace(/,\n$/, ''))));
  return Buffer.from(`[\n${elements.join(',\n')}\n]\n`);
}

/** Returns the file's content from the first source that has it. Throws the failures of all sources otherwise. */
async function fetchContent({ size, sha256: expected, source }) {
  const failures = [];
  for (const from of [source].flat()) {
    const url = from.archive ?? from;
    try {
      const content = from.archive === undefined ? await download(from, size) : await assemble(from);
      const actual = sha256(content);
      if (actual === expected) return content;
      failures.push(`${url}: SHA-256 ${actual} instead of ${expected}`);
    } catch (error) {
      failures.push(error.message);
    }
  }
  throw new Error(failures.join('; '));
}

/** Writes a file so that an interrupted process leaves no partial one under its name. */
function writeAtomically(path, content) {
  const partial = `${path}.${process.pid}.part`;
  mkdirSync(dirname(path), { recursive: true });
  try {
    writeFileSync(partial, content);
    renameSync(partial, path);
  } finally {
    rmSync(partial, { force: true });
  }
}

const { files } = JSON.parse(readFileSync(values.list, 'utf8'));
const counts = { right: 0, downloaded: 0, failed: 0 };

async function take(file) {
  const path = join(target, file.path);
  if (existsSync(path) && sha256(readFileSync(path)) === file.sha256) {
    counts.right++;
    return;
  }
  try {
    if (file.source === null) throw new Error(`cannot be fetched, place it by hand: ${file.note}`);
    writeAtomically(path, await fetchContent(file));
    counts.downloaded++;
    console.log(`downloaded ${file.path}`);
  } catch (error) {
    counts.failed++;
    console.error(`${path}: ${error.message}`);
  }
}

const queue = [...files];
await Promise.all(
  Array.from({ length: PARALLEL }, async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) await take(file);
  }),
);
console.log(`${target}: ${counts.right} already right, ${counts.downloaded} downloaded, ${counts.failed} failed`);
if (counts.failed > 0) process.exitCode = 1;
