import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContextOptions, chromium as launcher, type Page } from 'playwright-core';
import { chromiumFlags } from './chromium.ts';
import { chromium } from './oracles.ts';

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** The live page of a network in headless Chromium, and what goes wrong in it. */
export class LivePage {
  readonly page: Page;
  /** Errors on the console, exceptions, and requests to other hosts. */
  readonly errors: string[] = [];
  readonly #browser: Browser;

  private constructor(browser: Browser, page: Page, origin: string) {
    this.#browser = browser;
    this.page = page;
    page.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(message.text());
    });
    page.on('pageerror', ({ message }) => this.errors.push(message));
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(origin) && !url.startsWith('data:')) this.errors.push(`a request to ${url}`);
    });
  }

  /** Opens the page at an address with the token. */
  static async open(link: string, options: BrowserContextOptions = {}): Promise<LivePage> {
    const browser = await launcher.launch({ executablePath: chromium!, args: [...chromiumFlags] });
    try {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-US', ...options });
      const page = new LivePage(browser, await context.newPage(), new URL(link).origin);
      await page.page.goto(link);
      return page;
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  /** Returns the rules of accessibility that the page breaks, with the elements that do. */
  async violations(): Promise<string[]> {
    // The page's policy rules out scripts in its document: this one is run by the debugger.
    await this.page.evaluate(readFileSync(axePath, 'utf8'));
    const found = await this.page.evaluate(async () => {
      const { violations } = await (
        globalThis as unknown as {
          axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
        }
      ).axe.run();
      return violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)] as const);
    });
    return found.map(([id, elements]) => `${id}: ${elements.slice(0, 3).join(' ')}`);
  }

  close(): Promise<void> {
    return this.#browser.close();
  }
}
