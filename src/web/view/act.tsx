import { createSignal, createUniqueId, For, type JSX, Show } from 'solid-js';
import { nodeRoles } from '../../devnet/topology/network-options.ts';
import { type Action, type ActionField, networkActions } from '../model/actions.ts';
import { usePage } from './context.ts';
import { useAction } from './use-action.ts';

/** Everything that can be done to the network as a whole. */
export function Act(): JSX.Element {
  const { texts } = usePage();
  return (
    <section class="act" aria-label={texts().act.title}>
      <For each={networkActions}>{(action) => <ActionForm action={action} />}</For>
    </section>
  );
}

/** An action with its fields, the command that does the same, and what came of it. */
export function ActionForm(props: { readonly action: Action }): JSX.Element {
  const { session, texts } = usePage();
  const { action } = props;
  const id = createUniqueId();
  const [values, setValues] = createSignal(
    Object.fromEntries(action.fields.map(({ name, initial }) => [name, initial])),
  );
  const { result, isFailed, isRunning, run } = useAction();
  const submit = (event: Event) => {
    event.preventDefault();
    void run(action, values());
  };
  return (
    <form class="action" onSubmit={submit}>
      <For each={action.fields}>
        {(field) => (
          <label for={`${id}-${field.name}`}>
            <span>{texts().act.fields[field.name]}</span>
            <Field
              id={`${id}-${field.name}`}
              field={field}
              value={values()[field.name]!}
              onInput={(value) => setValues({ ...values(), [field.name]: value })}
            />
          </label>
        )}
      </For>
      <button type="submit" disabled={isRunning() || session.connection() !== 'connected'}>
        {texts().act.actions[action.name]}
      </button>
      <Show when={!session.isInTab}>
        <code title={texts().act.command}>{action.command(values())}</code>
      </Show>
      <code class="call" title={texts().act.call}>
        {action.call(values())}
      </code>
      <Show when={result() !== ''}>
        <p class="result" classList={{ failed: isFailed() }} role="status">
          {result()}
        </p>
      </Show>
    </form>
  );
}

function Field(props: {
  readonly id: string;
  readonly field: ActionField;
  readonly value: string;
  readonly onInput: (value: string) => void;
}): JSX.Element {
  const { session } = usePage();
  const nodes = () => {
    session.version();
    return [...session.timeline.nodes.keys()];
  };
  return (
    <Show
      when={props.field.kind === 'node' || props.field.kind === 'role'}
      fallback={
        <input
          id={props.id}
          value={props.value}
          inputMode={props.field.kind === 'number' || props.field.kind === 'amount' ? 'decimal' : 'text'}
          onInput={(event) => props.onInput(event.currentTarget.value)}
        />
      }
    >
      <select id={props.id} value={props.value} onInput={(event) => props.onInput(event.currentTarget.value)}>
        <Show when={props.field.kind === 'node'} fallback={<Roles />}>
          <option value="">–</option>
          <For each={nodes()}>{(name) => <option value={name}>{name}</option>}</For>
        </Show>
      </select>
    </Show>
  );
}

/** The roles of nodes, to choose from; the one that is most common comes first. */
function Roles(): JSX.Element {
  const { texts } = usePage();
  const roles = [...nodeRoles].sort((a, b) => Number(b === 'full') - Number(a === 'full'));
  return <For each={roles}>{(role) => <option value={role}>{texts().roles[role]}</option>}</For>;
}
