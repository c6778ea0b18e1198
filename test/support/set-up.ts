import { afterAll } from 'vitest';
import { secp256k1, useSecp256k1Engine } from '../../src/crypto/secp256k1.ts';
import { endFile } from './file-end.ts';
import { tempDir } from './temp-dir.ts';

// Runs before each test file. Files share a process, so each one restores the shared state when it ends.
// The tests compare texts, and so do those whose parent is a terminal.
delete process.env.FORCE_COLOR;
// Messages are in English whatever the language of the machine; of LC_ALL, other programs need the encoding.
delete process.env.LC_ALL;
process.env.LC_MESSAGES = 'C';
// Networks that tests run have records of their own, not among those of the user.
process.env.PIER_RUN_DIR = tempDir('run');

const engine = secp256k1();

afterAll(async () => {
  useSecp256k1Engine(engine);
  await endFile();
});
