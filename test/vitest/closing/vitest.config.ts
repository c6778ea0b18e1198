import { defineConfig } from 'vitest/config';

// For the run of Vitest in `close.test.ts`.
export default defineConfig({ test: { include: ['*.case.ts'], testTimeout: 20_000 } });
