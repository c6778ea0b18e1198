import { createEffect, createMemo, For, type JSX } from 'solid-js';
import { toReversedHex } from '../../../bytes/hex.ts';
import { type BlockProof, type DrawnNode, layOutProof } from '../../model/anatomy/merkle-path.ts';
import { tagOf } from '../../model/block-colour.ts';
import { usePage } from '../context.ts';
import { useNarrow } from '../narrow.ts';

/** Pixels of the drawing, and on a phone. */
const [WIDE, NARROW] = [560, 370];
/** Pixels between two levels, and of a node's side. */
const LEVEL = 52;
const NODE = 14;

/** The merkle tree of a proof, as far as it is computed: the leaves below, the root on top. */
export function ProofTree(props: {
  readonly proof: BlockProof;
  /** Steps that are computed. */
  readonly shown: number;
  /** Whether the root is the header's. */
  readonly isRight: boolean;
  readonly onWhole: (isWhole: boolean) => void;
}): JSX.Element {
  const { texts } = usePage();
  const isNarrow = useNarrow();
  const width = () => (isNarrow() ? NARROW : WIDE);
  const tree = createMemo(() => layOutProof(props.proof));
  createEffect(() => props.onWhole(tree().isWhole));
  const x = (node: DrawnNode) => 20 + node.x * (width() - 40);
  const y = (node: DrawnNode) => 22 + (tree().depth - node.height) * LEVEL;
  const isLit = (node: DrawnNode) => node.kind === 'path' && node.height <= props.shown;
  const isWrong = (node: DrawnNode) => node.height === tree().depth && isLit(node) && !props.isRight;
  return (
    <svg
      class="merkle"
      viewBox={`0 0 ${width()} ${tree().depth * LEVEL + 56}`}
      role="img"
      aria-label={texts().anatomy.tree}
    >
      <For each={tree().edges}>
        {({ from, to }) => (
          <line
            classList={{ lit: isLit(from) && isLit(to), needed: from.kind !== 'other' && isLit(to) }}
            x1={x(from)}
            y1={y(from)}
            x2={x(to)}
            y2={y(to)}
          />
        )}
      </For>
      <For each={tree().nodes}>
        {(node) => (
          <>
            <rect
              classList={{ lit: isLit(node), sibling: node.kind === 'sibling', wrong: isWrong(node) }}
              x={x(node) - NODE / 2}
              y={y(node) - NODE / 2}
              width={NODE}
              height={NODE}
            />
            <text x={x(node)} y={y(node) + NODE + 7}>
              {node.hash && (node.kind === 'sibling' || isLit(node)) ? tagOf(toReversedHex(node.hash)) : ''}
            </text>
          </>
        )}
      </For>
    </svg>
  );
}
