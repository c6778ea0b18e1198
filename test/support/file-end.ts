type Cleanup = () => unknown;

const cleanups: Cleanup[] = [];

/**
 * Registers a cleanup that runs at the end of the test file, in reverse order of registration. Unlike `afterAll`, it
 * also works inside a test and in modules that test files share: such a module is loaded once per process, so that its
 * `afterAll` would run for the first file only.
 */
export function atFileEnd(cleanup: Cleanup): void {
  cleanups.push(cleanup);
}

/** Runs all registered cleanups; throws an `AggregateError` at the end if any of them failed. */
export async function endFile(): Promise<void> {
  const failures: unknown[] = [];
  for (let cleanup = cleanups.pop(); cleanup; cleanup = cleanups.pop()) {
    try {
      await cleanup();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'cleanup after the test file failed');
}
