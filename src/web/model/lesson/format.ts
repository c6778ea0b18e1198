import type { PartKind } from './casting.ts';
import type { Both, Fact } from './evidence.ts';
import type { Scene } from './scene.ts';

export type { Both, Fact } from './evidence.ts';

/** A view of the page that a step can speak of. */
export type LessonView = 'stage' | 'diagram' | 'tree';

/** What a step speaks of: the page dims the rest. */
export interface StepFocus<Part extends string = string> {
  /** Parts of the cast, whose nodes and the links between them are not dimmed. */
  readonly nodes: readonly Part[];
  readonly views: readonly LessonView[];
}

/** One step: it says something, lets it happen, and verifies it. */
export interface Step<Part extends string = string, Kept extends object = object> {
  readonly title: Both;
  /** One or two sentences. `{miner}` after a word for a part is the name of its node, where that says more. */
  readonly text: Both;
  readonly focus: StepFocus<Part>;
  /** Lets the thing happen, by methods of the control server. Absent if it happens because of an earlier step. */
  readonly act?: (scene: Scene<Part, Kept>) => Promise<void>;
  /** Waits until it has happened (`scene.until`), verifies it (`scene.check`), and returns the evidence. */
  readonly verify: (scene: Scene<Part, Kept>) => Promise<readonly Fact[]>;
}

/** A lesson, as its file describes it. */
export interface Lesson<Part extends string = string, Kept extends object = object> {
  /** Its name in the page's address. */
  readonly id: string;
  readonly title: Both;
  /** One sentence for the list of lessons. */
  readonly summary: Both;
  /** The parts that it needs nodes for, with what each asks of its node. A node plays one part. */
  readonly cast: Readonly<Record<Part, PartKind>>;
  /** Prepares the network before the first step, such as by stopping nodes: what it changes is restored at the end. */
  readonly prepare?: (scene: Scene<Part, Kept>) => Promise<void>;
  readonly steps: readonly Step<Part, Kept>[];
}

/**
 * Returns a lesson whose parts and notes are checked: `Part` are the names of its cast, `Kept` is what its steps note for
 * later ones (`scene.keep`).
 */
export function defineLesson<Part extends string, Kept extends object = object>(lesson: Lesson<Part, Kept>): Lesson {
  // The player gives its steps a scene with this cast.
  return lesson as unknown as Lesson;
}
