import { describe, expect, it } from 'vitest';
import { Playback } from '../../src/web/model/playback.ts';
import { Timeline } from '../../src/web/model/timeline.ts';
import { Traffic } from './support/traffic.ts';

/** Shows a moment every 10 ms, as the page does. Returns the last one. */
function run(playback: Playback, from: number, to: number): number {
  for (let now = from; now < to; now += 10) playback.time(now);
  return playback.time(to);
}

/** A payment of a journey of 40 ms, 1 s before another message. */
function payment(): Traffic {
  const traffic = new Traffic(['a', 'b']);
  traffic.send(10_000, 'a', 'b', 5, { command: 'inv', hashes: ['tx'] });
  traffic.send(10_010, 'b', 'a', 5, { command: 'getdata', hashes: ['tx'] });
  traffic.send(10_020, 'a', 'b', 20, { hashes: ['tx'] });
  traffic.send(11_040, 'a', 'b', 10, { command: 'addr' });
  return traffic;
}

describe('Playback', () => {
  it('shows what happens as it happens, slower, not at all, and from the past on', () => {
    const playback = new Playback(new Timeline());
    expect([playback.time(10_000), playback.isLive]).toEqual([9_800, true]);
    playback.setSlowness(10, 10_000);
    expect([playback.time(10_000), playback.time(20_000), playback.isLive]).toEqual([9_800, 10_800, false]);
    playback.setSlowness(0, 20_000);
    expect([playback.time(20_000), playback.time(90_000)]).toEqual([10_800, 10_800]);
    playback.show(5_000, 90_000);
    expect([playback.time(90_000), playback.time(95_000), playback.slowness]).toEqual([5_000, 5_000, 0]);
    playback.setSlowness(1, 95_000);
    expect(playback.time(96_000)).toBe(6_000);
    // A clock that is read a little earlier.
    expect(playback.time(95_900)).toBe(6_000);
    playback.live();
    expect([playback.time(96_000), playback.isLive]).toEqual([95_800, true]);
    // No moment that has not come yet.
    playback.show(200_000, 96_000);
    expect(playback.time(96_000)).toBe(95_800);
  });

  it('goes on as fast as before its standstill', () => {
    const playback = new Playback(new Timeline());
    playback.setSlowness(10, 10_000);
    playback.toggle(11_000);
    expect([playback.slowness, playback.time(15_000)]).toEqual([0, 9_900]);
    playback.toggle(20_000);
    expect([playback.slowness, playback.time(21_000)]).toEqual([10, 10_000]);
  });
});

describe('a slowed display', () => {
  it('begins where the last messages were sent if it is live and idle', () => {
    const { timeline } = payment();
    const playback = new Playback(timeline);
    playback.setSlowness(10, 12_000);
    // 2 s are shown: it begins 4% of them before the payment.
    expect([playback.span, playback.time(12_000)]).toEqual([2_000, 11_040 - 80]);
    // What is less than a second apart belongs together.
    const dense = payment();
    dense.send(10_500, 'b', 'a', 10);
    const another = new Playback(dense.timeline);
    another.setSlowness(10, 12_000);
    expect(another.time(12_000)).toBe(10_000 - 80);
    // Not more than the diagram shows.
    const { timeline: long } = new Traffic(['a', 'b']);
    const traffic = new Traffic(['a', 'b']);
    for (let at = 5_000; at <= 9_000; at += 10) traffic.send(at, 'a', 'b', 10);
    const last = new Playback(traffic.timeline);
    last.setSlowness(100, 10_000);
    expect(last.time(10_000)).toBe(9_010 - 200);
    // Without messages it stays where it is.
    const empty = new Playback(long);
    empty.setSlowness(100, 10_000);
    expect(empty.time(10_000)).toBe(9_800);
  });

  it('goes on from the moment shown if there are messages, or if it was not live', () => {
    const { timeline } = payment();
    const busy = new Playback(timeline);
    busy.setSlowness(100, 11_240);
    expect(busy.time(11_240)).toBe(11_040);
    const past = new Playback(timeline);
    past.show(10_500, 12_000);
    past.setSlowness(100, 12_000);
    expect(past.time(12_000)).toBe(10_500);
  });

  it('leaves out stretches without messages, and waits for the next message', () => {
    const traffic = payment();
    const playback = new Playback(traffic.timeline);
    playback.show(10_000, 20_000);
    playback.setSlowness(100, 20_000);
    // 40 ms of messages, then 8 ms of the pause.
    expect(run(playback, 20_000, 24_700)).toBeCloseTo(10_047, 0);
    expect(run(playback, 24_710, 25_600)).toBeCloseTo(11_040, 0);
    expect(playback.isWaiting).toBe(false);
    run(playback, 25_600, 30_000);
    expect([playback.time(30_000), playback.isWaiting]).toEqual([11_058, true]);
    expect(playback.time(40_000)).toBe(11_058);
    traffic.send(40_000, 'b', 'a', 10);
    // It is shown once it has happened for long enough.
    run(playback, 40_010, 40_190);
    expect(playback.time(40_190)).toBe(39_990);
    expect(run(playback, 40_200, 41_000)).toBeCloseTo(40_000, 0);
    expect(playback.isWaiting).toBe(false);
  });

  it('shows what it left out at its axis', () => {
    const playback = new Playback(payment().timeline);
    playback.show(10_000, 20_000);
    playback.setSlowness(100, 20_000);
    const axis = playback.axis(20_000);
    expect([axis.span, axis.shareOf(10_000)]).toEqual([200, 0.75]);
    expect(axis.folds).toContainEqual({ from: 10_048, to: 11_032 });
    // At its usual width it has no folds.
    playback.live();
    expect(playback.axis(20_000)).toMatchObject({ span: 20_000, from: 800, folds: [] });
    expect(playback.axis(20_000).shareOf(19_800)).toBe(0.95);
  });
});

describe('a replay', () => {
  it('shows a journey in some seconds, and stands still at its end', () => {
    const playback = new Playback(payment().timeline);
    expect(playback.play('tx', 20_000)).toBe(true);
    expect(playback.slowness).toBe(100);
    const { span } = playback;
    expect(span).toBeCloseTo(40 / 0.88, 3);
    expect(playback.time(20_000)).toBeCloseTo(10_000 - 0.04 * span);
    const axis = playback.axis(20_000);
    expect([axis.shareOf(10_000), axis.shareOf(10_040)].map((share) => share.toFixed(2))).toEqual(['0.06', '0.94']);
    expect(run(playback, 20_000, 22_000)).toBeCloseTo(10_020 - 0.04 * span);
    // The axis does not move meanwhile.
    expect(playback.axis(22_000).from).toBe(axis.from);
    expect([run(playback, 22_000, 25_000), playback.slowness, playback.replay?.hasEnded]).toEqual([10_040, 0, true]);
    expect([playback.time(90_000), playback.isLive, playback.pace]).toEqual([10_040, false, 100]);
    // Once more.
    playback.toggle(90_000);
    expect([playback.slowness, playback.time(90_000) < 10_000, playback.replay?.hasEnded]).toEqual([100, true, false]);
    playback.toggle(91_000);
    expect([playback.slowness, playback.replay?.hasEnded]).toEqual([0, false]);
    playback.toggle(95_000);
    expect(playback.slowness).toBe(100);
    run(playback, 95_000, 100_000);
    // From a moment in its middle it goes on as slowly.
    playback.show(10_020, 100_000);
    expect([playback.replay?.hasEnded, playback.pace]).toEqual([false, 100]);
    playback.toggle(100_000);
    expect([playback.time(101_000), playback.replay?.hasEnded]).toEqual([10_030, false]);
    playback.live();
    expect([playback.replay, playback.span, playback.pace]).toEqual([undefined, 20_000, 1]);
  });

  it('goes on while the journey does', () => {
    const traffic = payment();
    const playback = new Playback(traffic.timeline);
    playback.play('tx', 20_000);
    run(playback, 20_000, 22_000);
    traffic.send(10_050, 'b', 'c', 50, { command: 'inv', hashes: ['tx'] });
    run(playback, 22_000, 26_000);
    expect(playback.replay).toMatchObject({ hasEnded: false, journey: { to: 10_100 } });
    expect(run(playback, 26_000, 60_000)).toBe(10_100);
  });

  it('is left out of by another speed, and cannot show what is forgotten', () => {
    const playback = new Playback(payment().timeline);
    expect([playback.play('unknown', 20_000), playback.isLive]).toEqual([false, true]);
    playback.play('tx', 20_000);
    playback.setSlowness(10, 20_000);
    expect([playback.replay, playback.span]).toEqual([undefined, 2_000]);
  });
});

describe('the zoom', () => {
  it('is about the pointer while the display stands still', () => {
    const playback = new Playback(payment().timeline);
    playback.show(19_000, 20_000);
    const before = playback.axis(20_000);
    const share = before.shareOf(10_020);
    playback.zoom(0.5, 20_000, share);
    const after = playback.axis(20_000);
    expect([after.span, playback.time(20_000)]).toEqual([10_000, 19_000]);
    expect(after.shareOf(10_020)).toBeCloseTo(share);
    // The moment shown may be outside.
    for (let i = 0; i < 9; i++) playback.zoom(0.5, 20_000, share);
    expect(playback.axis(20_000).shareOf(10_020)).toBeCloseTo(share);
    expect(playback.axis(20_000).shareOf(19_000)).toBeGreaterThan(1);
    for (let i = 0; i < 60; i++) playback.zoom(2, 20_000, 0.3);
    expect(playback.span).toBe(300_000);
    for (let i = 0; i < 60; i++) playback.zoom(0.5, 20_000, 0.3);
    expect(playback.span).toBe(1);
  });

  it('keeps a live display at its moment without a pointer, and stops it with one', () => {
    const playback = new Playback(payment().timeline);
    playback.zoom(0.01, 20_000);
    expect([playback.isLive, playback.span]).toEqual([true, 200]);
    // What was last stays in sight: nothing has happened since.
    const axis = playback.axis(20_000);
    expect(axis.shareOf(19_800)).toBe(0.95);
    expect(axis.shareOf(11_050)).toBeCloseTo(0.95 - 0.04);
    playback.zoom(0.5, 20_000, 0.5);
    expect([playback.isLive, playback.slowness, playback.time(30_000)]).toEqual([false, 0, 19_800]);
  });

  it('does not stop a replay, which is then shown page by page', () => {
    const playback = new Playback(payment().timeline);
    playback.play('tx', 20_000);
    playback.zoom(0.25, 20_000, 0.06);
    const first = playback.axis(20_000);
    const time = run(playback, 20_000, 22_500);
    expect(first.shareOf(time)).toBeGreaterThan(1);
    expect(playback.axis(22_500).shareOf(time)).toBeCloseTo(0.06);
    expect(playback.axis(22_500).from).toBeGreaterThan(first.from);
  });

  it('slows what is shown next', () => {
    const playback = new Playback(payment().timeline);
    playback.show(19_000, 20_000);
    expect(playback.pace).toBe(1);
    playback.zoom(0.01, 20_000, 0.5);
    playback.show(19_000, 20_000);
    expect(playback.pace).toBe(100);
  });
});
