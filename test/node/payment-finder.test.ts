import { afterAll, beforeAll, expect, it } from 'vitest';
import { exportProof, verifyConfig, verifyProof, verifyTransaction } from '../../src/commands/verify.ts';
import { startFullNode, type TestFullNode } from '../support/node.ts';

let node: TestFullNode;
let txid: string;
let address: string;

beforeAll(async () => {
  node = await startFullNode();
  await node.mine(102);
  address = await node.newAddress();
  txid = await node.rpc<string>('sendtoaddress', address, 1);
  await node.mine(1);
});

afterAll(() => node.node.stop());

const config = () => verifyConfig({ network: 'regtest', nodes: [node.p2p] }, {});

it('suggests other searches if a node serves no Bloom filters, and finds the block by block filters', async () => {
  await expect(verifyTransaction(config(), txid)).rejects.toMatchObject({
    code: 'cannot-search',
    hint: expect.stringMatching(/--address A.*--block HASH.*--peerbloomfilters/),
  });
  const unconfirmed = await node.rpc<string>('sendtoaddress', address, 1);
  await expect(verifyTransaction(config(), unconfirmed, { address })).rejects.toMatchObject({ code: 'not-found' });
  const { verdict, proof } = await verifyTransaction(config(), txid, { address });
  expect(verdict).toMatchObject({ verified: true, confirmations: 1, workOnTop: 0n });
  // The block lies in the first difficulty period of regtest, so that all headers are needed.
  for (const from of ['2016', '1', 'x']) {
    expect(() => exportProof(config(), proof, from)).toThrow(expect.objectContaining({ code: 'bad-height' }));
  }
  const text = JSON.stringify(exportProof(config(), proof, '0'));
  expect(verifyProof(config(), text, { txid, source: 'a test' }).verdict).toMatchObject({ verified: true });
});

it('reports invalid and unsatisfiable requests', async () => {
  const rejected = async (options: object, expected: object, id = txid) =>
    expect(verifyTransaction(config(), id, options)).rejects.toMatchObject(expected);
  await rejected(
    { block: '101' },
    { code: 'not-in-block', message: expect.stringMatching(/ at height 101 does not contain/) },
  );
  await rejected({ block: '999' }, { code: 'no-such-block', message: expect.stringMatching(/which has height 103/) });
  await rejected({ block: 'ab'.repeat(32) }, { code: 'no-such-block' });
  await rejected({ block: '0x12' }, { code: 'bad-hash' });
  await rejected({ checkpoint: '5' }, { code: 'bad-checkpoint' });
  await rejected({ address: 'bc1q' }, { name: 'AddressError' });
  await rejected({}, { code: 'bad-hash' }, 'abc');
  const genesis = await node.rpc<string>('getblockhash', 0);
  const { verdict } = await verifyTransaction(config(), txid, { block: '103', checkpoint: `103:${genesis}` });
  expect(verdict).toMatchObject({ verified: false, flaw: 'other-chain' });
});

it('queries the central node or the seeds of the network by default', () => {
  const ports = (nodes?: string[]) => verifyConfig({ network: 'regtest', nodes }, {}).nodes.map(({ port }) => port);
  expect([ports(), ports(['4000', '[::1]:5000'])]).toEqual([[3000], [4000, 5000]]);
  expect(verifyConfig({ network: 'regtest' }, { NODE_ID: '3001' }).own?.nodeId).toBe(3001);
  expect(verifyConfig({ network: 'regtest', nodes: ['4000'] }, { NODE_ID: '3001' }).own).toBeUndefined();
  expect(() => verifyConfig({ network: 'regtest', nodes: ['nowhere'] }, {})).toThrow(
    expect.objectContaining({ code: 'bad-seed' }),
  );
});
