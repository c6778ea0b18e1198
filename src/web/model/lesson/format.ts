import type { NodeRole } from '../../../devnet/topology/network-options.ts';
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
  /** One or two sentences. */
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
  /**
   * The nodes that it needs, by the part that each plays: a node has one of these roles, the first of them if there is one,
   * and plays one part.
   */
  readonly cast: Readonly<Record<Part, readonly NodeRole[]>>;
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

/** Nodes for the parts of a lesson, or the roles of which the network has too few nodes. */
export type Casting =
  | { readonly cast: ReadonlyMap<string, string> }
  | { readonly missing: readonly (readonly NodeRole[])[] };

/** Chooses a node for each part of a lesson. */
export function chooseCast(
  { cast }: Pick<Lesson, 'cast'>,
  nodes: readonly { readonly name: string; readonly role: string }[],
): Casting {
  const chosen = new Map<string, string>();
  const missing: (readonly NodeRole[])[] = [];
  const taken = new Set<string>();
  // Parts with less choice first.
  const parts = Object.entries(cast).sort(([, a], [, b]) => a.length - b.length);
  for (const [part, roles] of parts) {
    const free = nodes.filter(({ name }) => !taken.has(name));
    const role = roles.find((each) => free.some((node) => node.role === each));
    const node = free.find((each) => each.role === role);
    if (node) {
      chosen.set(part, node.name);
      taken.add(node.name);
    } else missing.push(roles);
  }
  return missing.length === 0 ? { cast: chosen } : { missing };
}
