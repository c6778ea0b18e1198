import { createResource, For, type JSX, Show } from 'solid-js';
import { type ProofOfWork, readHeader } from '../../model/anatomy/header-fields.ts';
import { fill } from '../../text/texts.ts';
import { usePage } from '../context.ts';
import '../wide.css';
import './anatomy.css';

/** The 80 bytes of a block's header, field by field, and its proof of work. */
export default function HeaderBytes(props: { readonly hash: string }): JSX.Element {
  const { session, texts } = usePage();
  const [report] = createResource(
    () => props.hash,
    async (hash) => readHeader(await session.callAny<string>('getblockheader', [hash, false])),
  );
  return (
    <Show when={report.error === undefined && report()}>
      {(found) => (
        <>
          <h3>{texts().anatomy.header}</h3>
          <p class="bytes">
            <For each={found().fields}>
              {({ name, bytes }, i) => (
                <span classList={{ odd: i() % 2 === 1 }} title={texts().anatomy.fields[name]}>
                  {bytes}
                </span>
              )}
            </For>
          </p>
          <dl class="fields">
            <For each={found().fields}>
              {({ name, at, bytes, value }) => (
                <>
                  <dt>
                    {texts().anatomy.fields[name]}
                    <br />
                    <span class="quiet">{fill(texts().anatomy.bytes, at, at + bytes.length / 2 - 1)}</span>
                  </dt>
                  <dd>
                    <span class="value">{bytes}</span>
                    <br />= <span class="value">{value}</span>
                    <br />
                    <span class="quiet">{texts().anatomy.fieldHelp[name]}</span>
                  </dd>
                </>
              )}
            </For>
          </dl>
          <p class="quiet">{texts().anatomy.order}</p>
          <Work work={found().work} />
        </>
      )}
    </Show>
  );
}

/** The target as a bar, with the hash under it. */
export function Work(props: { readonly work: ProofOfWork }): JSX.Element {
  const { texts } = usePage();
  const percent = () => (props.work.share * 100).toFixed(props.work.share < 0.01 ? 4 : 1);
  return (
    <>
      <h3>{texts().anatomy.work}</h3>
      <dl class="work">
        <dt>{texts().anatomy.target}</dt>
        <dd>
          <svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
            <rect class="target" width="100" height="1" />
          </svg>
          <span class="value">{props.work.target}</span>
        </dd>
        <dt>{texts().anatomy.hash}</dt>
        <dd>
          <svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
            <rect classList={{ missed: !props.work.isMet }} width={Math.min(1, props.work.share) * 100} height="1" />
          </svg>
          <span class="value">{props.work.hash}</span>
        </dd>
      </dl>
      <p>
        {props.work.isMet
          ? fill(texts().anatomy.met, percent(), props.work.expected.toLocaleString('en'))
          : texts().anatomy.notMet}
      </p>
    </>
  );
}
