import { createMemo, createResource, createSignal, For, type JSX, Show } from 'solid-js';
import { equalBytes } from '../../../bytes/compare.ts';
import { fromHex, toHex, toReversedHex } from '../../../bytes/hex.ts';
import { Transaction } from '../../../primitives/transaction.ts';
import { proofOfWork } from '../../model/anatomy/header-fields.ts';
import {
  type BlockProof,
  merkleSteps,
  type PaymentProofResult,
  readMerkleBlock,
  readPaymentProof,
  rootOf,
  spoilProof,
} from '../../model/anatomy/merkle-path.ts';
import { messageOf } from '../../model/failure.ts';
import { fill } from '../../text/texts.ts';
import { usePage } from '../context.ts';
import { HashLink, NotFound } from '../inspector/parts.tsx';
import { Work } from './header-bytes.tsx';
import { ProofTree } from './proof-tree.tsx';
import '../wide.css';
import './anatomy.css';

/** A transaction in its block, with the nodes that can prove it. */
interface Provable {
  readonly blockhash: string;
  readonly hex: string;
  /** Light nodes that have a proof of it. */
  readonly lightNodes: readonly string[];
}

/** The proof that a block contains a transaction, verified in the page. */
export default function ProofView(props: { readonly txid: string }): JSX.Element {
  const { session, texts } = usePage();
  const [source, setSource] = createSignal('');
  const [provable] = createResource(
    () => [props.txid, session.connection() === 'connected'] as const,
    async ([txid]): Promise<Provable | undefined> => {
      const { blockhash, hex } = await session.findTransaction<{ blockhash?: string; hex: string }>(txid);
      if (blockhash === undefined) return undefined;
      const light = [...session.timeline.nodes.values()].filter(({ role }) => role === 'light');
      const proving = await Promise.all(
        light.map(({ name }) =>
          session.call(name, 'getpaymentproof', [txid]).then(
            () => [name],
            () => [],
          ),
        ),
      );
      return { blockhash, hex, lightNodes: proving.flat() };
    },
  );
  const [proof] = createResource(
    () =>
      provable.error === undefined && provable() ? ([props.txid, provable()!.blockhash, source()] as const) : undefined,
    async ([txid, blockhash, node]): Promise<BlockProof> => {
      if (node === '')
        return readMerkleBlock(await session.callAny<string>('gettxoutproof', [[txid], blockhash]), txid);
      const [found, header] = await Promise.all([
        session.call<PaymentProofResult>(node, 'getpaymentproof', [txid]),
        session.call<string>(node, 'getblockheader', [blockhash, false]),
      ]);
      return readPaymentProof(found, header);
    },
  );
  return (
    <section class="wide">
      <h2>{texts().anatomy.proof}</h2>
      <p>
        {texts().transaction.title} <HashLink view="transaction" hash={props.txid} />
      </p>
      <Show when={provable.error === undefined} fallback={<NotFound id={props.txid} />}>
        <Show when={!provable.loading} fallback={<p>{texts().loading}</p>}>
          <Show when={provable()} fallback={<p>{texts().anatomy.unproved}</p>}>
            {(found) => (
              <>
                <p>{texts().anatomy.proofHelp}</p>
                <label>
                  {texts().anatomy.source}{' '}
                  <select value={source()} onInput={(event) => setSource(event.currentTarget.value)}>
                    <option value="">{texts().anatomy.anyNode}</option>
                    <For each={found().lightNodes}>
                      {(name) => <option value={name}>{fill(texts().anatomy.lightNode, name)}</option>}
                    </For>
                  </select>
                </label>
                <Show when={proof.error === undefined} fallback={<p class="failed">{messageOf(proof.error)}</p>}>
                  <Show when={proof()} keyed>
                    {(loaded) => <Verified proof={loaded} blockhash={found().blockhash} hex={found().hex} />}
                  </Show>
                </Show>
              </>
            )}
          </Show>
        </Show>
      </Show>
    </section>
  );
}

function Verified(props: {
  readonly proof: BlockProof;
  readonly blockhash: string;
  readonly hex: string;
}): JSX.Element {
  const { texts } = usePage();
  const [isSpoilt, setSpoilt] = createSignal(false);
  const proof = createMemo(() => (isSpoilt() ? spoilProof(props.proof) : props.proof));
  const steps = createMemo(() => merkleSteps(proof()));
  const [shown, setShown] = createSignal(props.proof.branch.length);
  const checks = () => ({
    leaf: Transaction.decode(fromHex(props.hex)).txidHex === toReversedHex(proof().txid),
    root: equalBytes(rootOf(proof()), proof().header.merkleRoot),
    work: proof().header.hashHex === props.blockhash && proofOfWork(proof().header).isMet,
  });
  const about = () => {
    const { count, branch } = proof();
    if (count === undefined) return fill(texts().anatomy.treeUnknown, branch.length);
    return fill(tree() ? texts().anatomy.treeWhole : texts().anatomy.treePath, count, branch.length);
  };
  const [tree, setTree] = createSignal(false);
  return (
    <>
      <p>
        {fill(texts().anatomy.position, proof().position)} · <HashLink view="block" hash={props.blockhash} />
      </p>
      <ProofTree proof={proof()} shown={shown()} isRight={checks().root} onWhole={setTree} />
      <p class="quiet">{about()}</p>
      <fieldset class="walk">
        <legend class="unseen">{texts().anatomy.proof}</legend>
        <Show when={steps().length > 0} fallback={<p>{texts().anatomy.onlyLeaf}</p>}>
          <button type="button" disabled={shown() === 0} onClick={() => setShown(shown() - 1)}>
            {texts().anatomy.back}
          </button>
          <button type="button" disabled={shown() === steps().length} onClick={() => setShown(shown() + 1)}>
            {texts().anatomy.next}
          </button>
          <span role="status">{fill(texts().anatomy.step, shown(), steps().length)}</span>
        </Show>
        <button type="button" aria-pressed={isSpoilt()} onClick={() => setSpoilt(!isSpoilt())}>
          {isSpoilt() ? texts().anatomy.restore : texts().anatomy.spoil}
        </button>
      </fieldset>
      <ol class="joins">
        <For each={steps().slice(0, shown())}>
          {({ left, right, parent, own, isAlone }) => (
            <li>
              <For each={[{ side: 'left', hash: left } as const, { side: 'right', hash: right } as const]}>
                {({ side, hash }) => (
                  <p classList={{ own: own === side }}>
                    <span class="quiet">
                      {side === 'left' ? texts().anatomy.leftPart : texts().anatomy.rightPart},{' '}
                      {own === side || isAlone ? texts().anatomy.own : texts().anatomy.given}
                    </span>
                    <br />
                    <span class="value">{toHex(hash)}</span>
                  </p>
                )}
              </For>
              <Show when={isAlone}>
                <p class="quiet">{texts().anatomy.twice}</p>
              </Show>
              <p>
                <span class="quiet">{texts().anatomy.doubleHash}</span>
                <br />= <span class="value">{toHex(parent)}</span>
              </p>
            </li>
          )}
        </For>
      </ol>
      <Show when={shown() === steps().length}>
        <dl>
          <dt>{texts().block.merkleRoot}</dt>
          <dd class="value">{toHex(proof().header.merkleRoot)}</dd>
        </dl>
        <ul class="checks" aria-live="polite">
          <For each={['leaf', 'root', 'work'] as const}>
            {(name) => (
              <li classList={{ failed: !checks()[name] }}>
                {checks()[name] ? `✓ ${texts().anatomy.checks[name]}` : `✗ ${texts().anatomy.failed[name]}`}
              </li>
            )}
          </For>
        </ul>
        <Work work={proofOfWork(proof().header)} />
        <p class="quiet">{texts().anatomy.limits}</p>
      </Show>
    </>
  );
}
