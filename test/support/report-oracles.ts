import { existsSync } from 'node:fs';
import { bitcoindDir, chromium, requireOracles, vectorsRoot } from './oracles.ts';

/** Tells before the first test which oracles are absent; where they are required, their tests fail and say so. */
export default function reportOracles(): void {
  if (requireOracles) return;
  const hint = 'the tests that need it are skipped (PIER_REQUIRE_ORACLES=1 makes that a failure)';
  if (!existsSync(vectorsRoot)) console.log(`../shared/vectors is absent: ${hint}`);
  if (bitcoindDir === undefined) console.log(`bitcoind is absent (PIER_BITCOIND_DIR names its folder): ${hint}`);
  if (chromium === undefined) console.log(`chromium is absent (PIER_CHROMIUM names its program): ${hint}`);
}
