import { binaryKey } from '../../../src/bytes/compare.ts';
import { sha256 } from '../../../src/crypto/hash.ts';
import { Op } from '../../../src/script/opcodes.ts';
import { compileScript } from '../../../src/script/script.ts';
import type { Choice } from '../../support/choice.ts';
import { type CoinKind, oddKinds, standardKinds } from '../../support/coin-kinds.ts';
import { RandomSpends } from '../../support/random-spends.ts';
import { scriptErrorKinds } from '../../support/script-error-kinds.ts';
import type { BlockNode } from './block-tree.ts';

/** A kind whose script requires a lock time or a sequence. */
export interface LockedKind extends CoinKind {
  readonly lockTime?: number;
  readonly sequence?: number;
}

const empty = new Uint8Array(0);

/** Returns a P2WSH kind of the script `number opcode OP_DROP OP_1`. */
function locked(name: string, number: number, opcode: number, need: Partial<LockedKind>): LockedKind {
  const script = compileScript(BigInt(number), opcode, Op.OP_DROP, Op.OP_1);
  const satisfaction = { scriptSig: empty, witness: [script] };
  return { name, scriptPubKey: compileScript(Op.OP_0, sha256(script)), satisfy: () => satisfaction, ...need };
}

/** All kinds of outputs: those of the policy tests, random scripts, time locks and one per script error. */
export class Kinds {
  readonly #choice: Choice;
  readonly #randomSpends: RandomSpends;
  readonly #byScript = new Map<string, LockedKind[]>();
  readonly #openKinds: readonly CoinKind[];

  constructor(choice: Choice) {
    this.#choice = choice;
    this.#randomSpends = new RandomSpends(choice);
    this.#openKinds = oddKinds.filter(({ name }) => name === 'nonstandard' || name === 'tapscript success');
    for (const kind of [...standardKinds, ...oddKinds, ...scriptErrorKinds]) this.#add(kind);
  }

  #add(kind: LockedKind): LockedKind {
    const key = binaryKey(kind.scriptPubKey);
    const same = this.#byScript.get(key);
    if (!same) this.#byScript.set(key, [kind]);
    else if (!same.includes(kind)) same.push(kind);
    return kind;
  }

  /** Returns a random kind for an output in the block after `parent`. */
  next(parent: BlockNode): LockedKind {
    const choice = this.#choice;
    const draw = choice.int(20);
    if (draw < 9) return choice.pick(standardKinds);
    if (draw < 12) return choice.pick(oddKinds);
    if (draw < 15) return choice.pick(this.#openKinds);
    if (draw < 16) return choice.pick(scriptErrorKinds);
    return this.#add(draw < 18 ? this.#randomSpends.next() : this.#locked(parent));
  }

  #locked(parent: BlockNode): LockedKind {
    const choice = this.#choice;
    switch (choice.int(4)) {
      case 0: {
        const lockTime = Math.max(parent.height - 2 + choice.int(6), 0);
        return locked('cltv by height', lockTime, Op.OP_CHECKLOCKTIMEVERIFY, { lockTime });
      }
      case 1: {
        const lockTime = parent.medianTimePast() - 200 + choice.int(600);
        return locked('cltv by time', lockTime, Op.OP_CHECKLOCKTIMEVERIFY, { lockTime });
      }
      case 2: {
        const sequence = choice.int(5);
        return locked('csv by height', sequence, Op.OP_CHECKSEQUENCEVERIFY, { sequence });
      }
      default: {
        const sequence = 0x40_0000 | choice.int(4);
        return locked('csv by time', sequence, Op.OP_CHECKSEQUENCEVERIFY, { sequence });
      }
    }
  }

  /** Returns the kinds with this output script. */
  of(scriptPubKey: Uint8Array): readonly LockedKind[] {
    return this.#byScript.get(binaryKey(scriptPubKey)) ?? [];
  }
}
