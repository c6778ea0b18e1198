import { compareBytes, equalBytes } from '../../../bytes/compare.ts';
import { toReversedHex } from '../../../bytes/hex.ts';
import { formatReject } from '../../../consensus/reject.ts';
import type { Mempool } from '../../../mempool/mempool.ts';
import type { AcceptedPackageTx, PackageResult, PackageTxResult } from '../../../mempool/package/result.ts';
import { isChildWithParentsTree, MAX_PACKAGE_COUNT } from '../../../mempool/package/well-formed.ts';
import { feeAtRate, feeRate } from '../../../mempool/policy/fee-rate.ts';
import type { Transaction } from '../../../primitives/transaction.ts';
import { arrayArgument } from '../../arguments/arguments.ts';
import { transactionSchema } from '../../arguments/decode.ts';
import { checkBurn, feeLimit, maxBurnArgument, maxFeeRateArgument } from '../../arguments/max-fee.ts';
import { amountJson, type JsonObject } from '../../json/json.ts';
import { RpcCode, RpcError } from '../../json/rpc-error.ts';
import { type Method, method } from '../../method/method.ts';

/** Methods for mempool acceptance tests and packages. */
export const packageMethods: readonly Method[] = [
  method({
    name: 'testmempoolaccept',
    category: 'Rawtransactions',
    description:
      'Returns whether the mempool would accept transactions, without adding them. Several are tested as a package: parents\n' +
      'must come before children, and no transaction may conflict with another or with the mempool. If one is rejected, the\n' +
      'others may not be fully validated, and "allowed" is then absent.',
    arguments: [
      arrayArgument('rawtxs', transactionSchema, 'The hex-encoded transactions.', '["rawtx",...]', checkCount),
      maxFeeRateArgument,
    ],
    result:
      '[{ "txid": hash, "wtxid": hash, "package-error": text, "allowed": bool, "vsize": n, "fees": { "base": amount,\n' +
      '  "effective-feerate": amount, "effective-includes": [wtxid] }, "reject-reason": text, "reject-details": text }, ...]',
    example: '\'["signedhex"]\'',
    handler: async ({ node: { mempool } }, txs, maxFeeRate) => {
      const { reject, results } =
        txs.length === 1 ? await testOne(mempool, txs[0]!) : await mempool.testPackageAsync(txs);
      const packageError = reject?.kind === 'package-policy' ? { 'package-error': formatReject(reject) } : {};
      let isOver = false;
      return txs.map((tx, at) => {
        const result = isOver ? undefined : results[at];
        const outcome = result ? testJson(result, maxFeeRate) : {};
        // As in Core, results end at the first fee that is too high: its descendants would not be sent either.
        isOver ||= outcome['reject-reason'] === 'max-fee-exceeded';
        return { txid: tx.txidHex, wtxid: tx.wtxidHex, ...packageError, ...outcome };
      });
    },
  }),
  method({
    name: 'submitpackage',
    category: 'Rawtransactions',
    description:
      'Submits a child with its unconfirmed parents to the mempool. The child can pay for a parent whose own fee rate is too\n' +
      'low (package CPFP). Accepted transactions are relayed to all peers.',
    arguments: [
      arrayArgument(
        'package',
        transactionSchema,
        'The hex-encoded transactions, topologically sorted, the child last.',
        '["rawtx",...]',
        checkCount,
      ),
      maxFeeRateArgument,
      maxBurnArgument,
    ],
    result:
      '{ "package_msg": "success" or reject reason, "tx-results": { "wtxid": { "txid": hash, "other-wtxid": hash, "vsize": n,\n' +
      '  "fees": { "base": amount, "effective-feerate": amount, "effective-includes": [wtxid] }, "error": text } },\n' +
      '  "replaced-transactions": [txid] }',
    example: '\'["signedhex"]\'',
    handler: async ({ node: { mempool } }, txs, maxFeeRate, maxBurn) => {
      for (const tx of txs) checkBurn(tx, maxBurn);
      if (txs.length > 1 && !isChildWithParentsTree(txs)) {
        const message = 'package topology disallowed. not child-with-parents or parents depend on each other.';
        throw new RpcError(RpcCode.VERIFY_ERROR, message);
      }
      const { reject, results } = await mempool.acceptPackageAsync(txs, feeLimit(maxFeeRate));
      const replaced = new Set(results.flatMap((result) => (result && 'replaced' in result ? result.replaced : [])));
      return {
        package_msg: reject ? formatReject(reject) : 'success',
        'tx-results': Object.fromEntries(
          txs.flatMap((tx, at) => (results[at] ? [[tx.wtxidHex, submitJson(tx, results[at])]] : [])),
        ),
        'replaced-transactions': [...replaced]
          .map(({ tx }) => tx)
          .sort(byTxid)
          .map(({ txidHex }) => txidHex),
      };
    },
  }),
];

/** Orders by txid in internal byte order, as Core's std::set does. */
function byTxid(a: Transaction, b: Transaction): number {
  return compareBytes(a.txid, b.txid);
}

function checkCount(count: number): void {
  if (count >= 1 && count <= MAX_PACKAGE_COUNT) return;
  const message = `Array must contain between 1 and ${MAX_PACKAGE_COUNT} transactions.`;
  throw new RpcError(RpcCode.INVALID_PARAMETER, message);
}

async function testOne(mempool: Mempool, tx: Transaction): Promise<PackageResult> {
  const result = await mempool.acceptAsync(tx, { testOnly: true });
  if ('reject' in result) return { results: [result] };
  const effectiveFeeRate = feeRate(result.entry.modifiedFee, result.entry.vsize);
  return { results: [{ ...result, effectiveFeeRate, effectiveIncludes: [tx.wtxid] }] };
}

function testJson(result: PackageTxResult, maxFeeRate: bigint): JsonObject {
  if ('reject' in result) {
    const { reject } = result;
    if (reject.kind === 'missing-inputs') return { allowed: false, 'reject-reason': 'missing-inputs' };
    return { allowed: false, 'reject-reason': reject.reason, 'reject-details': formatReject(reject) };
  }
  // Transactions already in the mempool pass in `submitpackage` only.
  if ('present' in result) return {};
  const { fee, vsize } = result.entry;
  if (maxFeeRate !== 0n && fee > feeAtRate(maxFeeRate, vsize)) {
    return { allowed: false, 'reject-reason': 'max-fee-exceeded' };
  }
  return { allowed: true, vsize, fees: feesJson(result) };
}

function submitJson(tx: Transaction, result: PackageTxResult): JsonObject {
  const { txidHex: txid } = tx;
  if ('reject' in result) return { txid, error: formatReject(result.reject) };
  if ('entry' in result) return { txid, vsize: result.entry.vsize, fees: feesJson(result) };
  const { present } = result;
  if (!equalBytes(present.tx.wtxid, tx.wtxid)) return { txid, 'other-wtxid': present.tx.wtxidHex };
  return { txid, vsize: present.vsize, fees: { base: amountJson(present.fee) } };
}

function feesJson({ entry, effectiveFeeRate, effectiveIncludes }: AcceptedPackageTx): JsonObject {
  return {
    base: amountJson(entry.fee),
    'effective-feerate': amountJson(effectiveFeeRate),
    'effective-includes': effectiveIncludes.map(toReversedHex),
  };
}
