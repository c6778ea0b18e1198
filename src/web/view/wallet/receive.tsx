import { createSignal, createUniqueId, For, type JSX, Show } from 'solid-js';
import { messageOf } from '../../model/failure.ts';
import type { WalletName } from '../../model/wallet/nodes.ts';
import { usePage } from '../context.ts';
import { createLive } from '../live.ts';
import { Failure } from './failure.tsx';
import { AddressCode } from './qr.tsx';

const TYPES = ['bech32', 'bech32m', 'p2sh-segwit', 'legacy'] as const;
/** Addresses that are listed. */
const MAX_LISTED = 100;

/** What is read of an item of `listaddresses`. */
interface AddressRow {
  readonly wallet: string;
  readonly address: string;
  readonly path: string;
  readonly change: boolean;
  readonly used: boolean;
}

/** Fresh addresses of a wallet, and those that it has handed out. */
export function Receive(props: { readonly of: WalletName }): JSX.Element {
  const { session, texts, go } = usePage();
  const id = createUniqueId();
  const [type, setType] = createSignal<string>(TYPES[0]);
  const [address, setAddress] = createSignal<string>();
  const [failure, setFailure] = createSignal<string>();
  const handedOut = createLive(
    () => `${props.of.node} ${props.of.wallet}`,
    async () => {
      // Programs without the method list none.
      const rows = await session.call<AddressRow[]>(props.of.node, 'listaddresses').catch(() => []);
      return rows.filter(({ wallet }) => wallet === props.of.wallet);
    },
  );
  const create = async (event: SubmitEvent) => {
    event.preventDefault();
    try {
      setAddress(await session.call<string>(props.of.node, 'getnewaddress', ['', type()], props.of.wallet));
      setFailure(undefined);
      handedOut.refresh();
    } catch (error) {
      setFailure(messageOf(error));
    }
  };
  return (
    <>
      <h3>{texts().wallet.receive}</h3>
      <form class="action" onSubmit={(event) => void create(event)}>
        <label for={id}>
          <span>{texts().wallet.type}</span>
          <select id={id} value={type()} onInput={(event) => setType(event.currentTarget.value)}>
            <For each={TYPES}>{(each) => <option value={each}>{texts().wallet.types[each]}</option>}</For>
          </select>
        </label>
        <button type="submit">{texts().wallet.newAddress}</button>
        <Failure text={failure()} />
      </form>
      <Show when={address()}>{(fresh) => <AddressCode address={fresh()} />}</Show>
      <Show when={(handedOut.value() ?? []).length > 0}>
        <details>
          <summary>
            {texts().wallet.addresses} <span class="number">{handedOut.value()!.length}</span>
          </summary>
          <ul class="hashes">
            <For each={handedOut.value()!.slice(-MAX_LISTED)}>
              {(each) => (
                <li>
                  <button type="button" class="hash" onClick={() => go({ view: 'address', id: each.address })}>
                    {each.address}
                  </button>{' '}
                  <span class="quiet">
                    {each.path}
                    {each.change ? ` · ${texts().wallet.change}` : ''}
                    {each.used ? ` · ${texts().wallet.used}` : ''}
                  </span>
                </li>
              )}
            </For>
          </ul>
        </details>
      </Show>
    </>
  );
}
