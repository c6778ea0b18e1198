type Job = () => unknown;

const jobs: Job[] = [];

/**
 * Has something done when the test file is done, those first that were asked for last. Works inside a test too, and in
 * modules that test files share: these are loaded once in a process, so that an `afterAll` of theirs would hold for its first file only.
 */
export function atFileEnd(job: Job): void {
  jobs.push(job);
}

/** Does what was asked for, all of it, whatever fails. */
export async function endFile(): Promise<void> {
  const failures: unknown[] = [];
  for (let job = jobs.pop(); job; job = jobs.pop()) {
    try {
      await job();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'what a test file has left could not be cleared away');
}
