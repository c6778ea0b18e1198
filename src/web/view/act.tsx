import { createMemo, createSignal, createUniqueId, For, type JSX, Show } from 'solid-js';
import { nodeRoles } from '../../devnet/topology/network-options.ts';
import { findProblem } from '../model/action-checks.ts';
import { type Action, type ActionField, actionGroups } from '../model/actions.ts';
import { whyNot } from '../model/availability.ts';
import { fill } from '../text/texts.ts';
import { usePage } from './context.ts';
import { Said } from './said.tsx';
import { useAction } from './use-action.ts';

/** Everything that can be done to the network as a whole, in groups that fold. */
export function Act(): JSX.Element {
  const { texts } = usePage();
  return (
    <section class="act" aria-label={texts().act.title}>
      <For each={actionGroups}>
        {({ name, actions }) => (
          <details open={!foldedGroups().has(name)} onToggle={(event) => keepFolded(name, !event.currentTarget.open)}>
            <summary>{texts().act.groups[name]}</summary>
            <For each={actions}>{(action) => <ActionForm action={action} />}</For>
          </details>
        )}
      </For>
    </section>
  );
}

const FOLDED = 'folded-actions';

/** Names of the groups that are folded, also in other tabs and later. */
function foldedGroups(): Set<string> {
  return new Set(localStorage.getItem(FOLDED)?.split(' ').filter(Boolean));
}

function keepFolded(name: string, isFolded: boolean): void {
  const names = foldedGroups();
  if (isFolded) names.add(name);
  else names.delete(name);
  localStorage.setItem(FOLDED, [...names].join(' '));
}

/** An action with its fields, the command that does the same, and what came of it. `on`: what it acts on, by name. */
export function ActionForm(props: { readonly action: Action; readonly on?: readonly string[] }): JSX.Element {
  const { session, texts } = usePage();
  const { action } = props;
  const id = createUniqueId();
  const [values, setValues] = createSignal(
    Object.fromEntries(action.fields.map(({ name, initial }) => [name, initial])),
  );
  const { result, isRunning, run, clear } = useAction();
  const change = (name: string, value: string) => {
    setValues({ ...values(), [name]: value });
    clear();
  };
  const submit = (event: Event) => {
    event.preventDefault();
    void run(action, values());
  };
  /** Why it cannot be run; empty if it can. */
  const reason = createMemo(() => {
    session.version();
    if (session.connection() !== 'connected') return texts().act.reasons.disconnected;
    const found = whyNot(action, props.on ?? [], session.timeline);
    return found ? fill(texts().act.reasons[found.text], ...found.values) : '';
  });
  const isComplete = createMemo(() => {
    session.version();
    return findProblem(action, values(), session.timeline) === undefined;
  });
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
              onInput={(value) => change(field.name, value)}
            />
          </label>
        )}
      </For>
      <button
        type="submit"
        disabled={isRunning() || reason() !== ''}
        title={reason() || undefined}
        aria-describedby={reason() === '' ? undefined : `${id}-reason`}
      >
        {texts().act.actions[action.name]}
      </button>
      <Show when={reason()}>
        <span id={`${id}-reason`} class="quiet reason">
          {reason()}
        </span>
      </Show>
      <Show when={isComplete()}>
        <Show when={!session.isInTab}>
          <code title={texts().act.command}>{action.command(values())}</code>
        </Show>
        <code class="call" title={texts().act.call}>
          {action.call(values())}
        </code>
      </Show>
      <Said result={result()} />
    </form>
  );
}

function Field(props: {
  readonly id: string;
  readonly field: ActionField;
  readonly value: string;
  readonly onInput: (value: string) => void;
}): JSX.Element {
  const { session, texts } = usePage();
  const { kind } = props.field;
  /** Nodes to choose from: those that can mine, or all. */
  const nodes = () => {
    session.version();
    return [...session.timeline.nodes.values()]
      .filter(({ role, moments }) => kind !== 'miner' || (role !== 'light' && moments.at(-1)?.status === 'running'))
      .map(({ name }) => name);
  };
  const example = () => {
    if (kind !== 'groups') return props.field.isOptional ? texts().act.optional : '';
    const half = Math.ceil(nodes().length / 2);
    return [nodes().slice(0, half), nodes().slice(half)].map((group) => group.join(',')).join(' ');
  };
  return (
    <Show
      when={kind === 'node' || kind === 'miner' || kind === 'role'}
      fallback={
        <input
          id={props.id}
          value={props.value}
          placeholder={example()}
          classList={{ long: kind === 'groups' }}
          inputMode={kind === 'number' || kind === 'amount' ? 'decimal' : 'text'}
          onInput={(event) => props.onInput(event.currentTarget.value)}
        />
      }
    >
      <select id={props.id} value={props.value} onInput={(event) => props.onInput(event.currentTarget.value)}>
        <Show when={kind !== 'role'} fallback={<Roles />}>
          <option value="">{texts().act.any}</option>
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
