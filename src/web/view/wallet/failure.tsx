import { type JSX, Show } from 'solid-js';

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
