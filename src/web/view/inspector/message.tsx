import { createResource, For, type JSX, Match, Show, Switch } from 'solid-js';
import { fromHex, toHex } from '../../../bytes/hex.ts';
import { messageSubjects } from '../../../p2p/wire/message-subjects.ts';
import { flightOf } from '../../model/messages/flight.ts';
import { type DecodedMessage, type MessageField, messageFields } from '../../model/messages/message-fields.ts';
import { subjectOf } from '../../model/messages/subjects.ts';
import { fill } from '../../text/texts.ts';
import { usePage } from '../context.ts';
import { WatchButton } from '../time/replay-buttons.tsx';
import { HashLink, NotFound, Row } from './parts.tsx';

/** Bytes of a field that are shown at most. */
const SHOWN_BYTES = 80;

/** What is read of the result of `getmessage`. */
interface MessageResult {
  readonly command: string;
  readonly size: number;
  readonly payload: string;
}

/** A message: its way, and its bytes, field by field. */
export default function MessageView(props: { readonly node: string; readonly id: number }): JSX.Element {
  const { session, texts } = usePage();
  const text = () => texts().message;
  const [bytes] = createResource(
    () => [props.node, props.id, session.connection() === 'connected'] as const,
    ([node, id]) => session.call<MessageResult>(node, 'getmessage', [id]).catch(() => null),
  );
  const known = () => {
    session.version();
    return session.timeline.message(props.node, props.id);
  };
  const command = () => known()?.command ?? bytes()?.command;
  /** The blocks and transactions that it names, and how many there are. */
  const named = () => {
    const message = known();
    if (message) return message;
    const found = bytes();
    // What the node has cut off has another hash.
    const isWhole = found && found.payload.length === 2 * found.size;
    return isWhole ? messageSubjects(found.command, fromHex(found.payload)) : { hashes: [], items: 0 };
  };
  const subjects = () => named().hashes.map((hash) => subjectOf(session.timeline, command() ?? '', hash));
  const arrival = () => {
    const message = known()!;
    const { arrived, isLost, duration } = flightOf(session.timeline, message, Date.now());
    if (arrived !== undefined) return fill(text().after, duration.toFixed(1));
    return isLost ? text().lost : text().underWay;
  };
  return (
    <Show
      when={command() !== undefined || bytes() !== null}
      fallback={
        <>
          <NotFound id={`${props.node}/${props.id}`} />
          <p>{text().gone}</p>
        </>
      }
    >
      <h2>{command() ?? texts().loading}</h2>
      <Show when={text().purposes[command() ?? '']}>{(purpose) => <p>{purpose()}</p>}</Show>
      <dl>
        <Show when={known()}>
          {(message) => (
            <>
              <Row name={text().from} value={message().from} />
              <Row name={text().to} value={message().to} />
              <Row name={text().sent} value={new Date(message().time).toISOString().slice(11, 23)} />
              <Row name={text().arrived} value={arrival()} />
            </>
          )}
        </Show>
        <Show when={bytes()}>{(found) => <Row name={text().size} value={`${found().size} B`} />}</Show>
        <Show when={subjects()[0]}>
          {(first) => (
            <>
              <dt>{first().of === 'block' ? text().block : text().transaction}</dt>
              <dd class="subjects">
                <For each={subjects()}>{({ of, id }) => <HashLink view={of} hash={id} />}</For>
                {named().items > subjects().length ? ` +${named().items - subjects().length}` : ''}
                <Show when={known()}>
                  <WatchButton id={first().id} />
                </Show>
              </dd>
            </>
          )}
        </Show>
      </dl>
      <Switch fallback={<p>{texts().loading}</p>}>
        <Match when={bytes()} keyed>
          {(found) => <Fields {...found} />}
        </Match>
        <Match when={bytes() === null}>
          <p>{text().gone}</p>
        </Match>
      </Switch>
    </Show>
  );
}

function Fields(props: MessageResult): JSX.Element {
  const { texts } = usePage();
  const text = () => texts().message;
  const payload = fromHex(props.payload);
  const { fields, rest, fault }: DecodedMessage = messageFields(props.command, payload);
  return (
    <Show when={props.size > 0} fallback={<p>{text().empty}</p>}>
      <table class="fields">
        <thead>
          <tr>
            <th>{text().field}</th>
            <th>{text().value}</th>
            <th>{text().bytes}</th>
          </tr>
        </thead>
        <tbody>
          <For each={fields}>{(field) => <FieldRow {...field} />}</For>
          <Show when={rest.length > 0}>
            <FieldRow name={text().rest} depth={0} value="" bytes={rest} />
          </Show>
        </tbody>
      </table>
      <Show when={payload.length < props.size} fallback={fault && <p class="failed">{fill(text().fault, fault)}</p>}>
        <p>{fill(text().cut, payload.length, props.size)}</p>
      </Show>
    </Show>
  );
}

function FieldRow(props: MessageField): JSX.Element {
  const { session, go, setHighlight } = usePage();
  return (
    <tr>
      <th scope="row" style={{ 'padding-left': `${props.depth * 12}px` }}>
        {props.name}
      </th>
      <td class="value">
        <Show when={props.hash} fallback={props.value}>
          {(hash) => {
            const id = () => session.timeline.txidOf(hash().id);
            return (
              <button
                type="button"
                class="hash"
                onClick={() => go({ view: hash().of, id: id() })}
                onPointerEnter={() => setHighlight(id())}
                onPointerLeave={() => setHighlight(undefined)}
              >
                {props.value}
              </button>
            );
          }}
        </Show>
      </td>
      <td class="value">
        {toHex(props.bytes.subarray(0, SHOWN_BYTES)).replace(/(..)(?=.)/g, '$1 ')}
        {props.bytes.length > SHOWN_BYTES ? ` … (${props.bytes.length} B)` : ''}
      </td>
    </tr>
  );
}
