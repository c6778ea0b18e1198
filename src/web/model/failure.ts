/** Returns what an error of the control server says, with its next step, as sentences. */
export function messageOf(error: unknown): string {
  const { message = String(error), hint } = error as { message?: string; hint?: string };
  if (hint === undefined) return message;
  return `${/[.!?…。！？]$/.test(message) ? message : `${message}.`} ${hint}`;
}
