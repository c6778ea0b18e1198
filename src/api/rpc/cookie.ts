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
  readonly #mode: number;
  readonly #credentials: string;
  readonly #expected: Uint8Array;

  /** `password` is a new one by default, and only the owner may read the file (Core: -rpccookieperms). */
  constructor(path: string, password = toHex(systemRandom.bytes(32)), mode = 0o600) {
    this.path = path;
    this.#mode = mode;
    this.#credentials = `${COOKIE_USER}:${password}`;
    this.#expected = digest(Buffer.from(this.#credentials));
  }

  /** Writes the file atomically. Throws `PierError` 'cookie-not-written'. */
  async write(): Promise<void> {
    const temporary = `${this.path}.${process.pid}.tmp`;
    try {
      await rm(temporary, { force: true });
      await writeFile(temporary, this.#credentials, { mode: this.#mode, flag: 'wx' });
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

  /** Returns whether these are the credentials, `name:password`. Compares in constant time. */
  accepts(credentials: Uint8Array): boolean {
    return timingSafeEqual(digest(credentials), this.#expected);
  }
}

function digest(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}
