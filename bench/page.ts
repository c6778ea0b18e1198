import { existsSync } from 'node:fs';
import { NetworkControl } from 'pier/control';
import { type CDPSession, chromium, type Page } from 'playwright-core';
import { median } from './median.ts';
import { SyntheticNetwork } from './synthetic-network.ts';

const NODES = 50;
/** Transactions a second. */
const RATE = 200;
/** Seconds before the first measurement: the page has loaded and its code is compiled. */
const WARM_UP = 5;
/** Milliseconds between two looks at the page. */
const SAMPLE_MS = 1_000;
/** Parts of the time, at whose ends the heap is measured. */
const PARTS = 12;
const MIN_FRAMES = 30;
/** Milliseconds to the first contentful paint at most, on loopback. */
const MAX_PAINT = 1_000;
/** Seconds of the past that the page keeps. */
const KEPT_SECONDS = 300;
/** Last heap by the first when all of that is kept, at most. */
const MAX_GROWTH = 1.1;
const PATHS = [process.env.PIER_CHROMIUM ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser'];

/** What the page counts, between two looks. */
interface Counts {
  readonly frames: number;
  /** How often the stage and the diagram were drawn. */
  readonly stage: number;
  readonly diagram: number;
  /** Milliseconds of the longest task and of the longest time between two frames. */
  readonly longestTask: number;
  readonly longestFrame: number;
  /** What the page says that it leaves out; empty if it says nothing. */
  readonly undrawn: string;
}

interface Sample extends Counts {
  readonly seconds: number;
  /** Seconds since the last look. */
  readonly length: number;
  /** Milliseconds of a processor that the main thread used. */
  readonly busy: number;
  /** Bytes of the JavaScript heap that are in use after a collection; undefined if none was made. */
  readonly heap: number | undefined;
}

/**
 * Opens the live page in headless Chromium on the events of fifty nodes with 200 transactions a second, and prints frames a
 * second, the longest block of the main thread, the heap over time, what the page says that it leaves out, and the first
 * contentful paint. Sets the exit code if a target is missed.
 */
export async function benchPage({ seconds }: { readonly seconds: number }): Promise<void> {
  console.log(`page: the events of ${NODES} nodes, ${RATE} transactions a second, for ${seconds} s`);
  const network = new SyntheticNetwork({ nodes: NODES, rate: RATE, hasMessages: true });
  const control = await NetworkControl.start(network.asNetwork, { name: 'bench', port: 0 });
  const executablePath = PATHS.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error('Chromium is absent: set PIER_CHROMIUM to its path');
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, locale: 'en-US' });
  await page.addInitScript(count);
  await page.goto(`${control.url.replace('ws:', 'http:')}#token=${control.token}`);
  await page
    .locator('button.node')
    .nth(NODES - 1)
    .waitFor();
  const paint = await page.evaluate(
    () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.POSITIVE_INFINITY,
  );
  const session = await page.context().newCDPSession(page);
  const running = network.run(seconds + WARM_UP);
  const samples = await watch(page, session, seconds);
  await running;
  await browser.close();
  await control.close();
  if (![printPaint(paint), printFrames(samples), printHeap(samples)].every(Boolean)) process.exitCode = 1;
}

/** Runs in the page before its own scripts: counts frames, draws of its canvases, and long tasks. */
function count(): void {
  const counts = { frames: 0, stage: 0, diagram: 0, longestTask: 0, longestFrame: 0 };
  Object.assign(globalThis, { counts });
  let last = performance.now();
  requestAnimationFrame(function next(now) {
    counts.frames++;
    counts.longestFrame = Math.max(counts.longestFrame, now - last);
    last = now;
    requestAnimationFrame(next);
  });
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) counts.longestTask = Math.max(counts.longestTask, duration);
  }).observe({ entryTypes: ['longtask'] });
  // Both drawings begin with it.
  const { clearRect } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.clearRect = function (...args) {
    if (this.canvas.closest?.('.stage')) counts.stage++;
    if (this.canvas.closest?.('.diagram')) counts.diagram++;
    clearRect.apply(this, args);
  };
}

async function watch(page: Page, session: CDPSession, seconds: number): Promise<Sample[]> {
  const look = () =>
    page.evaluate(() => {
      const { counts } = globalThis as unknown as { counts: Record<string, number> };
      const undrawn = [...document.querySelectorAll('.undrawn')].map((each) => each.textContent).join(' · ');
      const seen = { ...counts, undrawn, at: performance.now() };
      for (const name of Object.keys(counts)) counts[name] = 0;
      return seen as unknown as Counts & { readonly at: number };
    });
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const busyTime = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return 1_000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0);
  };
  await page.waitForTimeout(WARM_UP * 1_000);
  let wasBusy = await busyTime();
  const start = await look();
  let last = start.at;
  const samples: Sample[] = [];
  while ((last - start.at) / 1_000 < seconds) {
    await page.waitForTimeout(SAMPLE_MS);
    const { at, ...counts } = await look();
    const isBusy = await busyTime();
    const busy = isBusy - wasBusy;
    wasBusy = isBusy;
    const elapsed = (at - start.at) / 1_000;
    const part = Math.floor((elapsed / seconds) * PARTS);
    const isMeasured = part > samples.filter(({ heap }) => heap !== undefined).length;
    const heap = isMeasured ? await heapAfterCollection(session) : undefined;
    samples.push({ ...counts, busy, seconds: elapsed, length: (at - last) / 1_000, heap });
    last = at;
    if (!isMeasured) continue;
    // The collection is no work of the page.
    last = (await look()).at;
    wasBusy = await busyTime();
  }
  return samples;
}

async function heapAfterCollection(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage');
  return (await session.send('Runtime.getHeapUsage')).usedSize;
}

function printPaint(paint: number): boolean {
  console.log(`  first contentful paint ${paint.toFixed(0)} ms   target: below ${MAX_PAINT} ms`);
  return paint < MAX_PAINT;
}

function printFrames(samples: readonly Sample[]): boolean {
  const rates = (of: (sample: Sample) => number) => samples.map((sample) => of(sample) / sample.length);
  const frames = rates((each) => each.frames);
  const text = (values: readonly number[]) =>
    `${median(values).toFixed(0)} (${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)})`;
  console.log(`  frames a second ${text(frames)}   target: at least ${MIN_FRAMES}, or it says what it leaves out`);
  console.log(`  draws a second: network ${text(rates((each) => each.stage))}`);
  console.log(`  draws a second: messages over time ${text(rates((each) => each.diagram))}`);
  console.log(`  the main thread is busy for ${text(rates((each) => each.busy))} ms of a second`);
  const longest = (of: (sample: Sample) => number) => Math.max(...samples.map(of)).toFixed(0);
  console.log(`  longest task ${longest((each) => each.longestTask)} ms`);
  console.log(`  longest time between two frames ${longest((each) => each.longestFrame)} ms`);
  const saying = samples.filter(({ undrawn }) => undrawn !== '');
  const said = `${saying.length} of ${samples.length} looks`;
  console.log(`  says what it leaves out at ${said}: ${saying.at(-1)?.undrawn ?? 'nothing'}`);
  return median(frames) >= MIN_FRAMES || saying.length > samples.length / 2;
}

/** Prints the heap after collections. Returns whether it is flat. */
function printHeap(samples: readonly Sample[]): boolean {
  const heaps = samples.flatMap(({ seconds, heap }) => (heap === undefined ? [] : [{ seconds, heap }]));
  for (const { seconds, heap } of heaps) {
    console.log(`  ${seconds.toFixed(0).padStart(5)} s   heap ${(heap / 2 ** 20).toFixed(1).padStart(6)} MB`);
  }
  // What the page keeps is full after its five minutes; a shorter run has no such phase.
  const full = heaps.filter(({ seconds }) => seconds >= KEPT_SECONDS).map(({ heap }) => heap);
  if (full.length < 2) return true;
  const growth = full.at(-1)! / full[0]!;
  console.log(`  last heap by the first after ${KEPT_SECONDS} s: ${growth.toFixed(2)}   target: at most ${MAX_GROWTH}`);
  return growth <= MAX_GROWTH;
}
