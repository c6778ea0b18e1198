import { afterAll } from 'vitest';
import { secp256k1, useSecp256k1Engine } from '../../src/crypto/secp256k1.ts';
import { endFile } from './file-end.ts';

// Runs before each test file. Files share a process, so each one restores the shared state when it ends.
// The tests compare texts, and so do those whose parent is a terminal.
delete process.env.FORCE_COLOR;

const engine = secp256k1();

afterAll(async () => {
  useSecp256k1Engine(engine);
  await endFile();
});
