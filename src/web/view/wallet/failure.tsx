import { type JSX, Show } from 'solid-js';

/** Returns what an error of the control server says, with its next step. */
export function messageOf(error: unknown): string {
  const { message, hint } = error as { message: string; hint?: string };
  return hint === undefined ? message : `${message} ${hint}`;
}

/** Why something was not done, where it was asked for. */
export function Failure(props: { readonly text: string | undefined }): JSX.Element {
  return (
    <Show when={props.text}>
      {(text) => (
        <p class="result failed" role="alert">
          {text()}
        </p>
      )}
    </Show>
  );
}
