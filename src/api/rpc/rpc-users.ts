import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { toHex } from '../../bytes/hex.ts';
import type { Cookie } from './cookie.ts';

/** A user of the RPC server (Core: -rpcauth). */
export interface RpcUser {
  readonly name: string;
  readonly salt: string;
  /** HMAC-SHA256 of the password by the salt, as 64 hex digits. */
  readonly hash: string;
}

/** Users besides that of the cookie, and what each may call. */
export interface RpcUserOptions {
  readonly users?: readonly RpcUser[];
  /** Methods that a user may call, by name; a user without an entry may call all of them (Core: -rpcwhitelist). */
  readonly allowed?: ReadonlyMap<string, ReadonlySet<string>>;
  /** Whether a user without an entry may call nothing instead (Core: -rpcwhitelistdefault). */
  readonly allowsListedOnly?: boolean;
}

/** Returns the user of `-rpcauth`, `<name>:<salt>$<hash>`; undefined for other text. */
export function parseRpcAuth(text: string): RpcUser | undefined {
  const match = /^([^:]*):([^$:]*)\$([^$:]*)$/.exec(text);
  return match ? { name: match[1]!, salt: match[2]!, hash: match[3]! } : undefined;
}

/** Returns a user whose password is kept as a hash only. */
export function rpcUser(name: string, password: string, salt: string): RpcUser {
  return { name, salt, hash: hashOf(salt, password) };
}

/** The users that may call: that of the cookie, and those of the configuration (Core: RPCAuthorized). */
export class RpcUsers {
  readonly #cookie: Cookie | undefined;
  readonly #options: RpcUserOptions;

  constructor(cookie: Cookie | undefined, options: RpcUserOptions) {
    this.#cookie = cookie;
    this.#options = options;
  }

  /** Returns the name of the user that an `Authorization` header is of; undefined for wrong credentials. */
  authenticate(authorization: string | undefined): string | undefined {
    const given = /^Basic \s*([A-Za-z0-9+/]+={0,2})$/.exec(authorization ?? '')?.[1];
    if (given === undefined) return undefined;
    const bytes = Buffer.from(given, 'base64');
    const text = bytes.toString('latin1');
    const colon = text.indexOf(':');
    if (colon === -1) return undefined;
    if (this.#cookie?.accepts(bytes)) return text.slice(0, colon);
    const [name, password] = [text.slice(0, colon), text.slice(colon + 1)];
    const isOwn = (user: RpcUser) => isSame(user.name, name) && isSame(user.hash, hashOf(user.salt, password));
    return this.#options.users?.find(isOwn)?.name;
  }

  /** Returns the methods that a user may call; undefined: all of them. */
  methodsOf(name: string): ReadonlySet<string> | undefined {
    const { allowed, allowsListedOnly = false } = this.#options;
    return allowed?.get(name) ?? (allowsListedOnly ? new Set() : undefined);
  }
}

function hashOf(salt: string, password: string): string {
  return toHex(createHmac('sha256', Buffer.from(salt, 'latin1')).update(password, 'latin1').digest());
}

/** Compares in a time that does not depend on the texts. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text, 'latin1').digest();
  return timingSafeEqual(digest(a), digest(b));
}
