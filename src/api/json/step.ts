/** Called between the steps of a long computation. A promise it returns must be awaited: other work then runs. */
export type Step = () => Promise<void> | undefined;

/** A step for computations that nothing waits for. */
export const noPause: Step = () => undefined;
