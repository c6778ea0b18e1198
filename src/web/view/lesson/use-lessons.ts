import { createEffect, createMemo, on } from 'solid-js';
import { lessonOf } from '../../lessons/index.ts';
import { nineSteps } from '../../lessons/nine-steps.ts';
import { scenarioSteps } from '../../lessons/scenario.ts';
import { restore } from '../../model/lesson/before.ts';
import { type Both, chooseCast } from '../../model/lesson/format.ts';
import { LessonPlayer } from '../../model/lesson/player.ts';
import type { LessonHost } from '../../model/lesson/scene.ts';
import { Unfinished } from '../../model/lesson/unfinished.ts';
import type { Route } from '../../model/route.ts';
import type { Session } from '../../model/session.ts';
import type { Focus } from '../context.ts';

/** Milliseconds that a character takes to be read, and the least for a text. */
const READ_MS = 40;
const LEAST_READ_MS = 1_500;

/** How the lessons move about in the page. */
export interface LessonPlaces {
  readonly route: () => Route;
  /** Shows another route in the place of the one in the history. */
  readonly replace: (route: Route) => void;
}

/** Plays the lesson that the page's address asks for. Returns the player, and what its step speaks of. */
export function useLessons(
  session: Session,
  { route, replace }: LessonPlaces,
): { readonly player: LessonPlayer; readonly focus: () => Focus | undefined } {
  const network: LessonHost = {
    call: (method, params) =>
      session.client ? session.client.call(method, params) : Promise.reject(new Error('there is no connection')),
    onChange: (listener) => session.onChange(listener),
  };
  let restored = Promise.resolve();
  // A lesson begins once what another has left is restored.
  const host: LessonHost = { ...network, call: (method, params) => restored.then(() => network.call(method, params)) };
  const unfinished = new Unfinished(localStorage, navigator.locks, () => session.server);
  const player = new LessonPlayer(host, {
    read: (text, signal) => reading(text, signal),
    remember: (before) => unfinished.set(before),
    moved: (lesson, step) => {
      const now = route();
      const isThere = now.view === 'lesson' && now.id === lesson.id && now.step === step + 1;
      // What the inspector shows stays.
      if (!isThere && (now.view === 'none' || now.view === 'lesson')) {
        replace({ view: 'lesson', id: lesson.id, step: step + 1 });
      }
    },
  });
  createEffect(
    on(route, (asked) => {
      if (asked.view === 'lesson') {
        const lesson = lessonOf(asked.id);
        if (lesson) void player.start(lesson, (asked.step ?? 1) - 1);
        else void player.leave();
      } else if (asked.view === 'none') {
        void player.leave();
      }
    }),
  );
  // A page that was closed in the middle of a lesson has left the network as it was then.
  createEffect(
    on(session.connection, (connection) => {
      if (connection !== 'connected') return;
      // What fails here the page shows as it is: nodes that do not run, links that are cut.
      restored = unfinished.finish((before) => restore(network, before)).catch(() => {});
    }),
  );
  // While `pier up` plays its scenario, the page lights up each step as it happens; not once it is over.
  createEffect(
    on(session.steps, (steps) => {
      if (steps.length === 0 || (steps.length === nineSteps.steps.length && !player.open()?.isWatching)) return;
      player.watch(nineSteps, scenarioSteps(nineSteps, steps));
    }),
  );
  const focus = createMemo((): Focus | undefined => {
    const open = player.open();
    if (!open || open.isLeaving) return undefined;
    const casting = chooseCast(open.lesson, session.status()?.nodes ?? []);
    if ('missing' in casting) return undefined;
    const { nodes, views } = open.lesson.steps[open.step]!.focus;
    return { nodes: new Set(nodes.map((part) => casting.cast.get(part)!)), views: new Set(views) };
  });
  return { player, focus };
}

/** Resolves after the time that a text takes to be read, or when the signal aborts. */
function reading({ en }: Both, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.max(LEAST_READ_MS, en.length * READ_MS));
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
