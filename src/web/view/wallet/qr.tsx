import { createSignal, For, type JSX } from 'solid-js';
import { qrCode } from '../../model/wallet/qr.ts';
import { fill } from '../../text/texts.ts';
import { usePage } from '../context.ts';

/** An address with its QR code, as BIP21 has it, and a button that copies it. */
export function AddressCode(props: { readonly address: string }): JSX.Element {
  const { texts } = usePage();
  const code = () => qrCode(`bitcoin:${props.address}`);
  return (
    <div class="code">
      <svg
        class="qr"
        viewBox={`0 0 ${code().size} ${code().size}`}
        role="img"
        aria-label={fill(texts().wallet.qr, props.address)}
        shape-rendering="crispEdges"
      >
        <rect class="paper" width={code().size} height={code().size} />
        <For each={code().runs}>{({ x, y, width }) => <rect {...{ x, y, width }} height="1" />}</For>
      </svg>
      <p>
        <span class="value">{props.address}</span> <CopyButton text={props.address} />
      </p>
    </div>
  );
}

/** A button that copies a text. */
export function CopyButton(props: { readonly text: string }): JSX.Element {
  const { texts } = usePage();
  const [copied, setCopied] = createSignal<string>();
  const copy = async () => {
    // A page that is not served by this machine may not have it, and the user may forbid it: the text can be selected.
    const { clipboard } = navigator as { clipboard?: Clipboard };
    await clipboard?.writeText(props.text).then(
      () => setCopied(props.text),
      () => setCopied(undefined),
    );
  };
  return (
    <button type="button" aria-live="polite" onClick={() => void copy()}>
      {copied() === props.text ? texts().wallet.copied : texts().wallet.copy}
    </button>
  );
}
