import type { Lesson } from '../model/lesson/format.ts';
import { doubleSpend } from './double-spend.ts';
import { fork } from './fork.ts';
import { nineSteps } from './nine-steps.ts';

/**
 * All lessons, in the order of the list. A lesson is one file in this folder, with its texts in both languages side by side:
 * `src/web/model/lesson/format.ts` describes the format. It appears in the page once it stands here.
 */
export const lessons: readonly Lesson[] = [nineSteps, fork, doubleSpend];

/** Returns the lesson with an id; undefined if there is none. */
export function lessonOf(id: string | undefined): Lesson | undefined {
  return lessons.find((lesson) => lesson.id === id);
}
