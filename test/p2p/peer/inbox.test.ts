import { describe, expect, it } from 'vitest';
import { Inbox } from '../../../src/p2p/peer/inbox.ts';
import type { Handling, Work } from '../../../src/p2p/peer/work.ts';

/** An inbox whose messages are handled by `handle`, and which messages' memory was released. */
function inboxOf(handle: (command: string) => Handling) {
  const released: string[] = [];
  const inbox = new Inbox({
    handle: ({ command }) => handle(command),
    charged() {},
    failed() {},
    resumed() {},
  });
  const push = (command: string) =>
    inbox.push({ command, payload: new Uint8Array(0), size: 24, release: () => void released.push(command) });
  return { inbox, released, push };
}

describe("a message's memory is released", () => {
  it('once the message is handled', () => {
    const { inbox, released, push } = inboxOf(() => undefined);
    push('a');
    push('b');
    expect(released).toEqual([]);
    inbox.step();
    expect(released).toEqual(['a']);
    inbox.step();
    expect(released).toEqual(['a', 'b']);
  });

  it('once the work for it is done', () => {
    const { inbox, released, push } = inboxOf(function* (): Work {
      yield;
      yield;
    });
    push('a');
    for (let steps = 0; steps < 3; steps++) {
      inbox.step();
      expect(released).toEqual([]);
    }
    inbox.step();
    expect(released).toEqual(['a']);
  });

  it('once the promise for it is settled', async () => {
    let settle = () => {};
    const { inbox, released, push } = inboxOf(() => new Promise<void>((resolve) => (settle = resolve)));
    push('a');
    inbox.step();
    settle();
    expect(released).toEqual([]);
    await new Promise(setImmediate);
    expect(released).toEqual(['a']);
  });

  it('once its handler has failed', () => {
    const { inbox, released, push } = inboxOf(() => {
      throw new Error('test');
    });
    push('a');
    inbox.step();
    expect(released).toEqual(['a']);
  });

  it('when it is dropped', () => {
    const { inbox, released, push } = inboxOf(() => undefined);
    push('a');
    push('b');
    inbox.clear();
    expect([released, inbox.cost, inbox.step()]).toEqual([['a', 'b'], 0, false]);
  });

  it('when its work is abandoned', () => {
    const { inbox, released, push } = inboxOf(function* (): Work {
      for (;;) yield;
    });
    push('a');
    inbox.step();
    inbox.step();
    inbox.clear();
    expect(released).toEqual(['a']);
    expect(inbox.step()).toBe(false);
    expect(released).toEqual(['a']);
  });

  it('only when its step is over, if that drops it', () => {
    const seen: string[][] = [];
    const { inbox, released, push } = inboxOf(() => {
      inbox.clear();
      seen.push([...released]);
      return undefined;
    });
    push('a');
    push('b');
    inbox.step();
    expect([seen, released]).toEqual([[['b']], ['b', 'a']]);
  });

  it('only when its promise is settled, if it is dropped before', async () => {
    let settle = () => {};
    const { inbox, released, push } = inboxOf(() => new Promise<void>((resolve) => (settle = resolve)));
    push('a');
    inbox.step();
    inbox.clear();
    expect(released).toEqual([]);
    settle();
    await new Promise(setImmediate);
    expect(released).toEqual(['a']);
  });
});

describe('work that is abandoned gives up what it holds', () => {
  /** An inbox with work for a message `a`, that calls `inStep` in its second step. */
  function holding(inStep: (inbox: Inbox) => void = () => {}) {
    const held = { is: false };
    const { inbox, push } = inboxOf(function* (): Work {
      held.is = true;
      try {
        yield;
        inStep(inbox);
        yield;
        yield new Promise<void>(() => {});
      } finally {
        held.is = false;
      }
    });
    push('a');
    return { inbox, held };
  }

  it.each([2, 3, 4])('after step %i', (steps) => {
    const { inbox, held } = holding();
    for (let step = 0; step < steps; step++) inbox.step();
    expect(held.is).toBe(true);
    inbox.clear();
    expect(held.is).toBe(false);
  });

  it('after the step that drops it', () => {
    const { inbox, held } = holding((own) => own.clear());
    inbox.step();
    inbox.step();
    expect(held.is).toBe(true);
    inbox.step();
    expect(held.is).toBe(false);
    expect(inbox.step()).toBe(false);
  });
});
