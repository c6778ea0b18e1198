import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { toHex } from '../../bytes/hex.ts';
import { PierError } from '../../platform/errors.ts';
import { systemRandom } from '../../platform/random.ts';

/** User name in the cookie (Core: COOKIEAUTH_USER). */
const COOKIE_USER = '__cookie__';

/** The RPC credentials of one run, `__cookie__:<64 hex digits>`, shared through a file (Core: GenerateAuthCookie). */
export class Cookie {
  /** Path of the file. */
  readonly path: string;
  readonly #credentials: string;
  readonly #expected: Uint8Array;

  /** `password` is a new one by default. */
  constructor(path: string, password = toHex(systemRandom.bytes(32))) {
    this.path = path;
    this.#credentials = `${COOKIE_USER}:${password}`;
    this.#expected = digest(Buffer.from(this.#credentials));
  }

  /** Writes the file atomically, readable by its owner only. Throws `PierError` 'cookie-not-written'. */
  async write(): Promise<void> {
    const temporary = `${this.path}.${process.pid}.tmp`;
    try {
      await rm(temporary, { force: true });
      await writeFile(temporary, this.#credentials, { mode: 0o600, flag: 'wx' });
      await rename(temporary, this.path);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {});
      throw new PierError('cookie-not-written', `writing ${this.path} failed: ${(error as Error).message}`, {
        hint: 'Check the free space and the permissions of the data directory. The file holds the password of the RPC.',
        cause: error,
      });
    }
  }

  /** Removes the file, unless another node has overwritten it with its own credentials. */
  async remove(): Promise<void> {
    const content = await readFile(this.path, 'utf8').catch(() => undefined);
    if (content === this.#credentials) await rm(this.path, { force: true });
  }

  /** Returns whether an `Authorization` header carries these credentials. Compares in constant time. */
  accepts(authorization: string | undefined): boolean {
    const match = /^Basic \s*([A-Za-z0-9+/]+={0,2})$/.exec(authorization ?? '');
    if (!match) return false;
    return timingSafeEqual(digest(Buffer.from(match[1]!, 'base64')), this.#expected);
  }
}

function digest(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}
