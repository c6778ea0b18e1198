import { createSignal, For, type JSX, Show } from 'solid-js';
import { type Division, divide } from '../model/stage/division.ts';
import { fill } from '../text/texts.ts';
import { usePage } from './context.ts';

/** Links that are named. */
const MAX_NAMED = 3;

/** The line below the stage: how to divide the network, and what a drawn line or chosen nodes would cut. */
export function DivisionBar(props: {
  readonly offer: Division | undefined;
  /** Links that the line crosses which is being drawn; undefined if none is. */
  readonly crossed: number | undefined;
  readonly isChoosing: boolean;
  readonly setChoosing: (isChoosing: boolean) => void;
  readonly close: () => void;
  readonly children: JSX.Element;
}): JSX.Element {
  const { session, texts } = usePage();
  const [failure, setFailure] = createSignal('');
  const count = () => props.offer?.links.length ?? 0;
  const hint = () => {
    if (props.crossed !== undefined) return fill(texts().stage.crosses, props.crossed);
    return props.isChoosing ? texts().stage.divideHelp : texts().stage.hint;
  };
  const cut = async () => {
    const { client } = session;
    if (!client || !props.offer) return;
    try {
      await divide(client, props.offer);
      setFailure('');
      props.close();
    } catch (error) {
      setFailure((error as Error).message);
    }
  };
  return (
    <div class="division">
      <button type="button" aria-pressed={props.isChoosing} onClick={() => props.setChoosing(!props.isChoosing)}>
        {texts().stage.divide}
      </button>
      <Show
        when={props.crossed === undefined && props.offer}
        fallback={
          <span class="hint" role="status">
            {hint()}
          </span>
        }
      >
        {(offer) => (
          <Show when={count() > 0} fallback={<span role="status">{texts().stage.noLinks}</span>}>
            <span class="cuts" role="status">
              {offer()
                .links.slice(0, MAX_NAMED)
                .map(({ from, to }) => `${from} ✕ ${to}`)
                .join(', ')}
              {count() > MAX_NAMED ? ` +${count() - MAX_NAMED}` : ''}
            </span>
            <button type="button" disabled={session.connection() !== 'connected'} onClick={() => void cut()}>
              {count() === 1 ? texts().stage.cutLink : fill(texts().stage.cutLinks, count())}
            </button>
            <span class="commands" title={texts().act.command}>
              <For each={offer().commands.slice(0, MAX_NAMED)}>{(command) => <code>{command}</code>}</For>
              {offer().commands.length > MAX_NAMED ? ` +${offer().commands.length - MAX_NAMED}` : ''}
            </span>
          </Show>
        )}
      </Show>
      <Show when={props.offer !== undefined}>
        <button type="button" onClick={() => props.close()}>
          {texts().stage.cancel}
        </button>
      </Show>
      <Show when={failure() !== ''}>
        <span class="failed" role="alert">
          {failure()}
        </span>
      </Show>
      {props.children}
    </div>
  );
}
