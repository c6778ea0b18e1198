import { createEffect, createMemo, createResource, on } from 'solid-js';
import { lessonOf } from '../../lessons/index.ts';
import { nineSteps } from '../../lessons/nine-steps.ts';
import { scenarioSteps } from '../../lessons/scenario.ts';
import { restore } from '../../model/lesson/before.ts';
import { type Casting, chooseCast } from '../../model/lesson/casting.ts';
import type { Both, Lesson } from '../../model/lesson/format.ts';
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

/** Lessons on a network. */
export interface Lessons {
  readonly player: LessonPlayer;
  /** What the step that is shown speaks of. */
  readonly focus: () => Focus | undefined;
  /** Returns the nodes that play a lesson, or would; undefined while that is not known. */
  readonly casting: (lesson: Lesson) => Casting | undefined;
}

/** Plays the lesson that the page's address asks for. */
export function useLessons(session: Session, { route, replace }: LessonPlaces): Lessons {
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
        // Under the list, the lesson that is open stays.
        if (lesson) void player.start(lesson, (asked.step ?? 1) - 1);
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
  const isShown = () => route().view === 'lesson' || player.open() !== undefined;
  const [accounts] = createResource(
    () => isShown() && session.connection() === 'connected' && session.client,
    async (client) => (await client.call('accounts').catch(() => ({ accounts: [] }))).accounts,
  );
  const casting = (lesson: Lesson): Casting | undefined => {
    const open = player.open();
    const cast = open?.lesson === lesson ? open.cast : undefined;
    if (cast) return { cast };
    const nodes = session.status()?.nodes;
    const held = accounts();
    if (!nodes || !held) return undefined;
    const isWatching = open?.lesson === lesson && open.isWatching;
    session.version();
    return chooseCast(lesson.cast, {
      // The network starts the nodes of the lesson that it plays itself.
      nodes: isWatching ? nodes.map((node) => ({ ...node, status: 'running' })) : nodes,
      links: [...session.timeline.links.values()],
      accounts: held,
    });
  };
  const focus = createMemo((): Focus | undefined => {
    const open = player.open();
    if (!open || open.isLeaving) return undefined;
    const found = casting(open.lesson);
    if (!found || 'missing' in found) return undefined;
    const { nodes, views } = open.lesson.steps[open.step]!.focus;
    return { nodes: new Set(nodes.map((part) => found.cast.get(part)!)), views: new Set(views) };
  });
  return { player, focus, casting };
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
