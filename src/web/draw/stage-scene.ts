import type { LinkEnds } from '../model/stage/division.ts';
import type { Point } from '../model/stage/layout.ts';
import type { ColumnSize, Density } from '../model/stage/stage-layout.ts';
import type { Timeline } from '../model/timeline.ts';
import type { Theme } from './theme.ts';

/** What the stage shows. */
export interface StageScene {
  readonly timeline: Timeline;
  readonly time: number;
  /** How many times slower things move than they did. */
  readonly pace: number;
  /** Pixels. */
  readonly places: ReadonlyMap<string, Point>;
  readonly density: Density;
  readonly column: ColumnSize;
  readonly theme: Theme;
  /** A block or transaction, by its hash: what knows it lights up. */
  readonly highlight: string | undefined;
  /** Whether shapes move; otherwise links flash. */
  readonly hasMotion: boolean;
  /** Names of the nodes that are not dimmed; undefined: none is. */
  readonly focus: ReadonlySet<string> | undefined;
  /** Links that stand out, such as those that a line would cut. */
  readonly marked: readonly LinkEnds[];
  /** Commands that are not drawn. */
  readonly hidden: ReadonlySet<string>;
  readonly isEncrypted: (from: string, to: string) => boolean;
}
