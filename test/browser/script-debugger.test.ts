import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { concatBytes } from '../../src/bytes/compare.ts';
import { fromReversedHex, toHex } from '../../src/bytes/hex.ts';
import { regtest } from '../../src/consensus/params.ts';
import { NetworkControl } from '../../src/control/server/network-control.ts';
import { hash160, sha256 } from '../../src/crypto/hash.ts';
import { secp256k1 } from '../../src/crypto/secp256k1.ts';
import { createNetwork } from '../../src/devnet/network/create-network.ts';
import type { NodeNetwork } from '../../src/devnet/network/node-network.ts';
import { PAGE_FOLDER } from '../../src/node/page-folder.ts';
import { Transaction, type TxOut } from '../../src/primitives/transaction.ts';
import { encodeAddress } from '../../src/script/address.ts';
import { Op } from '../../src/script/opcodes.ts';
import { compileScript } from '../../src/script/script.ts';
import { SighashCache, taprootSighash } from '../../src/script/sighash/index.ts';
import { tapLeafHash, tapTweakHash } from '../../src/script/taproot.ts';
import { describeChromium } from '../support/chromium.ts';
import { LivePage } from '../support/live-page.ts';
import { signSchnorr } from '../support/signing.ts';

const none = new Uint8Array(0);
const secret = sha256(Uint8Array.of(7));

describeChromium('the script debugger', () => {
  let network: NodeNetwork;
  let control: NetworkControl;
  let live: LivePage;

  beforeAll(async () => {
    expect(existsSync(PAGE_FOLDER), '`npm run build` makes the page').toBe(true);
    network = await createNetwork({ nodes: [{ name: 'shop' }], accounts: 2 });
    control = await NetworkControl.start(network, { name: 'lesson', port: 0 });
    live = await LivePage.open(`${control.url.replace('ws:', 'http:')}#token=${control.token}`);
  }, 60_000);
  afterAll(async () => {
    await live?.close();
    await control?.close();
    await network?.close();
  });

  const debug = () => live.page.locator('.debugger');
  const moment = () => debug().locator('output').textContent();
  const pile = (name: string) =>
    debug().getByRole('region', { name, exact: true }).getByRole('listitem').allTextContents();
  const current = () => debug().locator('[aria-current="step"] .opcode').textContent();
  const choice = (label: string) => debug().locator('label', { hasText: label }).locator('select');
  const show = async (route: string) => {
    await live.page.evaluate((hash) => {
      location.hash = hash;
    }, route);
  };

  /** Pays to a script, and returns a transaction that spends the output: `unlock` gives its scriptSig and witness. */
  const spend = async (
    scriptPubKey: Uint8Array,
    unlock: (tx: Transaction, spent: TxOut) => { scriptSig?: Uint8Array; witness?: Uint8Array[] },
  ): Promise<Transaction> => {
    const { txid } = await network.faucet(encodeAddress(scriptPubKey, regtest.address)!, '1');
    const { vout } = await network
      .node('shop')
      .call<{ vout: { value: number; n: number }[] }>('getrawtransaction', [txid, 1]);
    const index = vout.find(({ value }) => value === 1)!.n;
    const spent = { value: 100_000_000n, scriptPubKey };
    const build = ({ scriptSig = none, witness = [] }: ReturnType<typeof unlock>) =>
      new Transaction({
        version: 2,
        inputs: [{ prevout: { txid: fromReversedHex(txid), vout: index }, scriptSig, sequence: 0xffff_fffd, witness }],
        outputs: [{ value: 99_990_000n, scriptPubKey: compileScript(Op.OP_0, new Uint8Array(20).fill(3)) }],
        lockTime: 0,
      });
    return build(unlock(build({}), spent));
  };

  it('steps through a payment to the end and back', { timeout: 60_000 }, async () => {
    const { page } = live;
    const { txid } = await network.accounts[0]!.pay(network.accounts[1]!, '0.5');
    await network.mine();
    await show(`#/transaction/${txid}`);
    await page.getByRole('button', { name: 'Step through its scripts' }).first().click();
    await debug().getByText('Valid: the scripts allow the input').waitFor();
    expect(page.url()).toContain(`#/script/${txid}/0`);
    expect(await moment()).toBe('Step 1 of 6');
    const [key, signature, ...more] = await pile('Stack');
    expect(more).toEqual([]);
    expect(key).toMatch(/^0[23][0-9a-f]{64}$/);
    expect(signature).toMatch(/^30[0-9a-f]+01$/);

    for (const opcode of ['OP_DUP', 'OP_HASH160', undefined, 'OP_EQUALVERIFY']) {
      await page.keyboard.press('ArrowRight');
      if (opcode) expect(await current()).toBe(opcode);
    }
    expect(await pile('Stack: after')).toEqual([key, signature]);
    expect((await pile('Stack: before')).slice(2)).toEqual([key, signature]);
    expect(await debug().locator('.signature').count()).toBe(0);
    await debug().getByRole('button', { name: 'Forward' }).click();
    expect([await moment(), await current(), await pile('Stack: after')]).toEqual([
      'Step 6 of 6',
      'OP_CHECKSIG',
      ['01'],
    ]);
    expect(await debug().getByRole('button', { name: 'Forward' }).isDisabled()).toBe(true);
    expect(await debug().locator('.signature dd').first().textContent()).toBe('valid');
    await debug().getByText('ALL (0x01)').waitFor();
    // What is signed, field by field: hashed twice, it is the signature hash.
    const fields = await debug().locator('.preimage td').allTextContents();
    expect(fields).toHaveLength(10);
    const hash = toHex(sha256(sha256(Uint8Array.from(Buffer.from(fields.join(''), 'hex')))));
    await debug().locator('.signature dd', { hasText: hash }).waitFor();
    await debug().getByText('4 / 201').waitFor();

    for (let step = 5; step >= 1; step--) {
      await page.keyboard.press('ArrowLeft');
      expect(await moment()).toBe(`Step ${step} of 6`);
    }
    await page.keyboard.press('ArrowLeft');
    expect([await moment(), await pile('Stack')]).toEqual(['Step 1 of 6', [key, signature]]);
    await page.keyboard.press('End');
    expect(await moment()).toBe('Step 6 of 6');
    expect(await live.violations()).toEqual([]);
    await page.keyboard.press('Home');
    expect(await moment()).toBe('Step 1 of 6');
    await debug().getByRole('button', { name: 'OP_HASH160' }).click();
    expect(await moment()).toBe('Step 3 of 6');
    // Its address shows it again.
    await page.reload();
    await debug().getByText('Valid: the scripts allow the input').waitFor();
    // A coinbase runs no script.
    const { tx } = await network
      .node('shop')
      .call<{ tx: string[] }>('getblock', [(await network.node('shop').view()).tip]);
    await show(`#/script/${tx[0]}/0`);
    await debug().getByText('it spends no output').waitFor();
    await show(`#/script/${txid}/7`);
    await debug().getByText('The transaction has no input 7.').waitFor();
    await show(`#/script/${'ab'.repeat(32)}/0`);
    await debug()
      .getByText(`nothing called “${'ab'.repeat(32)}”`)
      .waitFor();
  });

  it('steps through a redeem script with a branch, and a tapscript', { timeout: 60_000 }, async () => {
    const { page } = live;
    const redeem = compileScript(Op.OP_IF, Op.OP_ADD, Op.OP_5, Op.OP_EQUAL, Op.OP_ELSE, Op.OP_RETURN, Op.OP_ENDIF);
    const scriptSig = compileScript(Op.OP_2, Op.OP_3, Op.OP_1, redeem);
    const tx = await spend(compileScript(Op.OP_HASH160, hash160(redeem), Op.OP_EQUAL), () => ({ scriptSig }));
    await network.node('shop').call('sendrawtransaction', [toHex(tx.encode())]);
    await show(`#/script/${tx.txidHex}/0`);
    await debug().getByText('Valid: the scripts allow the input').waitFor();
    const phases = await debug().locator('.phases button').allTextContents();
    expect(phases).toEqual(['Input script (scriptSig)', 'Output script (scriptPubKey)', 'Redeem script (P2SH)']);
    await debug().getByRole('button', { name: 'Redeem script' }).click();
    expect(await moment()).toBe('Step 10 of 17');
    expect(await pile('Stack')).toEqual(['01', '03', '02']);
    await page.keyboard.press('ArrowRight');
    expect(await debug().locator('.conditions li').allTextContents()).toEqual(['taken']);
    await debug().getByRole('button', { name: 'OP_RETURN (skipped)' }).click();
    expect(await debug().locator('.conditions li').allTextContents()).toEqual(['not taken']);
    await page.keyboard.press('End');
    expect([await moment(), await pile('Stack: after')]).toEqual(['Step 17 of 17', ['01']]);
    for (let step = 16; step >= 1; step--) await page.keyboard.press('ArrowLeft');
    expect(await moment()).toBe('Step 1 of 17');

    const engine = secp256k1();
    const internalKey = engine.xOnlyPublicKey(secret)!;
    const script = compileScript(Op.OP_TOALTSTACK, internalKey, Op.OP_CHECKSIGVERIFY, Op.OP_FROMALTSTACK);
    const leafHash = tapLeafHash(0xc0, script);
    const output = engine.xOnlyTweakAdd(internalKey, tapTweakHash(internalKey, leafHash))!;
    const tapscript = await spend(compileScript(Op.OP_1, output.subarray(1)), (unsigned, spent) => {
      const context = { annexHash: undefined, leafHash };
      const hash = taprootSighash(new SighashCache(unsigned, [spent]), 0, 0, context, 0xffff_ffff)!;
      const control = concatBytes(Uint8Array.of(0xc0 + (output[0]! & 1)), internalKey);
      return { witness: [signSchnorr(hash, secret), Uint8Array.of(1), script, control] };
    });
    await network.node('shop').call('sendrawtransaction', [toHex(tapscript.encode())]);
    await show(`#/script/${tapscript.txidHex}/0`);
    await debug().getByText('Tapscript (script path)').waitFor();
    await page.keyboard.press('ArrowRight');
    expect(await pile('Altstack: after')).toEqual(['01']);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await debug().getByText('Schnorr (BIP340), BIP341').waitFor();
    expect(await debug().locator('.preimage th').allTextContents()).toContain('Tapleaf hash');
    await page.keyboard.press('End');
    expect([await moment(), await pile('Stack: after')]).toEqual(['Step 5 of 5', ['01']]);
    expect(await live.violations()).toEqual([]);
    await page.keyboard.press('Home');
    expect(await moment()).toBe('Step 1 of 5');
  });

  it('applies the rules of mempools, and of blocks to what a block has', { timeout: 60_000 }, async () => {
    const { page } = live;
    // Four hundred operations that are skipped, and one that only mempools refuse.
    const skipped = [Op.OP_0, Op.OP_IF, ...new Array<number>(400).fill(Op.OP_1), Op.OP_ENDIF];
    const redeems = [compileScript(Op.OP_1), compileScript(...skipped, Op.OP_NOP4, Op.OP_1)];
    const spends: Transaction[] = [];
    for (const redeem of redeems) {
      const scriptPubKey = compileScript(Op.OP_HASH160, hash160(redeem), Op.OP_EQUAL);
      spends.push(await spend(scriptPubKey, () => ({ scriptSig: compileScript(redeem) })));
    }
    const { version, outputs, lockTime } = spends[0]!;
    const tx = new Transaction({ version, inputs: spends.flatMap(({ inputs }) => inputs), outputs, lockTime });
    await show('#/script');
    await debug().getByLabel('Transaction (hex)').fill(toHex(tx.encode()));
    await debug().getByRole('button', { name: 'Check' }).click();
    // It shows the input that is refused, and of its steps those around the one that fails.
    await debug().getByText('Refused: NOPx reserved for soft-fork upgrades').waitFor();
    expect(await choice('Input').inputValue()).toBe('1');
    expect(await choice('Rules').inputValue()).toBe('policy');
    await debug().getByText('Where: Redeem script (P2SH), operation 404 (OP_NOP4)').waitFor();
    const shown = await debug().locator('.steps li').allTextContents();
    expect(shown.slice(0, 3)).toEqual(['Start', '… 303 more', '304 1 (skipped)']);
    expect(shown.at(-1)).toBe('404 OP_NOP4 ✕');
    await debug().getByRole('button', { name: 'Start' }).click();
    expect((await debug().locator('.steps li').allTextContents()).at(-1)).toBe('… 304 more');
    await choice('Input').selectOption('0');
    await debug().getByText('Valid: the scripts allow the input').waitFor();
    await choice('Input').selectOption('1');
    await choice('Rules').selectOption('consensus');
    await debug().getByText('Valid: the scripts allow the input').waitFor();

    // First what it spends.
    await network.mine();
    await network.mine(1, { transactions: [toHex(tx.encode())] });
    await show(`#/script/${tx.txidHex}/1`);
    await debug().getByText('Valid: the scripts allow the input').waitFor();
    expect(await choice('Rules').inputValue()).toBe('consensus');
    await choice('Rules').selectOption('policy');
    await debug().getByText('Refused: NOPx reserved for soft-fork upgrades').waitFor();
    expect(page.url()).toContain(`#/script/${tx.txidHex}/1`);
  });

  it('says why a pasted transaction is refused, where, and in the words of Bitcoin Core', {
    timeout: 60_000,
  }, async () => {
    const { page } = live;
    const redeem = compileScript(Op.OP_ADD, Op.OP_5, Op.OP_EQUALVERIFY, Op.OP_1);
    const scriptSig = compileScript(Op.OP_2, Op.OP_2, redeem);
    const tx = await spend(compileScript(Op.OP_HASH160, hash160(redeem), Op.OP_EQUAL), () => ({ scriptSig }));
    await show('#/');
    await page.getByRole('button', { name: 'Scripts', exact: true }).click();
    expect(page.url()).toContain('#/script');
    const check = async (text: string) => {
      await debug().getByLabel('Transaction (hex)').fill(text);
      await debug().getByRole('button', { name: 'Check' }).click();
    };
    await check('<b>no hex</b>');
    await debug().getByRole('alert').getByText('This is no transaction in hex.').waitFor();
    await check(toHex(tx.encode()));
    const reason = 'mempool-script-verify-flag-failed (Script failed an OP_EQUALVERIFY operation)';
    await debug().getByText(reason).waitFor();
    await debug().getByText('Refused: Script failed an OP_EQUALVERIFY operation').waitFor();
    await debug().getByText('Where: Redeem script (P2SH), operation 3 (OP_EQUALVERIFY)').waitFor();
    // It begins where it fails.
    expect([await current(), await pile('Stack: before')]).toEqual(['OP_EQUALVERIFY', ['05', '04']]);
    expect(await live.violations()).toEqual([]);
    // Keys in the form are the form's.
    await debug().getByLabel('Transaction (hex)').press('Home');
    expect(await current()).toBe('OP_EQUALVERIFY');
    await page.getByLabel('Language').selectOption('zh');
    await debug().getByText('被拒绝：OP_EQUALVERIFY 失败：两个元素不相等').waitFor();
    await debug().getByText('位置：赎回脚本（P2SH），第 3 个操作（OP_EQUALVERIFY）').waitFor();
    for (const theme of ['light', 'dark']) {
      await page.locator('header select').nth(1).selectOption(theme);
      expect(await live.violations()).toEqual([]);
    }
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.getByLabel('语言').selectOption('en');

    // Of an output that no node has, it says so.
    const [input] = tx.inputs;
    const unknown = new Transaction({
      ...{ version: 2, outputs: tx.outputs, lockTime: 0 },
      inputs: [{ ...input!, prevout: { txid: new Uint8Array(32).fill(9), vout: 1 } }],
    });
    await check(toHex(unknown.encode()));
    await debug()
      .getByText(`No node has the output that input 0 spends (${'09'.repeat(32)}:1)`)
      .waitFor();
    await debug().getByText('missing-inputs').waitFor();
    expect(live.errors).toEqual([]);
  });
});
